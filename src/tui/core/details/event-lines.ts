/** What happened as lines, newest first: the journal of a subject, and the life of one instance with how long it lasted. */
import { spanOf } from '../../../api/core/age.ts';
import type { JournalEvent } from '../../../model/event.ts';
import { formatAge, formatTime } from '../columns-format.ts';
import { isTrouble } from '../event-list.ts';
import type { PageContext } from '../page.ts';
import type { TextLine } from '../text-page.ts';

/** @param of its subject goes without saying when it is this one */
export function eventLines(
  events: readonly JournalEvent[],
  context: PageContext,
  of?: string,
): readonly TextLine[] {
  return newestFirst(events).map((event): TextLine => {
    const { actor, subject } = event;
    const by = actor === undefined ? '' : ` (${actor})`;
    const about = subject === of ? '' : `${subject} `;
    return {
      key: whenText(event, context),
      text: `${about}${happened(event)}${by}`,
      role: isTrouble(event) ? 'warn' : 'text',
    };
  });
}

/** The same of one instance: each state with how long it lasted. */
export function historyLines(events: readonly JournalEvent[], context: PageContext): readonly TextLine[] {
  const rows = newestFirst(events);
  return rows.map((event, at): TextLine => {
    const after = rows[at - 1];
    const lasted =
      event.type === 'instance.running' && after !== undefined ? spanOf(after.at - event.at) : '';
    const by = event.actor === undefined ? '' : ` (${event.actor})`;
    return {
      key: whenText(event, context),
      text: `${happened(event)}${lasted === '' ? '' : `, for ${lasted}`}${by}`,
      role: isTrouble(event) ? 'warn' : event.type === 'instance.running' ? 'ok' : 'text',
    };
  });
}

const newestFirst = (events: readonly JournalEvent[]): readonly JournalEvent[] =>
  [...events].sort((a, b) => b.at - a.at);

function whenText({ at }: JournalEvent, { now, settings }: PageContext): string {
  return settings.times === 'age' ? `${formatAge(now - at)} ago` : formatTime(at, settings.times);
}

/** What the event says, with its type and its cell where the message names neither. */
export function happened({ type, message, cellId, subject }: JournalEvent): string {
  const word = wordOf(type);
  const isWhole = message.startsWith(word) || /^(is|cannot be) /.test(message);
  const said = isWhole ? message : `${word}: ${message}`;
  return cellId === undefined || cellId === subject || names(message, cellId)
    ? said
    : `${said} (on ${cellId})`;
}

/** `instance.crashed` is read as `crashed`, for the subject says of what; `console.opened` as `console opened`. */
const wordOf = (type: string): string => type.replace(/^(lrp|instance|task|cell)\./, '').replace('.', ' ');

/** As a word of its own: a cell may be called `a`. */
const names = (message: string, cellId: string): boolean => message.split(/[^\w.-]+/).includes(cellId);
