/** A host that runs containers: what it says of itself while its lease lives. */
import { z } from 'zod';
import { cellIdSchema } from './ids.ts';
import { resourcesSchema } from './resources.ts';

export const defaultZone = 'default';

export const cellPresenceSchema = z.object({
  v: z.literal(1),
  cellId: cellIdSchema,
  /** Drawn anew each time the agent starts. */
  bootId: z.string().min(1),
  zone: z.string().min(1).max(128).default(defaultZone),
  /** What may be promised to workloads: the host's own, less the reserve. */
  capacity: resourcesSchema,
  /** MiB of memory that each container costs the host beside its own limit; absent: none. */
  overheadMemoryMb: z.number().int().min(0).optional(),
  /** Set by the host's operator: `rack: r7`. */
  labels: z.record(z.string(), z.string()).default({}),
  /** Placement tags: work without them never comes here … */
  requiredTags: z.array(z.string()).default([]),
  /** … and work with these may. */
  optionalTags: z.array(z.string()).default([]),
  volumeDrivers: z.array(z.string()).default([]),
  /** OCI runtimes of the engine. */
  runtimes: z.array(z.string()).default([]),
  os: z.string(),
  arch: z.string(),
  /** Where host ports are reached. */
  address: z.string(),
  version: z.string(),
  /** False while the container engine does not answer: nothing new is placed here. */
  engine: z.object({ ok: z.boolean(), name: z.string(), reason: z.string().optional() }),
  /** Whether this host could be a server (`reason`: why not) and whether it is; absent: its agent is older. */
  serving: z.object({ can: z.boolean(), is: z.boolean(), reason: z.string().optional() }).optional(),
  /** Whether its own settings let operators open a shell on the host itself; absent: they do not. */
  hostShell: z.boolean().optional(),
  registeredAt: z.number(),
  /** What this record lives under, written by the server that granted it: the only lease that this cell may extend. */
  leaseId: z.string().optional(),
});
export type CellPresence = Readonly<z.infer<typeof cellPresenceSchema>>;

/** A group of LRPs whose source of truth is fresh or not: reference/diego.md 1.18. */
export const domainSchema = z.object({
  v: z.literal(1),
  name: z.string(),
  /** 0 never expires; otherwise the record lives under a lease of that many seconds. */
  ttlSeconds: z.number().int().min(0),
  updatedAt: z.number(),
});
export type Domain = Readonly<z.infer<typeof domainSchema>>;

/** Who leads. The revision of this record is the fencing token. */
export const leaderSchema = z.object({
  v: z.literal(1),
  /** The server's name, which is its cell id too. */
  server: z.string(),
  raftTerm: z.number().int(),
  since: z.number(),
});
export type Leader = Readonly<z.infer<typeof leaderSchema>>;

/** Where the API of one server answers; written by the server itself, so that cells can dial all of them. */
export const serverSchema = z.object({
  v: z.literal(1),
  server: z.string(),
  /** `host:port`. */
  apiAddress: z.string(),
  /** The raft member, as etcd spells it. */
  memberId: z.string(),
  version: z.string(),
  startedAt: z.number(),
});
export type ServerRecord = Readonly<z.infer<typeof serverSchema>>;
