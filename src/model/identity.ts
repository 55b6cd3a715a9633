/**
 * The name in a certificate: `skep://CLUSTER/ROLES/NAME`, the only subject alternative name of that scheme. Written
 * when one is issued, read by both ends of every TLS connection.
 */
import { cellIdSchema } from './ids.ts';
import { type Role, roleSchema } from './rights.ts';

export interface Identity {
  readonly clusterId: string;
  readonly roles: readonly Role[];
  readonly name: string;
}

/** `skep://skep-1a2b/server+cell/host-a`. */
export const identityUri = ({ clusterId, roles, name }: Identity): string =>
  `skep://${clusterId}/${roles.join('+')}/${name}`;

/** Undefined for anything that we would not have written. */
export function parseIdentityUri(uri: string): Identity | undefined {
  const match = /^skep:\/\/([a-zA-Z0-9._-]{1,128})\/([a-z+]{1,64})\/([a-zA-Z0-9._-]{1,128})$/.exec(uri);
  if (match === null) return undefined;
  const [, clusterId = '', rolesText = '', name = ''] = match;
  const roles: Role[] = [];
  for (const word of rolesText.split('+')) {
    const role = roleSchema.safeParse(word);
    if (!role.success) return undefined;
    roles.push(role.data);
  }
  return cellIdSchema.safeParse(name).success ? { clusterId, roles, name } : undefined;
}

/**
 * The identity in a certificate's alternative names as Node prints them: `URI:skep://…, IP Address:10.0.0.1`. A
 * certificate with two of ours, or none, has none: nobody chooses between them.
 */
export function identityOfNames(alternativeNames: string | undefined): Identity | undefined {
  const uris = (alternativeNames ?? '')
    .split(', ')
    .filter((part) => part.startsWith('URI:skep://'))
    .map((part) => part.slice('URI:'.length));
  return uris.length === 1 ? parseIdentityUri(uris[0] ?? '') : undefined;
}
