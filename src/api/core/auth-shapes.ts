/** What goes in and out of the routes about trust: joining, tokens, users, certificates. */
import { z } from 'zod';
import { certificateSchema, tokenRoles, tokenSchema, userSchema } from '../../model/auth.ts';
import { cellIdSchema } from '../../model/ids.ts';
import { roleSchema, userRoles } from '../../model/rights.ts';
import { trustPhases } from '../../model/trust.ts';

const dayMs = 24 * 60 * 60 * 1_000;
const pem = z.string().max(16_384).startsWith('-----BEGIN ', 'must be PEM');
/** All of the host's: they go into its certificates. */
const addresses = z
  .array(z.string().regex(/^[0-9a-fA-F.:]{2,45}$/, 'must be an IP address'))
  .min(1)
  .max(64);

export const joinRequestSchema = z.strictObject({
  tokenId: z.string().max(64),
  secret: z.string().max(128),
  role: z.enum(tokenRoles),
  name: cellIdSchema,
  addresses,
  /** Certificate requests, PEM. */
  request: pem,
  /** For etcd; servers only. */
  storeRequest: pem.optional(),
});

export const hostCertificatesSchema = z.object({
  clusterId: z.string(),
  /** The cluster's authority, PEM, and the leaf that it signed. */
  ca: z.string(),
  certificate: z.string(),
  /** Servers only. */
  store: z.object({ ca: z.string(), certificate: z.string() }).optional(),
  /** The epoch of trust that these are of; absent: 0. */
  trust: z.number().int().optional(),
});
export type HostCertificates = z.infer<typeof hostCertificatesSchema>;

export const renewRequestSchema = z.strictObject({ addresses, request: pem, storeRequest: pem.optional() });

export const tokenRequestSchema = z.strictObject({
  role: z.enum(tokenRoles),
  ttlMs: z
    .number()
    .int()
    .min(60_000, 'must be at least a minute')
    .max(30 * dayMs, 'must be at most 30 days'),
  uses: z.number().int().min(1).max(1_000),
});

export const tokenViewSchema = tokenSchema.omit({ secretHash: true });

export const userRequestSchema = z.strictObject({
  name: cellIdSchema,
  role: z.enum(userRoles),
  console: z.boolean(),
  ttlMs: z
    .number()
    .int()
    .min(60_000, 'must be at least a minute')
    .max(365 * dayMs, 'must be at most 365 days'),
  request: pem,
  /** Whoever holds the certificate may renew it; otherwise access ends with it. */
  renews: z.boolean().default(false),
});

export const enterRequestSchema = z.strictObject({ request: pem });

export const userCertificateSchema = z.object({
  clusterId: z.string(),
  ca: z.string(),
  certificate: z.string(),
  /** API addresses of the servers. */
  servers: z.array(z.string()),
  /** The epoch of trust that it is of; absent: 0. */
  trust: z.number().int().optional(),
  endsAt: z.number(),
  /** When whoever holds it should renew it; absent: access ends with it. */
  renewAt: z.number().optional(),
});

export const userViewSchema = userSchema.extend({ serials: z.array(z.string()) });
export const certificateViewSchema = certificateSchema.extend({
  revokedAt: z.number().optional(),
  /** When its holder renews it, milliseconds since the epoch; absent: it ends. */
  renewsAt: z.number().optional(),
  /** Its holder has a newer one. */
  isReplaced: z.boolean(),
  /** `current`, `previous` (counts no more), or, while they are changed, `older` and `newer`. */
  authorityName: z.enum(['current', 'older', 'newer', 'previous', 'unknown']),
});
export type CertificateView = z.infer<typeof certificateViewSchema>;

/** How far a change of the authorities is, and whom it waits for. */
export const rotationSchema = z.object({
  phase: z.enum(trustPhases),
  isBack: z.boolean(),
  epoch: z.number(),
  startedAt: z.number().optional(),
  startedBy: z.string().optional(),
  /** When this phase began. */
  at: z.number().optional(),
  /** SHA-256 of the authority that signs now, hexadecimal. */
  authority: z.string(),
  next: z.enum(['wait', 'reissue', 'finish', 'end', 'nothing']),
  /** Hosts that have not confirmed this phase: all servers, and cells that are there. */
  waitsFor: z.array(z.string()),
  /** Cells that are away and have not confirmed it. */
  away: z.array(z.string()),
  /** Users whose certificate is of the authority that `finish` drops. */
  users: z.array(z.string()),
  /** Join tokens that pin it. */
  tokens: z.array(z.string()),
});
export type Rotation = z.infer<typeof rotationSchema>;

export const whoSchema = z.object({
  name: z.string(),
  roles: z.array(roleSchema),
  how: z.enum(['certificate', 'socket', 'open', 'nothing']),
});
