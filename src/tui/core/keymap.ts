/**
 * Which key does what on which page: the defaults of actions.ts with the operator's changes over them. A change that
 * makes no sense, or would give one key two meanings on a page, is refused with its reason and the default stays.
 */
import { type ActionId, actionIds, actions } from './actions.ts';
import { controlByteOf } from './key-names.ts';
import type { PageKind } from './page-kind.ts';

export interface Keymap {
  /** The action that a key does on a page of this kind; undefined when it is bound to nothing there. */
  actionOf(page: PageKind, key: string): ActionId | undefined;
  /** The keys of an action, the one to show first; none when it was unbound. */
  keysOf(action: ActionId): readonly string[];
}

/** What keys.yaml says: an action's keys by its id; `[]` unbinds it. */
export type KeyChanges = Readonly<Record<string, readonly string[]>>;

const acts = (action: ActionId, page: PageKind): boolean => actions[action].pages?.includes(page) ?? true;

/** An action of the page itself goes before one that holds everywhere. */
const rank = (action: ActionId): number => (actions[action].pages === undefined ? 1 : 0);

export function keymapOf(changes: KeyChanges = {}): { keymap: Keymap; problems: readonly string[] } {
  const problems: string[] = [];
  const keys = new Map<ActionId, readonly string[]>(actionIds.map((id) => [id, actions[id].keys]));
  for (const [id, wanted] of Object.entries(changes)) {
    const action = actionIds.find((each) => each === id);
    if (action === undefined) {
      problems.push(`${id}: there is no such action; ":help" lists them`);
      continue;
    }
    const before = keys.get(action) ?? [];
    keys.set(action, wanted);
    const clash = prefixProblem(action, wanted) ?? clashOf(keys, action);
    if (clash === undefined) continue;
    keys.set(action, before);
    problems.push(clash);
  }
  const order = [...actionIds].sort((a, b) => rank(a) - rank(b));
  const keymap: Keymap = {
    actionOf: (page, key) => order.find((id) => acts(id, page) && (keys.get(id) ?? []).includes(key)),
    keysOf: (action) => keys.get(action) ?? [],
  };
  return { keymap, problems };
}

/** The first key of `panes` goes before all keys of the panes: nothing else leads out of one. */
function prefixProblem(action: ActionId, [first]: readonly string[]): string | undefined {
  if (action !== 'panes' || (first !== undefined && controlByteOf(first) !== undefined)) return undefined;
  return `panes: its first key is the prefix in consoles, and must be one with Ctrl such as ctrl-^, not ${first ?? 'none'}`;
}

/** Says which other action has one of its keys where both are bound; actions of a page may shadow global ones. */
export function clashOf(
  keys: ReadonlyMap<ActionId, readonly string[]>,
  action: ActionId,
): string | undefined {
  for (const key of keys.get(action) ?? []) {
    for (const other of actionIds) {
      if (other === action || !(keys.get(other) ?? []).includes(key) || rank(other) !== rank(action))
        continue;
      const page = (actions[action].pages ?? [undefined]).find(
        (each) => each === undefined || acts(other, each),
      );
      if (page !== undefined || rank(action) === 1)
        return `${action}: ${key} is the key of ${other}${page === undefined ? '' : ` on the page ${page}`}`;
    }
  }
  return undefined;
}
