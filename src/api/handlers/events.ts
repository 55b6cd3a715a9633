/** The journal: the newest events, of one subject or of all. */
import { isAbout, type JournalEvent } from '../../model/event.ts';
import { currentState, type Handler } from '../context.ts';

/** Oldest first; of more than `limit` the newest. A subject stands for its instances too: `web` for `web/2`. */
export const listEvents: Handler<'listEvents'> = async (context, { query }, call) => {
  const state = await currentState(context, call.signal);
  const rows: (JournalEvent & { id: string })[] = [];
  for (const [id, event] of state.events) if (isAbout(event, query.subject)) rows.push({ ...event, id });
  return { rows: rows.slice(-query.limit), revision: state.revision };
};
