/**
 * Lines that cells' reports add to the journal, bounded: the journal keeps 10,000 of them, and the start of 250,000
 * instances must neither push everything else out nor cost as many writes again. What is beyond the bound is told
 * in one line a kind. One for each dispatcher; used by cell-instances.ts through cell-report.ts.
 */
import type { Clock, Timer } from '../base/clock.ts';
import { messageOf } from '../base/core/errors.ts';
import { type Rng, randomName } from '../base/core/rng.ts';
import type { Log } from '../base/log.ts';
import type { EventType, JournalEvent } from '../model/event.ts';
import type { CellId } from '../model/ids.ts';
import type { Put } from '../store/bbs.ts';
import { encode } from '../store/core/codec.ts';
import { eventKey } from '../store/core/keys.ts';
import type { CommitQueue } from './cell-commits.ts';

/** Lines of one kind that get an entry of their own … */
const linesMax = 500;
/** … within this time. */
const windowMs = 5_000;

export type CellLine = Pick<JournalEvent, 'type' | 'subject' | 'message'>;

export interface CellJournal {
  /** The line as a part of the mutation that it tells of; nothing when it goes into the summary. */
  puts(cellId: CellId, line: CellLine): Put[];
  /** Drops what is not summed up yet. */
  close(): void;
}

export interface CellJournalOptions {
  readonly commits: CommitQueue;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  /** This server's name: the subject of summaries. */
  readonly server: string;
}

/** What came of one kind within the window. */
interface Tally {
  own: number;
  more: number;
  readonly cells: Set<CellId>;
}

export function createCellJournal({ commits, clock, rng, log, server }: CellJournalOptions): CellJournal {
  let tallies = new Map<EventType, Tally>();
  let timer: Timer | undefined;

  function put(event: JournalEvent): Put {
    return { key: eventKey(event.at, randomName(rng)), value: encode(event) };
  }

  async function sumUp(): Promise<void> {
    timer = undefined;
    const ended = tallies;
    tallies = new Map();
    for (const [type, { more, cells }] of ended) {
      if (more === 0) continue;
      const message = `${more} more on ${cells.size} cells within ${windowMs / 1_000} s: too many for a line each`;
      const summary = put({ v: 1, at: clock.now(), type, subject: server, message });
      try {
        await commits.commit({ compare: [], puts: [summary] });
      } catch (error) {
        log.warn('journal.summary_lost', { type, message, reason: messageOf(error) });
      }
    }
  }

  return {
    puts(cellId, line) {
      timer ??= clock.after(windowMs, () => void sumUp());
      const tally = tallies.get(line.type) ?? { own: 0, more: 0, cells: new Set<CellId>() };
      tallies.set(line.type, tally);
      if (tally.own < linesMax) {
        tally.own += 1;
        return [put({ v: 1, at: clock.now(), cellId, ...line })];
      }
      tally.more += 1;
      tally.cells.add(cellId);
      return [];
    },
    close: () => timer?.cancel(),
  };
}
