/** What goes in and out of the routes about trust: joining, tokens, users, certificates. */
import { z } from 'zod';
import { certificateSchema, tokenRoles, tokenSchema, userSchema } from '../../model/auth.ts';
import { cellIdSchema } from '../../model/ids.ts';
import { roleSchema, userRoles } from '../../model/rights.ts';

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
});

export const enterRequestSchema = z.strictObject({ request: pem });

export const userCertificateSchema = z.object({
  clusterId: z.string(),
  ca: z.string(),
  certificate: z.string(),
  /** API addresses of the servers. */
  servers: z.array(z.string()),
});

export const userViewSchema = userSchema.extend({ serials: z.array(z.string()) });
export const certificateViewSchema = certificateSchema.extend({ revokedAt: z.number().optional() });

export const whoSchema = z.object({
  name: z.string(),
  roles: z.array(roleSchema),
  how: z.enum(['certificate', 'socket', 'open', 'nothing']),
});
