/** Rows of the journal, by id. */
import { isAbout, type JournalEvent } from '../../model/event.ts';
import { clipText, noLabels, type Scope, type ViewSource } from './source.ts';

function isInScope(event: JournalEvent, { guid, subject, cell }: Scope): boolean {
  return isAbout(event, guid) && isAbout(event, subject) && (cell === undefined || isOfCell(event, cell));
}

const isOfCell = (event: JournalEvent, cell: string): boolean =>
  event.cellId === cell || event.subject === cell;

export function eventsSource(): ViewSource {
  /** Ids that were told, oldest first: the journal drops its oldest without telling anybody. */
  const told: string[] = [];

  return {
    keyColumn: undefined,
    scopes: ['guid', 'subject', 'cell'],
    keys(state) {
      told.length = 0;
      told.push(...state.events.keys());
      // A copy: the journal puts its map in order anew when it is read.
      return [...told];
    },
    *touched(touched, state) {
      for (const id of touched.events) {
        told.push(id);
        yield id;
      }
      if (told.length <= state.events.size) return;
      // Events of one moment come in no order.
      told.sort((a, b) => (a < b ? -1 : 1));
      const oldest = state.events.keys().next().value ?? '~';
      while ((told[0] ?? oldest) < oldest) yield told.shift() ?? '';
    },
    estimate: (state) => state.events.size,
    stateOf(state, id, scope) {
      const event = state.events.get(id);
      return event === undefined || !isInScope(event, scope) ? undefined : '';
    },
    values(state, id) {
      const event = state.events.get(id);
      if (event === undefined) return undefined;
      return {
        at: event.at,
        type: event.type,
        subject: clipText(event.subject),
        message: clipText(event.message),
        cell: event.cellId ?? '',
        actor: clipText(event.actor ?? ''),
      };
    },
    labels: () => noLabels,
  };
}
