/** A record must be about what its key names: what is found by its key is then acted on by its content. */
import type { Noun } from './codec.ts';
import type { Key } from './keys.ts';

/** Names the field, and what both say, when a record contradicts its key; undefined when it does not. */
export function misplaced<K extends Key['kind']>(
  key: Key & { readonly kind: K },
  value: Noun<K>,
): string | undefined {
  return contradiction(key, value as Said);
}

type Said = Readonly<Record<string, unknown>>;

function contradiction(key: Key, said: Said): string | undefined {
  switch (key.kind) {
    case 'desired':
    case 'task':
      return differs('guid', said, key.guid);
    case 'actual':
      return (
        differs('guid', said, key.guid) ??
        differs('index', said, key.index) ??
        differs('presence', said, presenceOfSlot[key.slot])
      );
    case 'presence':
    case 'cellSpec':
      return differs('cellId', said, key.cellId);
    case 'domain':
      return differs('name', said, key.name);
    case 'server':
      return differs('server', said, key.server);
    case 'revoked':
      return differs('serial', said, key.serial);
    case 'leader':
    case 'settings':
    case 'roster':
    case 'rebalance':
    case 'restored':
    case 'quorum':
    case 'trust':
    case 'event':
      return undefined;
  }
}

const presenceOfSlot = { ordinary: 'ORDINARY', suspect: 'SUSPECT', evacuating: 'EVACUATING' } as const;

function differs(field: string, said: Said, wanted: string | number): string | undefined {
  if (said[field] === wanted) return undefined;
  return `${field}: is ${JSON.stringify(said[field])} under the key of ${JSON.stringify(wanted)}`;
}
