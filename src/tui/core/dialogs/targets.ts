/** The things that a dialog is about, named in its title and its lines. */
import type { ProcessGuid } from '../../../model/ids.ts';
import { type Subject, subjectName, type Target } from '../subject.ts';
import type { Line } from './plan-lines.ts';

/** More than this are counted. */
const namedMax = 12;

export const namesOf = (targets: readonly Target[]): readonly string[] =>
  targets.map(({ subject }) => subjectName(subject));

/** `web`, or `5 LRPs`. */
export function titleOf(targets: readonly Target[], many: string): string {
  const [first] = namesOf(targets);
  return targets.length === 1 && first !== undefined ? first : `${targets.length} ${many}`;
}

/** What is typed to confirm: the name of the one, or how many there are. */
export const typedFor = (targets: readonly Target[]): string =>
  namesOf(targets).length === 1 ? (namesOf(targets)[0] ?? '') : String(targets.length);

/** All of them by name, where there is more than one. */
export function targetLines(targets: readonly Target[]): readonly Line[] {
  if (targets.length === 1) return [];
  const names = namesOf(targets);
  const more = names.length - namedMax;
  const text = names.slice(0, namedMax).join(', ') + (more > 0 ? ` and ${more} more` : '');
  return [{ text, role: 'strong' }];
}

/** A number that the row of the target said when it was chosen; undefined when it was named in a command. */
export function countOf({ values }: Target, column: string): number | undefined {
  const value = values[column];
  return typeof value === 'number' ? value : undefined;
}

export const guidOf = (subject: Subject): ProcessGuid =>
  ('guid' in subject ? subject.guid : subject.id) as ProcessGuid;
