/**
 * The command line of a supervised etcd, as data: what etcd/supervisor.ts starts, and which differences of a
 * living one are worth a restart. Options are those of etcd 3.4, the oldest that Debian 12 ships; DESIGN.md
 * sections 2.1, 3 and 4 ask for them.
 */
import { defaults } from '../../model/defaults.ts';

export interface EtcdMemberConfig {
  /** The server's name; etcd's `--name`. */
  readonly name: string;
  /** Skep's folder for this member; etcd's own data lie in `data/` below it. */
  readonly dataDir: string;
  /** `http://address:port`; listened on and advertised. */
  readonly clientUrl: string;
  readonly peerUrl: string;
  /** `name=peerUrl,…`; read by etcd only while the data folder is empty. */
  readonly initialCluster: string;
  readonly initialClusterState: 'new' | 'existing';
  readonly clusterToken: string;
  /** Makes this member the only one, whatever its data say: after the loss of the majority, once. */
  readonly forceNewCluster?: boolean;
  /** Without it etcd speaks plain HTTP: loopback only. */
  readonly tls?: EtcdTls | undefined;
}

/** Files of etcd's certificate: etcd reads them again at each handshake, so renewing them needs no restart. */
export interface EtcdTls {
  /** The store's own authority. */
  readonly caFile: string;
  /** Certificate and key in one file, so that both are replaced in one step. */
  readonly pairFile: string;
  /** Certificates that count no more, DER; both ports look at it at each handshake. Absent: there are none. */
  readonly crlFile?: string | undefined;
}

/** etcd's own folder; apart from ours, because it warns about every file that it does not know. */
export const etcdDataFolder = (dataDir: string): string => `${dataDir}/data`;

const mib = 1024 * 1024;

const tuning = [
  `--heartbeat-interval=${defaults.etcdHeartbeatMs}`,
  `--election-timeout=${defaults.etcdElectionMs}`,
  // A member that comes back after a pause must not unseat a leader that works.
  '--pre-vote=true',
  '--strict-reconfig-check=true',
  // One commit of the brain carries thousands of placements.
  '--max-txn-ops=20000',
  `--max-request-bytes=${10 * mib}`,
  `--quota-backend-bytes=${8 * 1024 * mib}`,
  // Watches that resume later than this take a new snapshot.
  '--auto-compaction-mode=periodic',
  '--auto-compaction-retention=5m',
  // etcd keeps this many entries in memory; ours are up to 10 MB each, so a tenth of its default.
  '--snapshot-count=10000',
  '--enable-v2=false',
  '--logger=zap',
  '--log-outputs=stderr',
];

/** Every option, one word each, in a stable order. */
export function etcdArgs(config: EtcdMemberConfig): string[] {
  return [
    `--name=${config.name}`,
    `--data-dir=${etcdDataFolder(config.dataDir)}`,
    `--listen-client-urls=${config.clientUrl}`,
    `--advertise-client-urls=${config.clientUrl}`,
    `--listen-peer-urls=${config.peerUrl}`,
    `--initial-advertise-peer-urls=${config.peerUrl}`,
    `--initial-cluster=${config.initialCluster}`,
    `--initial-cluster-state=${config.initialClusterState}`,
    `--initial-cluster-token=${config.clusterToken}`,
    ...tlsArgs(config.tls),
    ...tuning,
    ...(config.forceNewCluster === true ? ['--force-new-cluster=true'] : []),
  ];
}

/**
 * etcd 3.4 cannot be told to refuse TLS 1.2. But which ciphers of 1.2 it takes can: this one alone, which HTTP/2 wants
 * to be there, is for RSA keys, and ours are of elliptic curves. So no handshake of 1.2 ends well, and those of 1.3,
 * whose ciphers are not chosen, do.
 */
const cipherOfNobody = 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256';

/** Both ends show certificates of the store's authority, on both ports, and speak TLS 1.3. */
function tlsArgs(tls: EtcdTls | undefined): string[] {
  if (tls === undefined) return [];
  const sides = ['', 'peer-'].flatMap((side) => [
    `--${side}cert-file=${tls.pairFile}`,
    `--${side}key-file=${tls.pairFile}`,
    `--${side}trusted-ca-file=${tls.caFile}`,
    `--${side}client-cert-auth=true`,
    ...(tls.crlFile === undefined ? [] : [`--${side === '' ? 'client-' : side}crl-file=${tls.crlFile}`]),
  ]);
  return [...sides, `--cipher-suites=${cipherOfNobody}`];
}

/** Options that etcd reads only when it makes its data folder: a member that runs is past them. */
const onlyAtBirth = ['--initial-cluster=', '--initial-cluster-state=', '--initial-cluster-token='];

/** The options in which a living etcd differs from the wanted one and that a restart would change. */
export function argsThatDiffer(living: readonly string[], wanted: readonly string[]): string[] {
  const matters = (arg: string): boolean => !onlyAtBirth.some((prefix) => arg.startsWith(prefix));
  const nameOf = (arg: string): string => arg.split('=', 1)[0] ?? arg;
  const missing = wanted.filter((arg) => matters(arg) && !living.includes(arg));
  const extra = living.filter((arg) => matters(arg) && !wanted.includes(arg));
  return [...new Set([...missing, ...extra].map(nameOf))];
}
