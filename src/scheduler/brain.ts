/**
 * The brain: while this server leads, compares what should be with what is and acts on the difference. Built
 * once a server by its composition root; an Election calls `lead`. Every write carries the term's fence, so
 * two brains that both believe to lead never both write.
 */
import type { Clock, Timer } from '../base/clock.ts';
import { SkepError } from '../base/core/errors.ts';
import type { Rng } from '../base/core/rng.ts';
import type { Log } from '../base/log.ts';
import { startLoop } from '../base/loop.ts';
import { defaults } from '../model/defaults.ts';
import type { Millis } from '../model/ids.ts';
import type { Bbs } from '../store/bbs.ts';
import type { LeaderTerm } from '../store/election.ts';
import type { Replica } from '../store/replica.ts';
import type { BrainObserver, PassSummary } from './brain-observer.ts';
import type { CellEar } from './cell-ear.ts';
import { Term } from './term.ts';

export interface BrainOptions {
  readonly bbs: Bbs;
  readonly replica: Replica;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly serverName: string;
  /**
   * Since when cells can reach this server. Only for a presence lease after it the first pass waits for cells that
   * hold work and are not there: while no server ran, none could renew its lease, so nothing says that it is lost.
   */
  readonly servingSince?: Millis;
  /** Asked before each auction; without it every cell that is present counts as heard. */
  readonly ear?: CellEar;
  /** They hear of everything that the brain decides: the decision trace, the metrics. */
  readonly observers?: readonly BrainObserver[];
}

/** What the brain has done since this server leads; zeros while it does not. */
export interface BrainStats {
  readonly leading: boolean;
  readonly passes: number;
  /** How long the last pass took, its writes included. */
  readonly lastPassMs: number;
  /** Changes that were decided and written. */
  readonly decisions: number;
  /** Changes that were decided from a state that was no longer true, and decided again. */
  readonly conflicts: number;
  readonly placed: number;
  /** Instances and tasks that wait for a place now. */
  readonly unplaced: number;
}

export interface Brain {
  /** Leads until the term's signal aborts or a write is refused because somebody else leads; never throws. */
  lead(term: LeaderTerm): Promise<void>;
  stats(): BrainStats;
}

export function createBrain(options: BrainOptions): Brain {
  let current: Reign | undefined;
  return {
    async lead(term) {
      const reign = new Reign(options, term);
      current = reign;
      try {
        await reign.done;
      } finally {
        if (current === reign) current = undefined;
      }
    },
    stats: () => current?.stats() ?? notLeading,
  };
}

const notLeading: BrainStats = {
  leading: false,
  passes: 0,
  lastPassMs: 0,
  decisions: 0,
  conflicts: 0,
  placed: 0,
  unplaced: 0,
};

/** A term with its loop, its timer and its ear on the replica. */
class Reign {
  readonly done: Promise<void>;
  readonly #options: BrainOptions;
  readonly #log: Log;
  readonly #term: Term;
  readonly #raftTerm: number;
  readonly #ended = new AbortController();
  #timer: Timer | undefined;
  #passes = 0;
  #lastPassMs = 0;

  constructor(options: BrainOptions, term: LeaderTerm) {
    this.#options = options;
    this.#raftTerm = term.raftTerm;
    this.#log = options.log.with({ raftTerm: term.raftTerm });
    const signal = AbortSignal.any([term.signal, this.#ended.signal]);
    this.#term = new Term({ observers: [], ...options, log: this.#log, term, signal });
    this.#log.info('brain.leads', { fence: term.fence.revision });
    const loop = startLoop({
      name: 'brain',
      clock: options.clock,
      log: this.#log,
      rng: options.rng,
      signal,
      everyMs: defaults.convergeSweepMs,
      debounceMs: defaults.convergeDebounceMs,
      maxDelayMs: defaults.convergeMaxDelayMs,
      pass: ({ sweep }) => this.#pass(sweep, () => loop.wake()),
    });
    const unsubscribe = options.replica.subscribe((touched, state) => {
      if (this.#term.hear(touched, state)) loop.wake();
    });
    this.done = loop.done.finally(() => {
      unsubscribe();
      this.#timer?.cancel();
      this.#log.info('brain.leads_no_more');
    });
  }

  stats(): BrainStats {
    return {
      leading: true,
      passes: this.#passes,
      lastPassMs: this.#lastPassMs,
      decisions: this.#term.decisionCount,
      conflicts: this.#term.conflictCount,
      placed: this.#term.placer.placedCount,
      unplaced: this.#term.placer.waitingCount,
    };
  }

  /** After a pass that failed the loop makes a full one, whatever was written; a fenced one was the last. */
  async #pass(sweep: boolean, wake: () => void): Promise<void> {
    const { clock } = this.#options;
    const startedAt = clock.now();
    const before = this.stats();
    this.#passes += 1;
    let outcome: PassSummary['outcome'] = 'failed';
    try {
      await this.#term.pass(sweep);
      outcome = 'done';
    } catch (error) {
      if (!(error instanceof SkepError) || error.code !== 'Fenced') throw error;
      outcome = 'fenced';
      this.#log.warn('brain.fenced', { reason: error.message });
      this.#ended.abort(error);
      return;
    } finally {
      this.#lastPassMs = clock.now() - startedAt;
      this.#tell({ at: startedAt, sweep, outcome, before });
    }
    this.#timer?.cancel();
    const due = this.#term.nextDue;
    this.#timer = due === undefined ? undefined : clock.after(Math.max(0, due - clock.now()), wake);
  }

  #tell(pass: Pick<PassSummary, 'at' | 'sweep' | 'outcome'> & { readonly before: BrainStats }): void {
    const { observers = [], replica } = this.#options;
    if (observers.length === 0) return;
    const { before, ...rest } = pass;
    const { passes, lastPassMs, decisions, conflicts, placed, unplaced } = this.stats();
    const { full, count } = this.#term.looked;
    const summary: PassSummary = {
      ...rest,
      raftTerm: this.#raftTerm,
      number: passes,
      full,
      looked: count,
      durationMs: lastPassMs,
      decisions: decisions - before.decisions,
      conflicts: conflicts - before.conflicts,
      placed: placed - before.placed,
      waiting: unplaced,
      cells: replica.state.cells.size,
    };
    for (const observer of observers) observer.passed(summary);
  }
}
