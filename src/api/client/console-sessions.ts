/** The console sessions that cells keep: asked for, and ended. Used by `skep console` and by the terminal UI. */
import { type Clock, withDeadline } from '../../base/clock.ts';
import { SkepError } from '../../base/core/errors.ts';
import type { CellId } from '../../model/ids.ts';
import type { Client } from '../client.ts';
import { type ConsoleList, consoleListSchema } from '../core/console-shapes.ts';
import { readData } from './data-stream.ts';
import { readStream, sendControl } from './stream.ts';

/** Cells asked at once. */
const askedAtOnce = 16;
const answerDeadlineMs = 5_000;

export interface Asking {
  readonly client: Client;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface ConsoleLists {
  readonly lists: readonly ConsoleList[];
  /** Cells that did not answer. */
  readonly failures: readonly { readonly cell: CellId; readonly error: unknown }[];
}

/** Asks each cell; one that does not answer within 5 s is among the failures. Throws nothing but the signal's reason. */
export async function listConsoles(asking: Asking, cells: readonly CellId[]): Promise<ConsoleLists> {
  const waiting = [...cells];
  const lists: ConsoleList[] = [];
  const failures: { cell: CellId; error: unknown }[] = [];
  async function worker(): Promise<void> {
    for (let cell = waiting.shift(); cell !== undefined; cell = waiting.shift()) {
      try {
        lists.push(await askCell(asking, cell));
      } catch (error) {
        asking.signal.throwIfAborted();
        failures.push({ cell, error });
      }
    }
  }
  await Promise.all(Array.from({ length: askedAtOnce }, worker));
  return { lists, failures };
}

function askCell({ client, clock, signal }: Asking, cell: CellId): Promise<ConsoleList> {
  const late = (): SkepError =>
    new SkepError('Unavailable', `${cell} did not answer within ${answerDeadlineMs / 1_000} s`);
  return withDeadline(clock, answerDeadlineMs, signal, late, async (within) => {
    const socket = await client.openStream({ kind: 'consoles', cell }, { signal: within });
    const stop = (): void => socket.close();
    within.addEventListener('abort', stop, { once: true });
    try {
      for await (const answer of readData(socket, consoleListSchema)) return answer;
      throw new SkepError('Unavailable', 'the cell answered nothing');
    } finally {
      within.removeEventListener('abort', stop);
      socket.close();
    }
  });
}

/**
 * Ends a session and what runs in it, whoever looks at it; resolves when it has ended. Throws `ResourceNotFound` when
 * there is none of that name, `Unavailable` when the connection was lost before it had ended.
 */
export async function closeConsole(
  { client, signal }: Pick<Asking, 'client' | 'signal'>,
  session: string,
): Promise<void> {
  const socket = await client.openStream({ kind: 'console', session }, { signal });
  const stop = (): void => socket.close();
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const message of readStream(socket)) {
      if (message.kind === 'data') continue;
      const { control } = message;
      if (control.kind === 'opened') await sendControl(socket, { kind: 'close' });
      if (control.kind === 'error')
        throw new SkepError('ResourceNotFound', control.message, { hint: control.hint });
      if (control.kind === 'exit') return;
    }
  } finally {
    signal.removeEventListener('abort', stop);
    socket.close();
  }
  signal.throwIfAborted();
  throw new SkepError('Unavailable', `the connection was lost before console ${session} had ended`, {
    hint: 'see whether it is still there: skep console ls',
  });
}
