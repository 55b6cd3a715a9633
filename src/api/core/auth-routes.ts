/** The routes about trust, a part of the table in routes.ts: who asks, joining, tokens, users, certificates. */
import { z } from 'zod';
import {
  certificateViewSchema,
  enterRequestSchema,
  hostCertificatesSchema,
  joinRequestSchema,
  renewRequestSchema,
  rotationSchema,
  tokenRequestSchema,
  tokenViewSchema,
  userCertificateSchema,
  userRequestSchema,
  userViewSchema,
  whoSchema,
} from './auth-shapes.ts';
import { paths } from './paths.ts';

const written = z.object({ revision: z.number() });

export const authRoutes = {
  /** On the local socket: who makes `file` with `ticket` in it has proved its user, and shows the ticket from then on. */
  challenge: { ...paths.challenge, response: z.object({ file: z.string(), ticket: z.string() }) },
  whoAmI: { ...paths.whoAmI, response: whoSchema },
  /** With a token, whose secret is sent only to a server that the token pins. */
  join: { ...paths.join, body: joinRequestSchema, response: hostCertificatesSchema },
  /** New certificates for fresh keys, same name and roles as the one that asks. */
  renewCertificate: {
    ...paths.renewCertificate,
    body: renewRequestSchema,
    response: hostCertificatesSchema,
  },
  /** The only answer that holds the secret. */
  createToken: {
    ...paths.createToken,
    body: tokenRequestSchema,
    response: z.object({ token: z.string(), record: tokenViewSchema, servers: z.array(z.string()) }),
  },
  listTokens: { ...paths.listTokens, response: z.object({ rows: z.array(tokenViewSchema) }) },
  revokeToken: { ...paths.revokeToken, params: z.object({ id: z.string() }), response: written },
  /**
   * For a session that begins on the local socket: a certificate with the rights of who proved it, so that the session
   * can go on at another server. Absent where nobody needs one, because the cluster is without TLS.
   */
  enter: {
    ...paths.enter,
    body: enterRequestSchema,
    response: z.object({ pass: userCertificateSchema.optional() }),
  },
  addUser: { ...paths.addUser, body: userRequestSchema, response: userCertificateSchema },
  listUsers: { ...paths.listUsers, response: z.object({ rows: z.array(userViewSchema) }) },
  revokeUser: { ...paths.revokeUser, params: z.object({ name: z.string() }), response: written },
  listCertificates: {
    ...paths.listCertificates,
    response: z.object({ rows: z.array(certificateViewSchema) }),
  },
  /** A user's own certificate anew, for a fresh key: same name and rights. */
  renewUser: {
    ...paths.renewUser,
    body: enterRequestSchema,
    response: userCertificateSchema,
  },
  /** A host says of which epoch its certificates are, shown by this very connection. */
  confirmTrust: {
    ...paths.confirmTrust,
    body: z.strictObject({ epoch: z.number().int().min(0) }),
    response: written,
  },
  getRotation: { ...paths.getRotation, response: rotationSchema },
  startRotation: { ...paths.startRotation, response: written },
  /** Refused while a host that counts has not renewed, unless forced. `tokens` went with the old authority. */
  finishRotation: {
    ...paths.finishRotation,
    body: z.strictObject({ force: z.boolean() }),
    response: written.extend({ tokens: z.array(z.string()) }),
  },
  abortRotation: { ...paths.abortRotation, response: written },
  /** `which` is a serial number, or the name of a host: then all of its certificates. Acts at once. */
  revokeCertificates: {
    ...paths.revokeCertificates,
    params: z.object({ which: z.string() }),
    /** A server leaves the store's members with it: `force` as in `removeServer`. */
    query: z.strictObject({ force: z.stringbool().default(false) }),
    response: z.object({ revision: z.number(), serials: z.array(z.string()), wasServer: z.boolean() }),
  },
} as const;
