/** A record must be about what its key names: what is found by its key is then acted on by its content. */
import type { Noun } from './codec.ts';
import type { Key } from './keys.ts';

/** Names the field, and what both say, when a record contradicts its key; undefined when it does not. */
export function misplaced<K extends Key['kind']>(
  key: Key & { readonly kind: K },
  value: Noun<K>,
): string | undefined {
  for (const [field, wanted] of Object.entries(namesOf(key))) {
    const said = (value as Readonly<Record<string, unknown>>)[field];
    if (said !== wanted)
      return `${field}: is ${JSON.stringify(said)} under the key of ${JSON.stringify(wanted)}`;
  }
  return undefined;
}

const presenceOfSlot = { ordinary: 'ORDINARY', suspect: 'SUSPECT', evacuating: 'EVACUATING' } as const;

/** Field → value that every record under this key has. */
function namesOf(key: Key): Readonly<Record<string, string | number>> {
  switch (key.kind) {
    case 'desired':
    case 'task':
      return { guid: key.guid };
    case 'actual':
      return { guid: key.guid, index: key.index, presence: presenceOfSlot[key.slot] };
    case 'presence':
    case 'cellSpec':
      return { cellId: key.cellId };
    case 'domain':
      return { name: key.name };
    case 'server':
      return { server: key.server };
    case 'leader':
    case 'settings':
    case 'event':
      return {};
  }
}
