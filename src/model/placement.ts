/** Where an LRP may run, and how its instances are to be spread: the constraints of the auction. */
import { z } from 'zod';
import { processGuidSchema } from './ids.ts';

const word = z.string().min(1, 'must not be empty').max(128);
export const labelNameSchema = word.regex(
  /^[a-zA-Z0-9][a-zA-Z0-9._/-]*$/,
  'may only hold letters, digits, ".", "_", "/" and "-"',
);

export const placementSchema = z
  .strictObject({
    /** `linux`; empty: any. */
    os: word.optional(),
    /** As Node names it: `x64`, `arm64`; empty: any. */
    arch: word.optional(),
    /** Placement tags, Diego's rule: the cell's required tags ⊆ these ⊆ required ∪ optional. */
    tags: z.array(word).max(64).default([]),
    /** OCI runtime, for example `runsc`. */
    runtime: word.optional(),
    /** All of these volume drivers must be on the cell. */
    volumeDrivers: z.array(word).max(16).default([]),
    /** An index goes back to the cell that it ran on last, because its volume is there. */
    sticky: z.boolean().default(false),
    /** Instances are spread over the values of this cell label before they are spread over zones. */
    spreadBy: labelNameSchema.optional(),
    /** Only on cells that run an instance of this LRP. */
    sameCellAs: processGuidSchema.optional(),
    /** Never on a cell that runs an instance of one of these. */
    notWith: z.array(processGuidSchema).max(64).default([]),
    /** At most this many instances of the LRP on one cell. */
    maxPerCell: z.number().int().min(1).max(10_000).optional(),
  })
  .prefault({});
export type PlacementRules = Readonly<z.infer<typeof placementSchema>>;

/** Higher goes first, and with preemption switched on may displace strictly lower ones. */
export const prioritySchema = z.number().int().min(-1_000).max(1_000).default(0);

/** Host ports that an LRP insists on; at most one instance of such a port a cell. */
export const fixedPortsSchema = z
  .array(
    z.strictObject({
      containerPort: z.number().int().min(1).max(65_535),
      hostPort: z.number().int().min(1).max(65_535),
    }),
  )
  .max(64)
  .default([]);
