/** What a server's etcd member, its backups and its ways to the other servers mean. Pure; used by the composition root. */
import { spanOf } from './age.ts';
import { atMost, type Check, check } from './doctor-shapes.ts';

/** As store/etcd-figures.ts has it; this column may not look there. */
export interface StoreFigures {
  readonly unhealthy: string;
  readonly version: string;
  readonly hasLeader: boolean;
  readonly dbBytes: number;
  readonly dbBytesInUse: number;
  readonly quotaBytes: number;
  readonly fsyncP99Ms: number | undefined;
  readonly alarms: readonly string[];
}

const mib = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;

/** Of one member. */
export function etcdChecks(figures: StoreFigures): Check[] {
  const { unhealthy, version, hasLeader, dbBytes, dbBytesInUse, quotaBytes, fsyncP99Ms, alarms } = figures;
  const isWell = unhealthy === '' && hasLeader;
  const why = hasLeader ? unhealthy : 'it knows no leader: most servers are down or cannot be reached';
  const filled = quotaBytes === 0 ? 0 : (dbBytes / quotaBytes) * 100;
  const size = `${mib(dbBytes)} of ${mib(quotaBytes)}, ${mib(dbBytesInUse)} in use`;
  return [
    check(
      'etcd',
      isWell ? 'ok' : 'bad',
      isWell ? `serves, version ${version}` : why,
      'skep status   # which servers answer; for good: skep server recover --help',
    ),
    check(
      'etcd.size',
      atMost(filled, { warn: 60, bad: 85 }),
      size,
      'ETCDCTL_API=3 etcdctl --endpoints HOST:7401 defrag   # one server after the other',
    ),
    fsyncCheck(fsyncP99Ms),
    check(
      'etcd.alarms',
      alarms.length === 0 ? 'ok' : 'bad',
      alarms.length === 0 ? 'none' : alarms.join(', '),
      'free the cause (NOSPACE: defrag), then: ETCDCTL_API=3 etcdctl --endpoints HOST:7401 alarm disarm',
    ),
  ];
}

/** Buckets double: 8 ms, 16 ms, 32 ms. Above an election's time of one second nothing holds. */
function fsyncCheck(p99Ms: number | undefined): Check {
  if (p99Ms === undefined) return check('etcd.fsync', 'ok', 'too few writes yet to tell');
  const value = `99 of 100 writes are durable within ${p99Ms.toFixed(0)} ms`;
  return check(
    'etcd.fsync',
    atMost(p99Ms, { warn: 33, bad: 260 }),
    value,
    'a faster disk for the data folder, or fewer neighbours on it: iostat -x 5',
  );
}

export interface BackupFacts {
  readonly folder: string;
  /** 0: none by itself. */
  readonly everyMs: number;
  readonly newestAt: number | undefined;
  readonly count: number;
  /** Names of files that cannot be restored. */
  readonly broken: readonly string[];
}

/** Two periods without one are one too many; the first is made within minutes of the server's start. */
export function backupChecks(
  { folder, everyMs, newestAt, count, broken }: BackupFacts,
  now: number,
): Check[] {
  const isOff = everyMs === 0;
  const remedy = isOff
    ? 'set backups.everyMinutes in /etc/skep/agent.yaml'
    : 'skep backup save; skep events   # says why there is none';
  const isLate = newestAt === undefined || (!isOff && now - newestAt > 2.5 * everyMs);
  const value =
    newestAt === undefined
      ? `none in ${folder}`
      : `${count}, the newest ${spanOf(now - newestAt)} old, in ${folder}${isOff ? '; none is made by itself' : ''}`;
  const checks = [check('backups', isLate || isOff ? 'warn' : 'ok', value, remedy)];
  if (broken.length > 0) {
    checks.push(check('backups.broken', 'warn', broken.join(', '), `skep backup rm ${broken[0] ?? ''}`));
  }
  return checks;
}

export interface Reach {
  /** Whom, and which of its ports: `host-b api`. */
  readonly what: string;
  readonly address: string;
  /** Why it cannot be reached; '' when it can. */
  readonly problem: string;
}

/** One check for all ways that work, one for each that does not. */
export function reachChecks(ways: readonly Reach[]): Check[] {
  const bad = ways.filter(({ problem }) => problem !== '');
  if (bad.length === 0) {
    const value = ways.length === 0 ? 'no other host to reach' : `${ways.length} of ${ways.length} answer`;
    return [check('ports', 'ok', value)];
  }
  return bad.map(({ what, address, problem }) => {
    const [host = '', port = ''] = address.split(/:(?=\d+$)/);
    return check(
      'ports',
      'bad',
      `${what} at ${address}: ${problem}`,
      `does it run, and may port ${port} pass? nc -vz ${host} ${port}`,
    );
  });
}
