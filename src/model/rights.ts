/**
 * Who may do what. A certificate, the local socket or a token names roles; each route and each WebSocket needs one
 * right (api/core/access.ts has the table). Pure: asked by the API for every call.
 */
import { z } from 'zod';

/**
 * `viewer` sees, `operator` changes workloads and cells too, `admin` also users, tokens and members; `console` is
 * apart: whoever enters containers may read what no API shows. `server` and `cell` are hosts.
 */
export const roles = ['viewer', 'operator', 'admin', 'console', 'server', 'cell'] as const;
export const roleSchema = z.enum(roles);
export type Role = z.infer<typeof roleSchema>;

/** The roles that a person may be given. */
export const userRoles = ['viewer', 'operator', 'admin'] as const satisfies readonly Role[];
export type UserRole = (typeof userRoles)[number];

/** What a call may need; `none` is open to who has no certificate yet. */
export type Right = 'none' | 'read' | 'change' | 'admin' | 'console' | 'server' | 'cell' | 'host';

const rightsOfRole: Readonly<Record<Role, readonly Right[]>> = {
  viewer: ['read'],
  operator: ['read', 'change'],
  admin: ['read', 'change', 'admin'],
  console: ['console'],
  // It has the whole store anyway.
  server: ['server', 'host', 'read'],
  cell: ['cell', 'host'],
};

/** Whether any of the roles has the right. */
export function mayDo(held: readonly Role[], right: Right): boolean {
  return right === 'none' || held.some((role) => rightsOfRole[role].includes(right));
}

/** The roles of a person that would be enough, for the refusal. */
export function rolesWith(right: Right): readonly Role[] {
  return roles.filter((role) => rightsOfRole[role].includes(right));
}

/** What a right lets one do, in a sentence: "… may not change workloads or cells". */
export const rightMeanings: Readonly<Record<Right, string>> = {
  none: 'ask for the version or join',
  read: 'see the state of the cluster',
  change: 'change workloads, cells or settings',
  admin: 'change users, tokens, certificates or members',
  console: 'enter containers',
  server: 'speak as a server',
  cell: 'speak as a cell',
  host: 'speak as a host of the cluster',
};
