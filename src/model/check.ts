/** Health checks: how a workload is asked whether it works. Rules: reference/diego.md 1.12. */
import { z } from 'zod';
import { defaults } from './defaults.ts';

const portSchema = z.number().int().min(1).max(65_535);
const pace = {
  timeoutMs: z.number().int().min(1).max(600_000).default(defaults.checkTimeoutMs),
  intervalMs: z.number().int().min(100).max(3_600_000).default(defaults.checkHealthyIntervalMs),
};

export const checkSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('tcp'), port: portSchema, ...pace }),
  z.object({
    kind: z.literal('http'),
    port: portSchema,
    path: z.string().startsWith('/', 'must start with "/"').max(2_048).default('/'),
    ...pace,
  }),
  z.object({ kind: z.literal('command'), args: z.array(z.string()).min(1).max(256), ...pace }),
]);
export type Check = Readonly<z.infer<typeof checkSchema>>;
