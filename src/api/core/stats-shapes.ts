/**
 * What a cell measures while somebody looks: the host and its containers. Travels as JSON in stdout frames of a
 * `stats` stream (stream-frames.ts), one sample a frame, the first at once. Rates are since the sample before.
 */
import { z } from 'zod';

/** How often a cell samples for those who look. */
export const statsIntervalMs = 2_000;

const rate = z.number().min(0);

export const hostSampleSchema = z.object({
  cores: z.number().int(),
  /** Of all cores together, 0 to 100. */
  cpuPercent: z.number(),
  load: z.tuple([z.number(), z.number(), z.number()]),
  memoryBytes: z.number(),
  /** Without caches that the kernel gives back when asked. */
  memoryUsedBytes: z.number(),
  swapUsedBytes: z.number(),
  rxBytesPerS: rate,
  txBytesPerS: rate,
  diskReadBytesPerS: rate,
  diskWriteBytesPerS: rate,
  /** Of the file system that holds the engine's data. */
  diskBytes: z.number(),
  diskUsedBytes: z.number(),
});
export type HostSample = Readonly<z.infer<typeof hostSampleSchema>>;

export const containerSampleSchema = z.object({
  /** `web/0`, or a task's guid. */
  name: z.string(),
  /** Instance guid, or the attempt of a task. */
  instanceGuid: z.string(),
  /** Of one core: 200 is two cores busy. */
  cpuPercent: z.number(),
  memoryBytes: z.number(),
  /** Absent when there is no limit. */
  memoryLimitBytes: z.number().optional(),
  rxBytesPerS: rate,
  txBytesPerS: rate,
  diskReadBytesPerS: rate,
  diskWriteBytesPerS: rate,
  pids: z.number().int(),
});
export type ContainerSample = Readonly<z.infer<typeof containerSampleSchema>>;

export const statsSampleSchema = z.object({
  at: z.number(),
  cellId: z.string(),
  /** Only when the whole cell was asked for. */
  host: hostSampleSchema.optional(),
  containers: z.array(containerSampleSchema),
  /** What could not be measured and why, for people; '' when all was. */
  problem: z.string(),
});
export type StatsSample = Readonly<z.infer<typeof statsSampleSchema>>;
