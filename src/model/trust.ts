/**
 * A change of the cluster's authorities, as the store keeps it. In `spread` everybody learns to trust the new ones
 * beside the old; in `reissue` everything is signed by the ones that stay, and both still count; in `retire` the others
 * are gone and servers let go of them. Every step is a new epoch: a host whose certificates are of an older one renews
 * them. Decisions are in api/core/rotation.ts.
 */
import { z } from 'zod';

export const trustPhases = ['spread', 'reissue', 'retire', 'steady'] as const;
export type TrustPhase = (typeof trustPhases)[number];

/** What every server follows in its copy of the state: no keys in it. Absent: nothing was ever changed, epoch 0. */
export const trustSchema = z.object({
  v: z.literal(1),
  epoch: z.number().int().min(1),
  phase: z.enum(trustPhases),
  /** The change was given up: the authorities that stay are those from before. */
  isBack: z.boolean(),
  startedAt: z.number(),
  startedBy: z.string(),
  /** When this phase began. */
  at: z.number(),
});
export type Trust = Readonly<z.infer<typeof trustSchema>>;

/** A host says: my certificates and what I trust are of this epoch, on my disk and in use. */
export const trustConfirmationSchema = z.object({
  v: z.literal(1),
  name: z.string(),
  epoch: z.number().int().min(0),
  at: z.number(),
});
export type TrustConfirmation = Readonly<z.infer<typeof trustConfirmationSchema>>;
