/** A record must be about what its key names: what is found by its key is then acted on by its content. */
import type { Noun } from './codec.ts';
import type { Key } from './keys.ts';

/** Names the field, and what both say, when a record contradicts its key; undefined when it does not. */
export function misplaced<K extends Key['kind']>(
  key: Key & { readonly kind: K },
  value: Noun<K>,
): string | undefined {
  const said = value as Said;
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
    default:
      return undefined;
  }
}

type Said = Readonly<Record<string, unknown>>;

const presenceOfSlot = { ordinary: 'ORDINARY', suspect: 'SUSPECT', evacuating: 'EVACUATING' } as const;

function differs(field: string, said: Said, wanted: string | number): string | undefined {
  if (said[field] === wanted) return undefined;
  return `${field}: is ${JSON.stringify(said[field])} under the key of ${JSON.stringify(wanted)}`;
}
