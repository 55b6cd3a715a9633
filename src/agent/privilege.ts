/** Whether this cell's operator allows privileged containers. Asked before one is created. */
import { SkepError } from '../base/core/errors.ts';
import type { CellContext } from './cell-context.ts';

/** Throws `InvalidRequest` when they are not allowed here. */
export function requirePrivileged({ config }: Pick<CellContext, 'config'>): void {
  if (config.allowPrivileged) return;
  const message = `cell ${config.cellId} does not allow privileged containers (its setting allowPrivileged is off)`;
  throw new SkepError('InvalidRequest', message, { hint: 'allow them there, or run it without privileges' });
}
