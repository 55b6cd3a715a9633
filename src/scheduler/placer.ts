/**
 * What waits for a place, within one term: keeps it, holds an auction when that may change something, writes
 * the claims, and puts on record why the rest has none. Used by term.ts only.
 */
import type { Clock } from '../base/clock.ts';
import { type Rng, randomName } from '../base/core/rng.ts';
import type { Refusal } from '../model/actual-lrp.ts';
import type { Eviction, LrpWork, Placement, Work } from '../model/auction.ts';
import { type BrainSettings, defaultBrainSettings } from '../model/cell-spec.ts';
import { defaults } from '../model/defaults.ts';
import { type CellId, instanceName, type Millis } from '../model/ids.ts';
import type { Mutation } from '../store/core/records.ts';
import type { ClusterState, Touched } from '../store/core/state.ts';
import type { BrainObserver } from './brain-observer.ts';
import { auctionOptions, auctionSteps } from './core/auction.ts';
import { orderBatchSteps, workKey } from './core/batch.ts';
import type { DecisionOf } from './core/decision.ts';
import { decisionEvents, event, placedEvents, rejectedEvents, unplacedEvents } from './core/journal.ts';
import { KeptUsage } from './core/kept-usage.ts';
import { lastResorts } from './core/last-resort.ts';
import {
  assignMutation,
  claimMutation,
  decisionMutation,
  refuseLrpMutation,
  refuseTaskMutation,
} from './core/mutations.ts';
import { isLrp, isNowhere, type Waiting, waitingLrp, waitingTask } from './core/waiting.ts';
import { OneBehind } from './one-behind.ts';
import type { TermWriter } from './term-writer.ts';

interface Placed {
  readonly waiting: Waiting;
  readonly placement: Placement;
}

interface Refused {
  readonly waiting: Waiting;
  readonly refusal: Refusal;
  /** It says something else than what is on record. */
  readonly news: boolean;
  /** It uses up one of a task's tries. */
  readonly counts: boolean;
}

/** The outcome of one auction, to be written. */
interface Decided {
  readonly placed: readonly Placed[];
  readonly evictions: readonly Eviction[];
  readonly refused: readonly Refused[];
  readonly unheard: ReadonlySet<CellId>;
}

/** How an auction is held: refusals are written and counted by its cause, and cells are its last resort. */
interface Terms {
  readonly sweep: boolean;
  readonly counts: boolean;
  /** Adds to work where its LRP keeps crashing. */
  readonly heed: (work: LrpWork) => LrpWork;
  readonly unheard: ReadonlySet<CellId>;
}

/**
 * Work in one auction: those of a mass start follow each other, each on the cells as the one before left them,
 * so that the server does its other work meanwhile, and cells start the first while the last are placed.
 */
const portionMax = 20_000;
/** Work that is looked up in one step: about 10 ms of one core. */
const workPerStep = 4_000;
/** Cells that are read in one step, each with up to 250 claims: about 40 ms of one core. */
const cellsPerStep = 64;

export interface PlacerOptions {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly writer: TermWriter;
  /** Resolves when the replica has what the writer wrote up to a revision. */
  readonly caughtUp: (revision: number) => Promise<void>;
  /** Lets the server do its other work. */
  readonly rest: () => Promise<void>;
  /** Cells that are present and that the leader hears nothing from now: they are everybody's last resort. */
  readonly unheard: () => Promise<ReadonlySet<CellId>>;
  readonly observers: readonly BrainObserver[];
}

export class Placer {
  readonly #options: PlacerOptions;
  readonly #waiting = new Map<string, Work>();
  readonly #usage = new KeptUsage();
  /** Something on some cell changed since the last auction. */
  #heard = true;
  #newWork = false;
  #settings = defaultBrainSettings;
  #countedAt = Number.NEGATIVE_INFINITY;
  #placedCount = 0;

  constructor(options: PlacerOptions) {
    this.#options = options;
  }

  /** How much waits for a place. */
  get waitingCount(): number {
    return this.#waiting.size;
  }

  get placedCount(): number {
    return this.#placedCount;
  }

