/** The servers as operators see and change them; shared by both ends of the API. */
import { z } from 'zod';
import { brainSettingsSchema } from '../../model/cell-spec.ts';
import { quorumSchema } from '../../model/quorum.ts';

const { change, next, last } = quorumSchema.shape;
const { autoServers, wantedServers, serverReplaceAfterMs } = brainSettingsSchema.shape;

export const serverRowSchema = z.object({
  server: z.string(),
  role: z.enum(['voter', 'learner']),
  /** Its member answers the server that was asked. */
  isReachable: z.boolean(),
  isLeader: z.boolean(),
  /** As the leader has it; absent while it answers. */
  silentSince: z.number().optional(),
  raftTerm: z.number().optional(),
  dbSizeBytes: z.number().optional(),
  /** Entries of the log that it has not committed yet and the furthest member has. */
  lag: z.number().optional(),
  /** Since when its agent is a server; absent until it has announced itself. */
  since: z.number().optional(),
  apiAddress: z.string().optional(),
  version: z.string().optional(),
});
export type ServerRow = z.infer<typeof serverRowSchema>;

/** A host that is no server. */
export const standbySchema = z.object({
  host: z.string(),
  canServe: z.boolean(),
  /** Why it is not made one by itself. */
  reason: z.string().optional(),
});

/** What the leader does about the servers and will do by itself. */
export const quorumViewSchema = z.object({
  change: change.optional(),
  next: next.optional(),
  last: last.optional(),
});
export type QuorumView = z.infer<typeof quorumViewSchema>;

export const serversSchema = z.object({
  /** The server that answered. */
  server: z.string(),
  now: z.number(),
  rows: z.array(serverRowSchema),
  /** How many of the servers that answer now may be lost while the others are a majority. */
  survives: z.number().int(),
  auto: z.object({
    isOn: z.boolean(),
    wanted: wantedServers.unwrap(),
    replaceAfterMs: z.number(),
  }),
  quorum: quorumViewSchema,
  standby: z.array(standbySchema),
});
export type Servers = z.infer<typeof serversSchema>;

/** What is left out stays as it is. */
export const autoServersSchema = z.strictObject({
  isOn: autoServers.unwrap().optional(),
  wanted: wantedServers.unwrap().optional(),
  replaceAfterMs: serverReplaceAfterMs.unwrap().optional(),
});
