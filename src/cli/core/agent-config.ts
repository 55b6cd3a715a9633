/**
 * What an agent is told by its file and flags, checked. The file is YAML (docs/configuration.md); flags win
 * over it. Pure: reading the file and finding line numbers is run/agent-config-file.ts.
 */
import { z } from 'zod';
import { defaultPorts } from '../../model/defaults.ts';
import { cellIdSchema } from '../../model/ids.ts';
import { labelNameSchema } from '../../model/placement.ts';

const port = z
  .number()
  .int('must be a whole number')
  .min(1, 'must be 1 to 65535')
  .max(65_535, 'must be 1 to 65535');
const absolutePath = z.string().startsWith('/', 'must be an absolute path');
const mebibytes = z.number().int('must be a whole number of MiB').min(1, 'must be 1 or more');

const ipv4 = z.string().regex(/^(\d{1,3})(\.\d{1,3}){3}$/, 'must be an IPv4 address');

const isLoopback = (address: string): boolean => address.startsWith('127.');

const hostAndPort = z
  .string()
  .regex(/^[a-zA-Z0-9.-]+:\d{1,5}$/, 'must be ADDRESS:PORT, for example 127.0.0.1:7400');

const tags = z
  .array(z.string().min(1, 'must not be empty').max(128))
  .max(64, 'may hold at most 64')
  .default([]);

const cellSchema = z.strictObject({
  enabled: z.boolean().default(true),
  zone: z.string().min(1, 'must not be empty').max(128).default('default'),
  /** What `--spread-by` may name: `{rack: r3}`. */
  labels: z.record(labelNameSchema, z.string().max(128)).default({}),
  /** Only work that asks for all of these comes here … */
  requiredTags: tags,
  /** … and work may ask for these. */
  optionalTags: tags,
  /** Instead of what the host has, less a tenth (of memory at least 256 MiB). */
  memoryMb: mebibytes.optional(),
  diskMb: mebibytes.optional(),
  containers: z.number().int().min(1, 'must be 1 or more').max(10_000).default(250),
  /** What each container costs the host beside its own limit: the engine's shim, sidecars. */
  overheadMemoryMb: z
    .number()
    .int('must be a whole number of MiB')
    .min(0, 'must be 0 or more')
    .max(65_536)
    .default(0),
  hostPorts: z
    .strictObject({ from: port.default(20_000), to: port.default(29_999) })
    .refine((range) => range.from <= range.to, { message: '"from" must not be above "to"' })
    .prefault({}),
  allowPrivileged: z.boolean().default(false),
  /** Whether admins who have console too may open a shell on the host itself. */
  hostShell: z.boolean().default(false),
});

const backupsSchema = z.strictObject({
  /** 0: none by itself. */
  everyMinutes: z
    .number()
    .int('must be a whole number of minutes')
    .min(0, 'must be 0 or more')
    .max(10_080, 'must be at most a week: 10080')
    .default(60),
  newest: z.number().int().min(1, 'must be 1 or more').max(1_000).default(24),
  days: z.number().int().min(0, 'must be 0 or more').max(366).default(7),
});

export const agentConfigSchema = z.strictObject({
  name: cellIdSchema,
  dataDir: absolutePath.default('/var/lib/skep'),
  socket: absolutePath.default('/run/skep/skep.sock'),
  address: ipv4.default('127.0.0.1'),
  /** Plain HTTP instead of TLS, on loopback only: for trying things out on one machine. */
  insecure: z.boolean().default(false),
  /** What members of the group skep may do through the local socket; root may everything. */
  socketRoles: z
    .array(z.enum(['viewer', 'operator', 'admin', 'console']))
    .max(4)
    .default(['operator', 'console']),
  /** Holds the join token of a host that has no certificate yet; `-`: standard input. */
  tokenFile: z.string().min(1, 'must not be empty').optional(),
  ports: z
    .strictObject({
      api: port.default(defaultPorts.api),
      etcdClient: port.default(defaultPorts.etcdClient),
      etcdPeer: port.default(defaultPorts.etcdPeer),
    })
    .refine((ports) => new Set(Object.values(ports)).size === 3, { message: 'must differ from each other' })
    .prefault({}),
  /** `auto`: a cell that the cluster may make a server, and that founds one when it joins none. */
  server: z.union([z.boolean(), z.literal('auto')], { error: 'must be true, false or auto' }).default(true),
  join: z.array(hostAndPort).max(7, 'must name at most 7 servers').default([]),
  etcdEndpoints: z
    .array(z.string().regex(/^https?:\/\/[^/\s]+$/, 'must be like https://10.0.0.5:2379'))
    .max(7)
    .default([]),
  /** PEM files, read again when they change. */
  etcdTls: z
    .strictObject({
      caFile: absolutePath,
      certFile: absolutePath.optional(),
      keyFile: absolutePath.optional(),
    })
    .refine(({ certFile, keyFile }) => (certFile === undefined) === (keyFile === undefined), {
      message: 'needs "certFile" and "keyFile" together',
    })
    .optional(),
  etcdBinary: absolutePath.optional(),
  dockerHost: z
    .string()
    .regex(/^(unix:\/\/\/|tcp:\/\/)/, 'must begin with unix:/// or tcp://')
    .optional(),
  cell: cellSchema.prefault({}),
  /** Of a server: `backups/` in the data folder. */
  backups: backupsSchema.prefault({}),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  /** Write down what the brain decides and why, from the start: run/explain.ts. */
  explain: z.boolean().default(false),
  /** Where `GET /metrics` answers besides a server's API; nowhere unless told. */
  metricsListen: hostAndPort
    .refine(isLoopback, {
      message: 'must be on a loopback address, such as 127.0.0.1:7409: metrics are served without TLS',
    })
    .optional(),
});

