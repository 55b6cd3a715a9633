/** What becomes of each record of a backup in a restored store. Pure: store/etcd/restore-store.ts acts on it. */
import { failTask } from '../../model/task.ts';
import { kindOf } from './backup-format.ts';
import { decode, encode } from './codec.ts';
import { parseKey, tokenPrefix } from './keys.ts';

export type Treatment = 'put' | 'putLeased' | 'drop';

/**
 * Servers announce themselves to the new store, and who led the old one leads nothing. Join tokens may have been used or
 * revoked since: whoever needs one makes one.
 */
export function treatmentOf(key: string): Treatment {
  if (key.startsWith(tokenPrefix)) return 'drop';
  const kind = kindOf(key);
  if (kind === 'presence') return 'putLeased';
  return kind === 'server' || kind === 'leader' || kind === 'restored' || kind === 'quorum' ? 'drop' : 'put';
}

/**
 * What a record says in the restored store. A task that had not begun may have run since, or run now, so it fails:
 * a task runs at most once (DESIGN.md 3.4), and who wants it again desires it again. Everything else stays as it was.
 */
export function restoredValue(key: string, value: string, now: number): string {
  if (parseKey(key)?.kind !== 'task') return value;
  const task = decode('task', value);
  if (!task.ok || task.value.state !== 'PENDING') return value;
  const failed = failTask(task.value, 'the state of the cluster was restored: it may have run since', now);
  return failed.ok ? encode(failed.next) : value;
}
