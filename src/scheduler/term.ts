/**
 * One term of leadership: what this leader remembers between passes, and what one pass does. Everything it
 * remembers only saves work: in doubt it is thrown away and made anew from the replica. Used by brain.ts.
 */
import type { Clock } from '../base/clock.ts';
import { type Rng, randomName } from '../base/core/rng.ts';
import type { Log } from '../base/log.ts';
import { inSlices } from '../base/slices.ts';
import { defaults } from '../model/defaults.ts';
import type { CellId, Millis } from '../model/ids.ts';
import type { Bbs } from '../store/bbs.ts';
import { encode } from '../store/core/codec.ts';
import { rebalanceKey, root, rosterKey } from '../store/core/keys.ts';
import type { ClusterState, Touched } from '../store/core/state.ts';
import type { LeaderTerm } from '../store/election.ts';
import type { Replica } from '../store/replica.ts';
import type { BrainObserver } from './brain-observer.ts';
import type { CellEar } from './cell-ear.ts';
import { createAgenda } from './core/agenda.ts';
import { autoRebalanceSteps } from './core/auto-rebalance.ts';
import { cellEvents, type KnownCells, knownFromJournal } from './core/cell-watch.ts';
import { type ConvergeInput, type ConvergeResult, convergeSteps } from './core/converge.ts';
import { decisionEvents, event } from './core/journal.ts';
import { missingCells } from './core/lost-cells.ts';
import { decisionMutation } from './core/mutations.ts';
import {
  emptyScope,
  fullScope,
  isEmpty,
  markCell,
  markIndex,
  markTouched,
  type Scope,
} from './core/scope.ts';
import { nextRoster, pausedCells, stormEvents } from './core/storm.ts';
import { Placer } from './placer.ts';
import { TermWriter } from './term-writer.ts';

export interface TermOptions {
  readonly bbs: Bbs;
  readonly replica: Replica;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly serverName: string;
  /** brain.ts has the meaning. */
  readonly servingSince?: Millis;
  readonly ear?: CellEar;
  readonly observers: readonly BrainObserver[];
  readonly term: LeaderTerm;
  /** Aborts with the term's signal, or when the term is over for another reason. */
  readonly signal: AbortSignal;
}

/** One decision can make another due (a deletion, a creation); what is left after these rounds waits 50 ms. */
const roundsMax = 4;
/** Decisions that are written before the replica must have them. */
const portionMax = 20_000;
const cellsPollMs = 100;

/** How much a pass looked at. */
interface Look {
  readonly full: boolean;
  /** LRPs and tasks. */
  readonly count: number;
}

const noLook: Look = { full: false, count: 0 };

function lookOf(
  { all, lrps, tasks }: Scope,
  { desired, tasks: everyTask }: ClusterState,
  before: Look,
): Look {
  const count = all ? desired.size + everyTask.size : lrps.size + tasks.size;
  return { full: all || before.full, count: before.count + count };
}

export class Term {
  readonly placer: Placer;
  readonly #options: TermOptions;
  readonly #writer: TermWriter;
  readonly #agenda = createAgenda();
  #scope = fullScope();
  #freshDomains = new Set<string>();
  /** The last pass has not come to its end. */
  #isUnsure = false;
  /** Undefined until the first pass has read the journal. */
  #knownCells: KnownCells | undefined;
  /** Keys of records that cannot be read, and why: each is told of once. */
  readonly #corrupt = new Map<string, string>();
  #evenedAt = Number.NEGATIVE_INFINITY;
  #decisionCount = 0;
  #conflictCount = 0;
  #looked = noLook;

