/**
 * Journal events that a page has been brought, oldest first and each once: a feed that is begun again brings its last
 * ones a second time. Used by every page that shows what happened.
 */
import type { JournalEvent } from '../../model/event.ts';

export type ListedEvent = JournalEvent & { readonly id: string };

/** The list with the new ones in their place; of more than `max` the oldest go. */
export function withEvents(
  before: readonly ListedEvent[],
  events: readonly ListedEvent[],
  max: number,
): readonly ListedEvent[] {
  const fresh = newEvents(before, events);
  if (fresh.length === 0) return before;
  return [...before, ...fresh].sort((a, b) => a.at - b.at).slice(-max);
}

/** Those that are not in the list yet. */
export function newEvents(
  before: readonly ListedEvent[],
  events: readonly ListedEvent[],
): readonly ListedEvent[] {
  const known = new Set(before.map(({ id }) => id));
  return events.filter(({ id }) => !known.has(id) && known.add(id));
}

/** What needs somebody, told by the type of the event. */
export const isTrouble = ({ type }: Pick<JournalEvent, 'type'>): boolean =>
  /crashed|lost|unplaced|stuck|suspect|storm|corrupt|rejected/.test(type);
