/** What LRPs and tasks have in common: an image, what runs in it, its limits. */
import { z } from 'zod';
import { defaults } from './defaults.ts';

const mebibytes = z
  .number()
  .int('must be a whole number of MiB')
  .min(0, 'must be 0 (unlimited) or more')
  .max(2 ** 31);

export const envVarSchema = z.object({
  name: z
    .string()
    .min(1, 'must not be blank')
    .regex(/^[^=\0\s]+$/, 'may not hold "=", spaces or NUL'),
  value: z.string().max(131_072),
});
export type EnvVar = Readonly<z.infer<typeof envVarSchema>>;

/** One process. Composed actions (download, serial, timeout, …) become further members of this union. */
export const runActionSchema = z.object({
  kind: z.literal('run'),
  /** Replaces the image's CMD; empty means the image's own. */
  args: z.array(z.string().max(131_072)).max(1_024).default([]),
  dir: z.string().startsWith('/', 'must be an absolute path').optional(),
  user: z.string().min(1).max(128).optional(),
});
export const actionSchema = z.discriminatedUnion('kind', [runActionSchema]);
export type Action = Readonly<z.infer<typeof actionSchema>>;

export const workloadShape = {
  image: z
    .string()
    .min(1, 'must not be empty')
    .max(512)
    .regex(/^[a-zA-Z0-9][a-zA-Z0-9._\-/:@]*$/, 'is not an image reference such as "nginx:1.27"'),
  action: actionSchema.default({ kind: 'run', args: [] }),
  env: z.array(envVarSchema).max(1_024).default([]),
  memoryMb: mebibytes.default(128),
  diskMb: mebibytes.default(512),
  /** Relative share, 1 to 100; 1,024 shares per 100: reference/diego.md 1.2. */
  cpuWeight: z.number().int().min(1).max(100).default(100),
  /** A hard limit in thousandths of a core; 0 is none. */
  cpuMilli: z.number().int().min(0).max(1_024_000).default(0),
  /** 0 is unlimited. */
  maxPids: z.number().int().min(0).max(4_194_304).default(1_024),
  privileged: z.boolean().default(false),
  labels: z.record(z.string().min(1).max(128), z.string().max(1_024)).default({}),
  annotation: z
    .string()
    .refine((text) => utf8Length(text) <= defaults.annotationMaxBytes, {
      message: `must be at most ${defaults.annotationMaxBytes} bytes`,
    })
    .default(''),
};

/** Bytes of a string in UTF-8, without Node's Buffer: this ring has no ambient types. */
export function utf8Length(text: string): number {
  let bytes = 0;
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}

/** Cuts a reason to Diego's 1,024 characters and says so: reference/diego.md 1.3. */
export function clipReason(reason: string): string {
  const suffix = '(truncated)';
  if (reason.length <= defaults.reasonMaxChars) return reason;
  return reason.slice(0, defaults.reasonMaxChars - suffix.length) + suffix;
}
