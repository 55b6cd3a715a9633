/**
 * What happened to consoles, on its way to the cluster's journal: kept until a server has taken it. Used by
 * consoles.ts. A console opens whether or not the journal can be written, because it is when the cluster is in
 * trouble that one is needed most.
 */
import type { CellRequestParams } from '../../api/core/cell-protocol.ts';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import { type Loop, type LoopOptions, startLoop } from '../../base/loop.ts';
import type { Links } from '../session/links.ts';

export type ConsoleEvent = CellRequestParams<'consoleEvent'>;

/** Lines that wait while no server answers; beyond that the oldest are given up, and the log says so. */
const maxWaiting = 1_000;

export interface ConsoleJournal {
  add(event: ConsoleEvent): void;
  /** A server is there again. */
  retry(): void;
  readonly done: Promise<void>;
}

export function consoleJournal(
  options: Pick<LoopOptions, 'clock' | 'log' | 'rng' | 'signal'> & { readonly links: Pick<Links, 'request'> },
): ConsoleJournal {
  const { links, log, signal } = options;
  const waiting: ConsoleEvent[] = [];

  async function send(event: ConsoleEvent): Promise<void> {
    try {
      await links.request('consoleEvent', event, { signal });
    } catch (error) {
      if (!(error instanceof SkepError) || error.retryable) throw error;
      // A definite refusal: asking again would be refused again.
      const { type, session } = event;
      log.warn('console.journal_refused', { type, session, reason: messageOf(error) });
    }
  }

  const loop: Loop = startLoop({
    clock: options.clock,
    log,
    rng: options.rng,
    signal,
    name: 'console-journal',
    everyMs: 3e4,
    debounceMs: 10,
    maxDelayMs: 100,
    async pass() {
      for (let event = waiting[0]; event !== undefined; event = waiting[0]) {
        await send(event);
        if (waiting[0] === event) waiting.shift();
      }
    },
  });

  return {
    add(event) {
      waiting.push(event);
      if (waiting.length > maxWaiting) {
        const lost = waiting.shift();
        log.warn('console.journal_full', { type: lost?.type, session: lost?.session });
      }
      loop.wake();
    },
    retry: () => waiting.length > 0 && loop.wake(),
    done: loop.done,
  };
}
