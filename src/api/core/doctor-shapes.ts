/** What a check of the doctor says, wherever it was made: on this host, by a server of its own, about the cluster. */
import { z } from 'zod';

export const checkSchema = z.object({
  /** Stable, for programs: `docker.live-restore`. */
  id: z.string(),
  /** `unknown`: it could not be looked at, and `value` says why. */
  verdict: z.enum(['ok', 'warn', 'bad', 'unknown']),
  /** What was found, in words and figures. */
  value: z.string(),
  /** What to type, or to change and where; absent when there is nothing to do. */
  remedy: z.string().optional(),
});
export type Check = Readonly<z.infer<typeof checkSchema>>;
export type Verdict = Check['verdict'];

/** Of one server about itself: its host, its etcd, its backups, its ways to the others. */
export const doctorSchema = z.object({
  server: z.string(),
  version: z.string(),
  /** By that server's clock. */
  now: z.number(),
  checks: z.array(checkSchema),
});
export type Doctor = z.infer<typeof doctorSchema>;

/** Of a host that is a cell, about itself: the one frame of a `doctor` stream. */
export const cellDoctorSchema = z.object({ cellId: z.string(), checks: z.array(checkSchema) });
export type CellDoctor = z.infer<typeof cellDoctorSchema>;

/** A check with the remedy only where one is needed. */
export function check(id: string, verdict: Verdict, value: string, remedy?: string): Check {
  return { id, verdict, value, ...(verdict === 'ok' || remedy === undefined ? {} : { remedy }) };
}

/** A figure against two limits: beyond the first it is a warning, beyond the second it is bad. */
export function atMost(figure: number, limits: { readonly warn: number; readonly bad: number }): Verdict {
  if (figure > limits.bad) return 'bad';
  return figure > limits.warn ? 'warn' : 'ok';
}

export function atLeast(figure: number, limits: { readonly warn: number; readonly bad: number }): Verdict {
  if (figure < limits.bad) return 'bad';
  return figure < limits.warn ? 'warn' : 'ok';
}