  constructor(options: TermOptions) {
    const { bbs, clock, rng, term, signal, observers, replica, ear } = options;
    this.#options = options;
    this.#writer = new TermWriter({
      bbs,
      clock,
      rng,
      fence: term.fence,
      expect: (mutations) => replica.expect(mutations),
      signal,
    });
    const caughtUp = (revision: number): Promise<void> => this.#caughtUp(revision);
    const rest = (): Promise<void> => this.#rest();
    const unheard = async (): Promise<ReadonlySet<CellId>> =>
      (await ear?.unheard(replica.state.cells.keys(), { signal })) ?? new Set();
    this.placer = new Placer({ clock, rng, writer: this.#writer, caughtUp, rest, unheard, observers });
  }

  /** When something falls due by time alone. */
  get nextDue(): number | undefined {
    return this.#agenda.next;
  }

  get decisionCount(): number {
    return this.#decisionCount;
  }

  get conflictCount(): number {
    return this.#conflictCount;
  }

  /** How much the last pass looked at. */
  get looked(): Look {
    return this.#looked;
  }

  /** Takes note of news from the replica; true when they may call for a decision. */
  hear(touched: Touched, state: ClusterState): boolean {
    markTouched(this.#scope, touched, state);
    this.placer.hear(touched, state);
    const { all, lrps, tasks, cells, assignments, domains, settings } = touched;
    return all || settings || [lrps, tasks, cells, assignments, domains].some(({ size }) => size > 0);
  }

  /** Throws `Fenced` when somebody else leads, `Unavailable` when the store does not answer. */
  async pass(sweep: boolean): Promise<void> {
    // A pass that failed may have written what it was not told of: a copy without that would place it twice.
    if (this.#isUnsure) await this.#writer.learnRevision();
    this.#isUnsure = true;
    this.#looked = noLook;
    await this.#caughtUp();
    const { state } = this.#options.replica;
    if (this.#knownCells === undefined) {
      await this.#untilCellsAreBack(state);
      await this.#open(state);
    }
    if (sweep) {
      this.#scope.all = true;
      await this.#writer.ensureDefaultDomain(state);
      await this.#caughtUp();
    }
    await this.#keepRoster(state);
    this.#lookAround(state);
    await this.#converge(state);
    await this.placer.place(state, sweep);
    if (sweep) await this.#evenCells(state);
    await this.#writer.flush();
    if (sweep) await this.#writer.trimJournal(state);
    await this.#caughtUp();
    this.#isUnsure = false;
  }

  /** Only if the operator switched it on, and only while nothing waits for a place. */
  async #evenCells(state: ClusterState): Promise<void> {
    const { clock, signal } = this.#options;
    const now = clock.now();
    const isOn = state.settings?.value.autoRebalance === true && this.placer.waitingCount === 0;
    if (!isOn || now - this.#evenedAt < defaults.autoRebalanceEveryMs) return;
    this.#evenedAt = now;
    const wanted = await inSlices(autoRebalanceSteps(state, now), clock, signal);
    if (wanted === undefined) return;
    const committed = await this.#writer.commit([wanted], (value) => ({
      compare: [{ key: rebalanceKey, revision: 0 }],
      puts: [{ key: rebalanceKey, value: encode(value) }],
    }));
    if (committed.length === 0) return;
    const message = `evens the cells by itself: ${wanted.asked} moves`;
    this.#writer.note([event('brain.rebalance', now, 'brain', message)]);
  }

  /** Waits until the replica has what this term wrote, beginning with the leader key itself. */
  async #caughtUp(revision = this.#writer.revision): Promise<void> {
    const { replica, signal } = this.#options;
    await replica.waitFor(revision, defaults.apiDeadlineMs, signal);
  }

  async #untilCellsAreBack(state: ClusterState): Promise<void> {
    const { clock, log, servingSince, signal } = this.#options;
    if (servingSince === undefined) return;
    const missing = missingCells(state);
    const until = servingSince + defaults.presenceTtlMs;
    if (missing.length === 0 || clock.now() >= until) return;
    log.info('brain.waits_for_cells', { cells: missing.length, first: missing[0], ms: until - clock.now() });
    while (clock.now() < until && missingCells(state).length > 0) await clock.sleep(cellsPollMs, signal);
  }

  async #open(state: ClusterState): Promise<void> {
    const { clock, serverName, term } = this.#options;
    this.#knownCells = knownFromJournal(state);
    for (const { type, subject, message } of state.events.values()) {
      if (type === 'record.corrupt') this.#corrupt.set(root + subject, message);
    }
    const message = `leads the cluster in raft term ${term.raftTerm}`;
    this.#writer.note([event('brain.elected', clock.now(), serverName, message)]);
    await this.#writer.flush();
  }

  /** The roster is durable before anything is decided from it; what it pauses or lets go is looked at again. */
  async #keepRoster(state: ClusterState): Promise<void> {
    const { clock } = this.#options;
    const before = state.roster;
    const now = clock.now();
    const after = nextRoster(state, now);
    if (after === undefined || state.corrupt.has(rosterKey)) return;
    const paused = pausedCells(before?.value);
    const committed = await this.#writer.commit([after], (value) => ({
      compare: [{ key: rosterKey, revision: before?.revision ?? 0 }],
      puts: [{ key: rosterKey, value: encode(value) }],
    }));
    if (committed.length === 0) return;
    this.#writer.note(stormEvents(before?.value, after, now));
    const pausedNow = pausedCells(after);
    for (const cellId of paused) if (!pausedNow.has(cellId)) markCell(this.#scope, cellId, state);
    if ([...pausedNow].some((cellId) => !paused.has(cellId))) {
      // Replacements that were made before it was a storm wait for a place already.
      this.placer.forget();
      this.#scope.all = true;
    }
    await this.#caughtUp();
  }

  /** What no decision is about: time, domains, cells that came and went, records that cannot be read. */
  #lookAround(state: ClusterState): void {
    const now = this.#options.clock.now();
    for (const what of this.#agenda.take(now)) {
      if (what.kind === 'task') this.#scope.tasks.add(what.guid);
      else markIndex(this.#scope, what.guid, what.index);
    }
    for (const name of state.domains.keys()) if (!this.#freshDomains.has(name)) this.#scope.all = true;
    this.#freshDomains = new Set(state.domains.keys());
    if (this.#knownCells !== undefined) this.#writer.note(cellEvents(this.#knownCells, state, now));
    for (const [key, reason] of state.corrupt) {
      const message = `cannot be read and is left alone: ${reason}`;
      if (this.#corrupt.get(key) === message) continue;
      this.#corrupt.set(key, message);
      this.#writer.note([event('record.corrupt', now, key.slice(root.length), message)]);
    }
  }

  async #converge(state: ClusterState): Promise<void> {
    const { clock, rng, log, observers } = this.#options;
    for (let round = 0; round < roundsMax && !isEmpty(this.#scope); round++) {
      const scope = this.#scope;
      this.#looked = lookOf(scope, state, this.#looked);
      this.#scope = emptyScope();
      const now = clock.now();
      const { decisions, work, due } = await this.#decide({ state, scope, now });
      await this.placer.add(work);
      for (const item of due) this.#agenda.add(item);
      if (decisions.length === 0) continue;
      const context = { now, unique: () => randomName(rng) };
      // In portions, so that the replica keeps up with what is written and other work gets its turn.
      for (let from = 0; from < decisions.length; from += portionMax) {
        const portion = decisions.slice(from, from + portionMax);
        const committed = await this.#writer.commit(portion, (decision) =>
          decisionMutation(decision, context),
        );
        this.#decisionCount += committed.length;
        this.#conflictCount += portion.length - committed.length;
        log.debug('brain.decided', { decisions: portion.length, committed: committed.length });
        this.#writer.note(decisionEvents(committed, now));
        for (const observer of observers) observer.decided(portion, committed);
        await this.#caughtUp();
      }
    }
  }

  /** The server does its other work meanwhile: heartbeats, answers, the lease of this term. */
  #rest(): Promise<void> {
    return this.#options.clock.sleep(0, this.#options.signal);
  }

  async #decide(input: ConvergeInput): Promise<ConvergeResult> {
    const steps = convergeSteps(input);
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
      await this.#rest();
    }
  }
}
