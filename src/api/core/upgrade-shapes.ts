/**
 * What goes over a stream of kind `upgrade`, between `skep upgrade` and the agent of a host. Up: one order as JSON in
 * the first stdin frame, then for `install` and `check` the bytes of the release file. Down: one report, then `exit`.
 * The agent verifies nothing itself: the host's own install.sh does, with the key that is pinned there.
 */
import { z } from 'zod';

export const upgradeActionSchema = z.enum(['install', 'check', 'rollback', 'last']);
export type UpgradeAction = z.infer<typeof upgradeActionSchema>;

/** More than any release; a client that says more is refused before it sends anything. */
export const releaseMaxBytes = 1024 ** 3;

const file = {
  bytes: z.number().int().min(1).max(releaseMaxBytes),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
};

export const upgradeOrderSchema = z.discriminatedUnion('action', [
  /** Sets the release up, restarts the agent, and goes back by itself when that fails. */
  z.strictObject({ action: z.literal('install'), ...file }),
  /** Looks whether it could, and changes nothing. */
  z.strictObject({ action: z.literal('check'), ...file }),
  /** Back to the release before. */
  z.strictObject({ action: z.literal('rollback') }),
  /** How the last one ended: asked after the agent was restarted by it. */
  z.strictObject({ action: z.literal('last') }),
]);
export type UpgradeOrder = z.infer<typeof upgradeOrderSchema>;

/** How install.sh ended: its exit status (0 done, 4 and 5 refused, 10 and less rolled back), and its last lines. */
export const upgradeReportSchema = z.object({ code: z.number().int(), lines: z.array(z.string()) });
export type UpgradeReport = z.infer<typeof upgradeReportSchema>;
