/** What becomes of each record of a backup in a restored store. Pure: store/etcd/restore-store.ts acts on it. */
import { kindOf } from './backup-format.ts';

export type Treatment = 'put' | 'putLeased' | 'drop';

/** Servers announce themselves to the new store, and who led the old one leads nothing. */
export function treatmentOf(key: string): Treatment {
  const kind = kindOf(key);
  if (kind === 'presence') return 'putLeased';
  return kind === 'server' || kind === 'leader' || kind === 'restored' ? 'drop' : 'put';
}
