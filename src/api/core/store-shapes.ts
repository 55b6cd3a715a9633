/** What `GET /v1/store` tells: how large the store is and how fast, as the server that answers finds it. */
import { z } from 'zod';

export const storeFiguresSchema = z.object({
  /** The server that answers; the figures below are of its own member. */
  server: z.string(),
  /** Absent with an outside etcd, and where the member does not tell; then `problem` says why. */
  own: z
    .object({
      version: z.string(),
      dbBytes: z.number(),
      /** Of them in use; the rest a defragmentation gives back. */
      dbBytesInUse: z.number(),
      quotaBytes: z.number(),
      /** 99 of 100 took at most so many milliseconds, since it started; absent: too few to tell. */
      fsyncP99Ms: z.number().optional(),
      commitP99Ms: z.number().optional(),
      /** `NOSPACE`, `CORRUPT`. */
      alarms: z.array(z.string()),
    })
    .optional(),
  problem: z.string(),
  /** Of every member that answers. */
  members: z.array(z.object({ server: z.string(), dbBytes: z.number() })),
});
export type StoreFigures = z.infer<typeof storeFiguresSchema>;
