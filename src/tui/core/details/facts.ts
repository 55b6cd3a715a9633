/** Reading what a page's feeds answered. The client checks no answer again: the route says what it is. */
import type { RouteName, RouteOutput } from '../../../api/core/routes.ts';
import type { JournalEvent } from '../../../model/event.ts';
import type { Millis } from '../../../model/ids.ts';
import { formatAge, formatTime } from '../columns-format.ts';
import type { PageContext } from '../page.ts';
import type { Facts, TextLine } from '../text-page.ts';

/** The newest answer of a poll of that route under that id; undefined before the first. */
export function answerOf<N extends RouteName>(
  { answers }: Facts,
  id: string,
  _route: N,
): RouteOutput<N> | undefined {
  return answers[id] as RouteOutput<N> | undefined;
}

/** The journal events that an `events` want has brought so far, oldest first. */
export const eventsOf = ({ answers }: Facts): readonly JournalEvent[] =>
  (answers['events'] ?? []) as readonly JournalEvent[];

/** Says of each feed that is broken why, so that nothing old is taken for new. */
export function problemLines({ problems }: Facts): readonly TextLine[] {
  return Object.values(problems)
    .filter((problem) => problem !== '')
    .map((text) => ({ text, role: 'bad' as const }));
}

/** `3m12s ago (11-21 21:41:25)`: both, because at 3 a.m. nobody subtracts. */
export function timeText(at: Millis, { now, settings }: PageContext): string {
  const clock = formatTime(at, settings.times === 'utc' ? 'utc' : 'local');
  return `${formatAge(now - at)} ago (${clock})`;
}

export const heading = (text: string): TextLine => ({ text, role: 'title' });
export const gap: TextLine = { text: '' };

/**
 * Any record as lines of keys and values, nested ones indented. Empty lists and objects are left out; times are written
 * as times.
 */
export function recordLines(value: unknown, context: PageContext, indent = 0): readonly TextLine[] {
  if (typeof value !== 'object' || value === null) return [{ text: String(value) }];
  return Object.entries(value).flatMap(([key, each]) => fieldLines(key, each, context, indent));
}

const timeKeys: ReadonlySet<string> = new Set(['since', 'at']);
const isTime = (key: string, value: number): boolean =>
  value > 1_000_000_000_000 && (timeKeys.has(key) || key.endsWith('At'));

function fieldLines(key: string, value: unknown, context: PageContext, indent: number): readonly TextLine[] {
  if (value === undefined || value === '' || isEmpty(value)) return [];
  const name = ' '.repeat(indent) + key;
  if (typeof value === 'number' && isTime(key, value)) return [{ key: name, text: timeText(value, context) }];
  if (typeof value !== 'object' || value === null) return [{ key: name, text: String(value) }];
  if (Array.isArray(value)) return listLines(name, value as unknown[], context, indent);
  return [{ key: name, text: '' }, ...recordLines(value, context, indent + 2)];
}

function listLines(
  name: string,
  values: readonly unknown[],
  context: PageContext,
  indent: number,
): readonly TextLine[] {
  const simple = values.every((each) => typeof each !== 'object' || each === null);
  if (simple) return [{ key: name, text: values.map(String).join(' ') }];
  return values.flatMap((each, at) => [
    { key: `${name} ${at + 1}`, text: '' },
    ...recordLines(each, context, indent + 2),
  ]);
}

function isEmpty(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Array.isArray(value) ? value.length === 0 : Object.keys(value).length === 0;
}
