/** Where the records about trust lie and how they are read: straight from the store, never from the replica. */
import { z } from 'zod';
import { SkepError } from '../../../base/core/errors.ts';
import {
  type Authorities,
  authoritiesSchema,
  type CertificateRecord,
  certificateSchema,
  tokenSchema,
  userSchema,
} from '../../../model/auth.ts';
import type { Put, StoredRecord } from '../../../store/bbs.ts';
import {
  authoritiesKey,
  certificatePrefix,
  hostPrefix,
  revokedKey,
  tokenPrefix,
  userPrefix,
} from '../../../store/core/keys.ts';
import type { ApiContext } from '../../context.ts';

export const certificateKey = (serial: string): string => `${certificatePrefix}${serial}`;
export const hostKey = (name: string): string => `${hostPrefix}${name}`;
export const tokenKey = (id: string): string => `${tokenPrefix}${id}`;
export const userKey = (name: string): string => `${userPrefix}${name}`;

/** Undefined when there is none; throws `Internal` for one that cannot be read, without its content. */
export function read<S extends z.ZodType>(
  schema: S,
  record: StoredRecord | undefined,
): z.output<S> | undefined {
  if (record === undefined) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(record.value);
  } catch {
    json = undefined;
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new SkepError('Internal', `the record ${record.key} cannot be read`, {
    hint: `to give it up: etcdctl del ${record.key}`,
  });
}

export const putJson = (key: string, value: object): Put => ({ key, value: JSON.stringify(value) });

export const parseHost = (record: StoredRecord | undefined) => read(certificateSchema, record);
export const parseToken = (record: StoredRecord | undefined) => read(tokenSchema, record);
export const parseUser = (record: StoredRecord | undefined) => read(userSchema, record);

/** All records under a prefix that can be read. */
export async function listRecords<S extends z.ZodType>(
  { bbs }: Pick<ApiContext, 'bbs'>,
  prefix: string,
  schema: S,
  signal: AbortSignal,
): Promise<z.output<S>[]> {
  const { records } = await bbs.list(prefix, { signal });
  return records.flatMap((record) => read(schema, record) ?? []);
}

/** The authorities with their keys: read for each signature, kept nowhere. */
export async function readAuthorities(
  { bbs }: Pick<ApiContext, 'bbs'>,
  signal: AbortSignal,
): Promise<Authorities> {
  const { records } = await bbs.read([authoritiesKey], { signal });
  const found = read(authoritiesSchema, records[0]);
  if (found !== undefined) return found;
  throw new SkepError(
    'InvalidRequest',
    'this cluster runs without TLS: it has no certificates, users or tokens',
    {
      hint: 'clusters are founded with TLS unless "insecure: true" is set; it cannot be changed later',
    },
  );
}

/**
 * For what was signed with authorities that were read before: throws `Busy` when others sign by now, so that nothing
 * of an authority that counts no more is handed out.
 */
export function assertUnchanged(record: StoredRecord | undefined, { trust }: Authorities): void {
  if (read(authoritiesSchema, record)?.trust === trust) return;
  throw new SkepError('Busy', 'the authorities of the cluster were changed at this moment', {
    hint: 'try again',
  });
}

export const allCertificates = (context: Pick<ApiContext, 'bbs'>, signal: AbortSignal) =>
  listRecords(context, certificatePrefix, certificateSchema, signal);

/** Keys of what is about certificates that have expired: each new one takes the old ones away. */
export function expiredKeys(certificates: readonly CertificateRecord[], now: number): string[] {
  return certificates
    .filter(({ notAfter }) => notAfter < now)
    .flatMap(({ serial }) => [certificateKey(serial), revokedKey(serial)]);
}