  async add(work: readonly Work[]): Promise<void> {
    for (const [place, item] of work.entries()) {
      if (place > 0 && place % workPerStep === 0) await this.#options.rest();
      const key = workKey(item);
      if (!this.#waiting.has(key)) this.#newWork = true;
      this.#waiting.set(key, item);
    }
  }

  /** Forgets what waits; a full look of the converger brings back what is still to be placed. */
  forget(): void {
    this.#waiting.clear();
  }

  /** Takes note of what the replica heard. */
  hear(touched: Touched, state: ClusterState): void {
    this.#usage.hear(touched, state);
    this.#heard ||= touched.all || touched.cells.size > 0 || touched.assignments.size > 0;
  }

  /**
   * Places what can be placed, if there is new work, new room, or a sweep. A sweep also uses up one try of
   * each task that has no place: reference/diego.md 1.9.
   */
  async place(state: ClusterState, sweep: boolean): Promise<void> {
    this.#heedSettings(state);
    // Cells are read when something waits: until then nobody asks what they have left.
    if (this.#waiting.size === 0) return;
    const joinable = this.#heard && this.#someFollow();
    this.#heard = false;
    await this.#readCells(state);
    const grew = this.#usage.takeGrown();
    const worthIt = grew || joinable || this.#newWork || sweep;
    if (!worthIt) return;
    this.#newWork = false;
    const { now } = this.#moment();
    const counts = sweep && now - this.#countedAt >= defaults.convergeSweepMs / 2;
    if (counts) this.#countedAt = now;
    try {
      const unheard = await this.#options.unheard();
      const terms: Terms = { sweep, counts, heed: lastResorts(state, now), unheard };
      const work = await this.#inSteps(orderBatchSteps([...this.#waiting.values()], true));
      await this.#placeAll(state, work, terms);
    } catch (error) {
      // What was written is not known: the next pass begins with a replica that has it.
      this.#usage.forget();
      this.#newWork = true;
      throw error;
    }
  }

  /**
   * While one portion is written the next is decided, on cells where the claims under way have their room already.
   * The replica is never more than two portions behind, and has them all at the end.
   */
  async #placeAll(state: ClusterState, work: readonly Work[], terms: Terms): Promise<void> {
    const { writer, caughtUp } = this.#options;
    const writes = new OneBehind();
    try {
      for (let from = 0; from < work.length; from += portionMax) {
        await this.#readCells(state);
        const decided = await this.#decide(state, work.slice(from, from + portionMax), terms);
        await writes.end();
        const { revision } = writer;
        await writes.begin(() => this.#write(state, decided));
        await caughtUp(revision);
      }
    } finally {
      await writes.end();
    }
    await caughtUp(writer.revision);
    this.#usage.settle(state);
  }

  async #readCells(state: ClusterState): Promise<void> {
    while (!this.#usage.read(state, cellsPerStep)) await this.#options.rest();
  }

  async #decide(state: ClusterState, listed: readonly Work[], terms: Terms): Promise<Decided> {
    const { observers } = this.#options;
    const { unheard } = terms;
    const waiting = await this.#stillWaiting(state, listed, terms.heed);
    const explainMax = Math.max(0, ...observers.map((observer) => observer.explainMax));
    const steps = auctionSteps(this.#usage.cells(state), [...waiting.keys()], {
      ...auctionOptions(this.#settings),
      explainMax,
      unheard,
      isDistinct: true,
      isNowhere: (guid) => isNowhere(state, guid),
    });
    const { placements, unplaced, evictions } = await this.#inSteps(steps);
    for (const observer of observers) observer.refused(unplaced);
    const placed = placements.flatMap((placement): Placed[] => {
      const item = waiting.get(placement.work);
      return item === undefined ? [] : [{ waiting: item, placement }];
    });
    const refused = unplaced.flatMap(({ work, refusal }): Refused[] => {
      const item = waiting.get(work);
      return item === undefined ? [] : [refusedItem(item, refusal, terms)].filter(worthWriting);
    });
    for (const [place, { waiting: item, placement }] of placed.entries()) {
      if (place > 0 && place % workPerStep === 0) await this.#options.rest();
      this.#usage.claim(state, placement.cellId, item.record.key, placement.work);
    }
    return { placed, evictions, refused, unheard };
  }

  async #inSteps<T>(steps: Generator<void, T>): Promise<T> {
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
      await this.#options.rest();
    }
  }

  async #write(state: ClusterState, decided: Decided): Promise<void> {
    const { evictions, refused } = decided;
    await this.#claim(state, decided);
    await this.#evict(state, evictions);
    await this.#refuse(refused);
  }

  /** Other settings may let in what was refused, and preemption needs to know more of each cell. */
  #heedSettings(state: ClusterState): void {
    const settings: BrainSettings = state.settings?.value ?? defaultBrainSettings;
    if (settings === this.#settings) return;
    this.#settings = settings;
    this.#usage.doubt();
    this.#newWork = true;
  }

  /** Whether something waits for the company of another LRP: any claim may be what it waits for. */
  #someFollow(): boolean {
    for (const { rules } of this.#waiting.values()) if (rules.sameCellAs !== undefined) return true;
    return false;
  }

  /** Tells what has to make room to stop; who needs the room is placed once it is free. */
  async #evict(state: ClusterState, evictions: readonly Eviction[]): Promise<void> {
    const { writer, observers } = this.#options;
    const { now } = this.#moment();
    const decisions = evictions.flatMap(({ guid, index, cellId, work }): DecisionOf<'retire'>[] => {
      const record = state.actual.get(guid)?.get(index)?.ordinary;
      if (record?.value.cellId !== cellId) return [];
      const because = `makes room for ${instanceName(work.guid, work.index)}, which has priority ${work.priority}`;
      return [{ kind: 'retire', record, because }];
    });
    const context = { now, unique: () => randomName(this.#options.rng) };
    const committed = await writer.commit(decisions, (decision) => decisionMutation(decision, context));
    writer.note(decisionEvents(committed, now));
    for (const observer of observers) observer.decided(decisions, committed);
  }

  /** What is on the list and, by the replica, does wait; the rest leaves the list. */
  async #stillWaiting(
    state: ClusterState,
    listed: readonly Work[],
    heed: (work: LrpWork) => LrpWork,
  ): Promise<Map<Work, Waiting>> {
    const waiting = new Map<Work, Waiting>();
    for (const [place, work] of listed.entries()) {
      if (place > 0 && place % workPerStep === 0) await this.#options.rest();
      const key = workKey(work);
      const item = work.kind === 'lrp' ? waitingLrp(state, key, work, heed) : waitingTask(state, key, work);
      if (item === undefined) this.#waiting.delete(key);
      else waiting.set(item.work, item);
    }
    return waiting;
  }

  /**
   * A claim that conflicts gives its room back, and leaves the list too: what it conflicted with marks it for
   * another look.
   */
  async #claim(state: ClusterState, { placed, unheard }: Decided): Promise<void> {
    const { writer, rng, observers } = this.#options;
    const { now } = this.#moment();
    const context = { now, unique: () => randomName(rng) };
    const committed = await writer.commit(placed, ({ waiting, placement: { cellId } }): Mutation => {
      return isLrp(waiting)
        ? claimMutation(waiting.record, cellId, context, waiting.work.rules.sticky)
        : assignMutation(waiting.record, cellId, now);
    });
    for (const { waiting } of placed) this.#waiting.delete(waiting.listedAs);
    if (committed.length < placed.length) {
      const written = new Set(committed);
      for (const item of placed) if (!written.has(item)) this.#usage.giveBack(state, item.waiting.record.key);
    }
    this.#placedCount += committed.length;
    const placements = committed.map(({ placement }) => placement);
    const { events, more } = placedEvents(placements, now, unheard, writer.roomFor('instance.placed'));
    writer.note(events);
    writer.noteMore('instance.placed', more);
    for (const observer of observers) observer.placed(placements, placed.length - committed.length);
  }

  async #refuse(refused: readonly Refused[]): Promise<void> {
    const { writer } = this.#options;
    const { now } = this.#moment();
    const committed = await writer.commit(refused, ({ waiting, refusal, counts }): Mutation => {
      return isLrp(waiting)
        ? refuseLrpMutation(waiting.record, refusal, now)
        : refuseTaskMutation(waiting.record, refusal, counts, now);
    });
    const unplaced = committed.map(({ waiting, refusal, ...rest }) => ({
      work: waiting.work,
      refusal,
      ...rest,
    }));
    writer.note(
      unplacedEvents(
        unplaced.filter(({ news }) => news),
        now,
      ),
    );
    const failed = committed.filter(({ waiting, counts }) => counts && isLastTry(waiting));
    const rejected = unplaced.filter(
      ({ counts }, place) => counts && !failed.includes(committed[place] as Refused),
    );
    writer.note(rejectedEvents(rejected, now));
    writer.note(
      failed.map(({ waiting, refusal }) =>
        event('task.completed', now, waiting.work.guid, `failed: ${refusal.message}`),
      ),
    );
  }

  #moment(): { readonly now: Millis } {
    return { now: this.#options.clock.now() };
  }
}

/**
 * What a refusal is worth. Another message is written at once; other numbers under the same message only in
 * a sweep, for they change with every placement.
 */
function refusedItem(
  waiting: Waiting,
  refusal: Refusal,
  { sweep, counts }: { readonly sweep: boolean; readonly counts: boolean },
): Refused {
  const known = waiting.record.value.placementError;
  const news = known?.message !== refusal.message;
  const numbers = sweep && JSON.stringify(known) !== JSON.stringify(refusal);
  return {
    waiting,
    refusal: numbers || news || known === undefined ? refusal : known,
    news,
    counts: counts && !isLrp(waiting),
  };
}

function worthWriting({ waiting, refusal, news, counts }: Refused): boolean {
  return news || counts || refusal !== waiting.record.value.placementError;
}

function isLastTry(waiting: Waiting): boolean {
  return !isLrp(waiting) && waiting.record.value.rejectionCount >= defaults.taskMaxRejections;
}
