/** The journal as it grows: what came after an event that the client names, then every new one. */

import { z } from 'zod';
import type { Socket } from '../base/socket.ts';
import { defaults } from '../model/defaults.ts';
import { isAbout } from '../model/event.ts';
import type { ApiContext } from './context.ts';
import { createOutbox } from './outbox.ts';
import { drainUntilClosed } from './watch.ts';

/** `since` is the id of the last event that the client knows; '' begins with the oldest, absent with the next. */
export const eventStreamQuerySchema = z.object({
  since: z.string().optional(),
  subject: z.string().optional(),
});
export type EventStreamQuery = z.infer<typeof eventStreamQuerySchema>;

/** Serves one client until its socket ends. */
export async function serveEvents(
  context: ApiContext,
  query: EventStreamQuery,
  socket: Socket,
): Promise<void> {
  const { replica, log } = context;
  // What is asked for at once may be the whole journal; on top of it come the new ones.
  const outbox = createOutbox(socket, defaults.eventJournalMax + defaults.slowConsumerMaxPending, log);
  let newest = [...replica.state.events.keys()].at(-1) ?? '';
  const send = (id: string): void => {
    const event = replica.state.events.get(id);
    if (event === undefined) return;
    if (id > newest) newest = id;
    if (isAbout(event, query.subject)) outbox.push({ id, ...event });
  };
  const sendAfter = (since: string): void => {
    for (const id of replica.state.events.keys()) if (id > since) send(id);
  };
  if (query.since !== undefined) sendAfter(query.since);
  const unsubscribe = replica.subscribe((touched) => {
    if (touched.all) sendAfter(newest);
    else for (const id of touched.events) send(id);
  });
  try {
    await drainUntilClosed(socket);
  } finally {
    unsubscribe();
  }
}
