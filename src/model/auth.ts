/**
 * What the store keeps about trust: the authorities with their keys, join tokens, certificates that were issued,
 * those revoked, and users. Only revocations come into the replica; the rest is read when it is needed, and the
 * authorities' keys never leave the server that signs.
 */
import { z } from 'zod';
import { cellIdSchema } from './ids.ts';
import { roleSchema, userRoles } from './rights.ts';

const pem = z.string().startsWith('-----BEGIN ');

/** One certificate authority. */
export const authoritySchema = z.object({
  certificate: pem,
  key: pem,
});
export type AuthorityKeys = z.infer<typeof authoritySchema>;

/** `cluster` signs what speaks to the API; `store` only what speaks to etcd, so that no user's certificate opens it. */
export const authoritiesSchema = z.object({
  v: z.literal(1),
  clusterId: z.string(),
  cluster: authoritySchema,
  store: authoritySchema,
  at: z.number(),
  /** Absent: 0, nothing was ever changed. */
  trust: z.number().int().optional(),
  /** The authorities that count beside the two above, while they are changed: model/trust.ts. */
  other: z.object({ cluster: authoritySchema, store: authoritySchema }).optional(),
  /** Whether `other` are the older ones: those that whoever was away meanwhile trusts. */
  otherIsOlder: z.boolean().optional(),
});
export type Authorities = z.infer<typeof authoritiesSchema>;

export const tokenRoles = ['server', 'cell'] as const;
export type TokenRole = (typeof tokenRoles)[number];

export const tokenSchema = z.object({
  v: z.literal(1),
  id: z.string(),
  /** SHA-256 of the secret, hexadecimal: 130 random bits need no slower function. */
  secretHash: z.string(),
  role: z.enum(tokenRoles),
  createdAt: z.number(),
  createdBy: z.string(),
  expiresAt: z.number(),
  usesLeft: z.number().int().min(0),
  /** SHA-256 of the authority that it pins, hexadecimal. */
  pin: z.string().optional(),
});
export type JoinToken = Readonly<z.infer<typeof tokenSchema>>;

/** A certificate that was issued; kept until it has expired. */
export const certificateSchema = z.object({
  v: z.literal(1),
  serial: z.string(),
  name: cellIdSchema,
  roles: z.array(roleSchema),
  notAfter: z.number(),
  issuedAt: z.number(),
  issuedBy: z.string(),
  /** SHA-256 of the public key: whoever lost the answer and asks again with the same key gets it again. */
  keyHash: z.string(),
  /** SHA-256 of the authority that signed, hexadecimal; certificates before rotation did not say. */
  authority: z.string().optional(),
  /** Of the certificate for etcd that was made with it: servers only. */
  storeSerial: z.string().optional(),
});
export type CertificateRecord = Readonly<z.infer<typeof certificateSchema>>;

export const revocationSchema = z.object({
  v: z.literal(1),
  serial: z.string(),
  name: z.string(),
  at: z.number(),
  by: z.string(),
  /** Of the certificate for etcd that belongs to it. */
  storeSerial: z.string().optional(),
  /** Until then it counts as that of a cell: of a server that was removed, whose host is a cell still. */
  cellUntil: z.number().optional(),
});
export type Revocation = Readonly<z.infer<typeof revocationSchema>>;

/** What a revoked certificate still counts as at a time, in milliseconds since the epoch. */
export function standingOf({ cellUntil }: Revocation, now: number): 'cell' | 'nothing' {
  return cellUntil !== undefined && now < cellUntil ? 'cell' : 'nothing';
}

export const userSchema = z.object({
  v: z.literal(1),
  name: cellIdSchema,
  role: z.enum(userRoles),
  console: z.boolean(),
  createdAt: z.number(),
  createdBy: z.string(),
  expiresAt: z.number(),
  /** Their certificate may be renewed by whoever holds it; otherwise access ends at `expiresAt`. */
  renews: z.boolean().optional(),
});
export type User = Readonly<z.infer<typeof userSchema>>;

const dayMs = 24 * 60 * 60 * 1_000;

/** How long certificates live, in milliseconds. */
export const lifeMs = {
  authority: 3_650 * dayMs,
  host: 30 * dayMs,
  user: 90 * dayMs,
  /** The most that a user may be given. */
  userMax: 365 * dayMs,
  /** What a host shows that got the certificate of a cell for it: when the answer was lost, it asks again. */
  replaced: dayMs,
} as const;

/** Renewed at two thirds of their life. */
export function isDue(notBefore: number, notAfter: number, now: number): boolean {
  return now >= notBefore + ((notAfter - notBefore) * 2) / 3;
}
