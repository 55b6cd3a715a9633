/** Reading what a page's feeds answered. The client checks no answer again: the route says what it is. */
import type { RouteName, RouteOutput } from '../../../api/core/routes.ts';
import type { Millis } from '../../../model/ids.ts';
import { formatAge, formatTime } from '../columns-format.ts';
import type { ListedEvent } from '../event-list.ts';
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
export const eventsOf = ({ answers }: Facts): readonly ListedEvent[] =>
  (answers['events'] ?? []) as readonly ListedEvent[];

/** Says of each feed that is broken why, so that nothing old is taken for new. */
export function problemLines({ problems }: Facts): readonly TextLine[] {
  return [...new Set(Object.values(problems))]
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
