/**
 * Consoles in the journal: a cell tells who began, joined or ended one. Called by cell-requests.ts. Sent twice it is
 * one line, because the line's key is made of what was told.
 */
import { SkepError } from '../base/core/errors.ts';
import { encode } from '../store/core/codec.ts';
import { eventKey } from '../store/core/keys.ts';
import type { CellContext } from './cell-report.ts';
import type { CellRequestParams } from './core/cell-protocol.ts';
import { cellOfConsole } from './core/console-shapes.ts';

/** Throws `Unauthorized` for a session of another cell; what the store throws when it does not take the line. */
export async function recordConsole(
  context: CellContext,
  params: CellRequestParams<'consoleEvent'>,
): Promise<void> {
  const { type, session, subject, message, by } = params;
  const { cellId } = context;
  if (cellOfConsole(session) !== cellId) {
    throw new SkepError(
      'Unauthorized',
      `this session speaks for cell ${cellId}, not for console ${session}`,
      {
        field: 'session',
      },
    );
  }
  // A cell whose clock is ahead must not write lines of tomorrow: they would stay the newest.
  const at = Math.min(params.at, context.clock.now());
  const line = { v: 1, at, type, subject, message, cellId, actor: by } as const;
  const unique = `${session}-${type.slice('console.'.length)}`;
  await context.commits.commit({ compare: [], puts: [{ key: eventKey(at, unique), value: encode(line) }] });
}
