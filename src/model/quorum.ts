/**
 * The servers as the leader keeps them: who has been silent since when, the one change that is under way, what comes
 * next by itself, and how the last change ended. One durable record, `brain/quorum`, written by the leader and, to ask
 * for a change, by the API; so a change of leader restarts no wait and forgets no change.
 */
import { z } from 'zod';

export const quorumChangeSchema = z.object({
  kind: z.enum(['add', 'remove']),
  server: z.string().min(1),
  at: z.number(),
  /** `automatic`, or who asked. */
  by: z.string(),
  reason: z.string(),
});
/** A server that is being added or removed. At most one at a time. */
export type QuorumChange = Readonly<z.infer<typeof quorumChangeSchema>>;

export const automatic = 'automatic';

export const quorumSchema = z.object({
  v: z.literal(1),
  /** Members that do not answer the leader, and since when. */
  silentSince: z.record(z.string(), z.number()).default({}),
  change: quorumChangeSchema.optional(),
  /** What happens by itself if nothing else does; without `at` it waits for what `text` says. */
  next: z.object({ text: z.string(), at: z.number().optional() }).optional(),
  last: quorumChangeSchema
    .extend({ endedAt: z.number(), isDone: z.boolean(), outcome: z.string() })
    .optional(),
  /** Hosts that are not made servers by themselves: until when (undefined: until somebody adds them), and why. */
  passedOver: z.record(z.string(), z.object({ until: z.number().optional(), why: z.string() })).default({}),
});
export type Quorum = Readonly<z.infer<typeof quorumSchema>>;
export const emptyQuorum: Quorum = quorumSchema.parse({ v: 1 });

/** How many of so many voters must answer. */
export const majorityOf = (voters: number): number => Math.floor(voters / 2) + 1;

/** How many of so many voters may be lost while the rest is a majority. */
export const lossesSurvived = (voters: number): number => Math.max(0, voters - majorityOf(voters));

export interface Voter {
  readonly server: string;
  readonly isReachable: boolean;
}

export interface RemovalCount {
  /** Voters that are left. */
  readonly left: number;
  readonly reachable: number;
  readonly needed: number;
  /** What is left has a majority that answers. */
  readonly isSafe: boolean;
}

/** What is left of the voters without one of them. */
export function withoutVoter(voters: readonly Voter[], server: string): RemovalCount {
  const rest = voters.filter((voter) => voter.server !== server);
  const reachable = rest.filter(({ isReachable }) => isReachable).length;
  const needed = majorityOf(rest.length);
  return { left: rest.length, reachable, needed, isSafe: rest.length > 0 && reachable >= needed };
}
