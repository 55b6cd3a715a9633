/** A context: one cluster as one person reaches it. Written by `skep user add`, kept by `skep ctx`. */
import { z } from 'zod';
import { SkepError } from '../../base/core/errors.ts';

const pem = z.string().startsWith('-----BEGIN ');

export const contextSchema = z.object({
  v: z.literal(1),
  /** The user's. */
  user: z.string(),
  clusterId: z.string(),
  /** API addresses, tried in turn. */
  servers: z.array(z.string().min(1)).min(1),
  ca: pem,
  /** The epoch of trust (model/trust.ts) that it is of; absent: 0. */
  trust: z.number().int().optional(),
  /** When the certificate ends, and when it is to be renewed; milliseconds since the epoch. */
  endsAt: z.number().optional(),
  renewAt: z.number().optional(),
  certificate: pem,
  key: pem,
});
export type Context = z.infer<typeof contextSchema>;

/** Throws `InvalidConfig`; what is in the file is not repeated, it holds a key. */
export function parseContext(text: string, from: string): Context {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  const parsed = contextSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new SkepError('InvalidConfig', `${from} is no context`, {
    hint: 'a context is the file that `skep user add NAME -o FILE` writes',
  });
}

/** Throws `InvalidRequest` for a name that would not be a plain file's. */
export function checkContextName(name: string): string {
  if (/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}$/.test(name)) return name;
  throw new SkepError('InvalidRequest', `${JSON.stringify(name)} is no name for a context`, {
    hint: 'use letters, digits, ".", "_" and "-"',
  });
}