type Settings = z.infer<typeof agentConfigSchema>;
export interface AgentConfig extends Omit<Settings, 'server'> {
  /** Whether it is a server now: what the settings say, until the cluster has said otherwise. */
  readonly server: boolean;
  /** As it is set. */
  readonly serverSetting: Settings['server'];
}
export type AgentConfigInput = z.input<typeof agentConfigSchema>;

/** One thing that is wrong, and where in the file's structure. */
export interface ConfigProblem {
  readonly path: readonly PropertyKey[];
  readonly reason: string;
}

export type CheckedConfig =
  | { readonly ok: true; readonly config: AgentConfig }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** Checks a whole configuration and lists everything that is wrong with it. */
export function checkAgentConfig(input: unknown): CheckedConfig {
  const parsed = agentConfigSchema.safeParse(input);
  if (!parsed.success) return { ok: false, problems: parsed.error.issues.flatMap(problemsOf) };
  const { server: serverSetting, ...rest } = parsed.data;
  const server = serverSetting === 'auto' ? rest.join.length === 0 : serverSetting;
  const config = { ...rest, server, serverSetting };
  const together = contradictions(config);
  return together.length === 0 ? { ok: true, config } : { ok: false, problems: together };
}

function problemsOf(issue: z.core.$ZodIssue): ConfigProblem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...issue.path, key], reason: 'is not a known setting' }));
  }
  if (issue.code === 'invalid_type') {
    return [{ path: issue.path, reason: `must be ${article(issue.expected)} ${issue.expected}` }];
  }
  return [{ path: issue.path, reason: issue.message }];
}

function article(word: string): string {
  return /^[aeiou]/.test(word) ? 'an' : 'a';
}

/** Settings that are each fine and together make no sense. */
function contradictions(config: AgentConfig): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  if (!config.server && !config.cell.enabled) {
    problems.push({
      path: ['cell', 'enabled'],
      reason: 'must be true when "server" is false: nothing would run',
    });
  }
  if (!config.server && config.join.length === 0) {
    problems.push({
      path: ['join'],
      reason: 'must name a server when "server" is false, for example [127.0.0.1:7400]',
    });
  }
  // Without TLS nothing of Skep may be reachable from outside: the API can run anything as root on the host.
  if (config.insecure && !isLoopback(config.address)) {
    problems.push({
      path: ['address'],
      reason:
        'must be a loopback address (127.x.y.z) with "insecure": the API may not be reachable from outside without TLS',
    });
  }
  if (!config.server && config.explain) {
    problems.push({ path: ['explain'], reason: 'is only for servers, and "server" is false' });
  }
  if (!config.server && config.etcdEndpoints.length > 0) {
    problems.push({ path: ['etcdEndpoints'], reason: 'is only for servers, and "server" is false' });
  }
  return [...problems, ...outsideEtcdProblems(config)];
}

/** Whoever reads or writes the store can do anything on every host: it is spoken to over TLS, or not over a network. */
function outsideEtcdProblems({ etcdEndpoints, etcdTls, insecure }: AgentConfig): ConfigProblem[] {
  const plain = etcdEndpoints.filter((endpoint) => endpoint.startsWith('http://'));
  const secure = etcdEndpoints.length - plain.length;
  const far = plain.find((endpoint) => !isLocalHost(endpoint.replace(/^http:\/\//, '').replace(/:\d+$/, '')));
  if (far !== undefined && !insecure) {
    const reason = `must be https:// for ${far}: plain HTTP is for loopback; use https:// with "etcdTls.caFile", or "insecure: true"`;
    return [{ path: ['etcdEndpoints'], reason }];
  }
  if (secure > 0 && plain.length > 0)
    return [{ path: ['etcdEndpoints'], reason: 'must be all https:// or all http://' }];
  if (secure > 0 && etcdTls === undefined) {
    const reason =
      'must name the authority of the etcd in "etcdEndpoints": etcdTls: {caFile: /etc/skep/etcd-ca.pem}';
    return [{ path: ['etcdTls'], reason }];
  }
  if (secure === 0 && etcdTls !== undefined)
    return [{ path: ['etcdTls'], reason: 'is only for "etcdEndpoints" that begin with https://' }];
  return [];
}

const isLocalHost = (host: string): boolean => isLoopback(host) || host === 'localhost' || host === '[::1]';
