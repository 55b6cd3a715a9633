/** Watches a change of the servers that was asked for until it has ended. Used by `skep server add` and `remove`. */
import { spanOf } from '../../api/core/age.ts';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import { defaults } from '../../model/defaults.ts';
import type { QuorumChange } from '../../model/quorum.ts';
import { escapeText } from '../core/escape.ts';
import { exitCodes } from '../core/exit-codes.ts';
import { isData, printData, type Session } from '../session.ts';

const lookEveryMs = 500;
/** The leader gives up before. */
const patienceMs = defaults.serverChangeDeadlineMs + 60_000;

/** The exit status. A server that is asked for its own removal stops answering: that is told, and no failure. */
export async function followChange(session: Session, change: QuorumChange): Promise<number> {
  const { client, signal, io } = session;
  const { kind, server, at } = change;
  session.note(
    `${kind === 'add' ? 'Adding' : 'Removing'} ${escapeText(server)}; skep server ls shows it too.`,
  );
  for (const until = io.clock.now() + patienceMs; io.clock.now() < until; ) {
    try {
      const { quorum } = await client.call('listServers', {}, { signal });
      if (quorum.last?.at === at && quorum.last.server === server) return await ended(session, quorum.last);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof SkepError) || !error.retryable) throw error;
      if (kind === 'remove' && error.code === 'Unavailable' && !(await answers(session))) {
        session.warn(`The server that was asked answers no more (${escapeText(messageOf(error))}).`);
        session.warn('Ask another one how it ended: skep --server HOST:7400 server ls');
        return exitCodes.done;
      }
    }
    await io.clock.sleep(lookEveryMs, signal);
  }
  throw new SkepError('Timeout', `it had not ended after ${spanOf(patienceMs)}`, {
    hint: 'it goes on: skep server ls',
  });
}

async function answers({ client, signal }: Session): Promise<boolean> {
  try {
    await client.call('version', {}, { signal });
    return true;
  } catch {
    // Whatever it is, it does not answer.
    signal.throwIfAborted();
    return false;
  }
}

async function ended(
  session: Session,
  last: QuorumChange & { readonly isDone: boolean; readonly outcome: string },
): Promise<number> {
  if (isData(session)) await printData(session, last);
  const { kind, server, isDone, outcome } = last;
  if (!isDone) {
    const what = kind === 'add' ? 'was not made a server' : 'is still a server';
    throw new SkepError('ResourceConflict', `${server} ${what}: ${outcome}`, {
      hint: 'skep events; skep server ls',
    });
  }
  session.note(
    kind === 'add' ? `${escapeText(server)} is a server.` : `${escapeText(server)} is no server any more.`,
  );
  return exitCodes.done;
}
