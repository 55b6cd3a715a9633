/** `NAME` and `NAME/INDEX`, and which LRP, task or cell a name or its beginning means. */
import { SkepError } from '../../base/core/errors.ts';
import { escapeText } from './escape.ts';
import { parseWhole, wrongValue } from './quantity.ts';

export interface Target {
  readonly name: string;
  readonly index?: number | undefined;
}

/** Throws `InvalidRequest` when the index is no number. */
export function parseTarget(text: string): Target {
  const slash = text.indexOf('/');
  if (slash < 0) return { name: text };
  if (slash === 0) throw wrongValue('name', text, 'NAME or NAME/INDEX');
  const index = parseWhole('index', text.slice(slash + 1), 0, 999_999_999);
  return { name: text.slice(0, slash), index };
}

const maxListed = 10;

/**
 * The one of `known` that `name` means: itself, or the only one that begins with it. Throws `InvalidRequest`
 * with the candidates when several do, `ResourceNotFound` with the nearest name when none does.
 * @param kind 'LRP', 'task' or 'cell', for messages
 */
export function resolveName(
  kind: string,
  name: string,
  known: readonly string[],
  nearest: (word: string, known: Iterable<string>) => string | undefined,
): string {
  if (known.includes(name)) return name;
  const candidates = known.filter((other) => other.startsWith(name)).sort();
  if (candidates.length === 1 && candidates[0] !== undefined && name !== '') return candidates[0];
  if (candidates.length > 1 && name !== '') {
    const more = candidates.length > maxListed ? `, and ${candidates.length - maxListed} more` : '';
    const message = `"${escapeText(name)}" may mean ${candidates.slice(0, maxListed).join(', ')}${more}`;
    throw new SkepError('InvalidRequest', message, { field: 'name', hint: 'type more of the name' });
  }
  const close = nearest(name, known);
  const hint =
    close === undefined
      ? 'skep ps, skep task ls and skep cells list what there is'
      : `did you mean "${close}"?`;
  throw new SkepError('ResourceNotFound', `there is no ${kind} "${escapeText(name)}"`, {
    field: 'name',
    hint,
  });
}
