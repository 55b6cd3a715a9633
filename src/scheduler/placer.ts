/**
 * What waits for a place, within one term: keeps it, holds an auction when that may change something, writes
 * the claims, and puts on record why the rest has none. Used by term.ts only.
 */
import type { Clock } from '../base/clock.ts';
import { type Rng, randomName } from '../base/core/rng.ts';
import type { ActualLrp, Refusal } from '../model/actual-lrp.ts';
import type { Eviction, LrpWork, Placement, TaskWork, Work } from '../model/auction.ts';
import { type BrainSettings, defaultBrainSettings } from '../model/cell-spec.ts';
import { defaults } from '../model/defaults.ts';
import { wantedInstances } from '../model/desired-lrp.ts';
import { type CellId, instanceName, type Millis } from '../model/ids.ts';
import type { Task } from '../model/task.ts';
import { desiredKey } from '../store/core/keys.ts';
import type { Mutation } from '../store/core/records.ts';
import type { ClusterState, Versioned } from '../store/core/state.ts';
import type { BrainObserver } from './brain-observer.ts';
import { auction, auctionOptions } from './core/auction.ts';
import { orderBatch, workKey } from './core/batch.ts';
import { lrpWork, taskWork } from './core/converge.ts';
import type { DecisionOf } from './core/decision.ts';
import { decisionEvents, event, placedEvents, rejectedEvents, unplacedEvents } from './core/journal.ts';
import { lastResorts } from './core/last-resort.ts';
import {
  assignMutation,
  claimMutation,
  decisionMutation,
  refuseLrpMutation,
  refuseTaskMutation,
} from './core/mutations.ts';
import { towardsTarget } from './core/rebalance-step.ts';
import { createUsage } from './core/usage.ts';
import type { TermWriter } from './term-writer.ts';

/** Work with the record that a claim compares. */
type Waiting =
  | { readonly work: LrpWork; readonly record: Versioned<ActualLrp> }
  | { readonly work: TaskWork; readonly record: Versioned<Task> };

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

/** Why an auction is held: refusals are written and counted by it. */
interface Cause {
  readonly sweep: boolean;
  readonly counts: boolean;
}

/**
 * Work in one auction: those of a mass start follow each other, each on the cells as the one before left them,
 * so that the server does its other work meanwhile, and cells start the first while the last are placed.
 */
const portionMax = 20_000;
/** An auction over more than this takes a while by itself. */
const restAbove = 2_000;
/** Cells that are read in one step, each with up to 250 claims: about 40 ms of one core. */
const cellsPerStep = 64;

export interface PlacerOptions {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly writer: TermWriter;
  /** Resolves when the replica has what the writer wrote. */
  readonly caughtUp: () => Promise<void>;
  /** Lets the server do its other work. */
  readonly rest: () => Promise<void>;
  readonly observers: readonly BrainObserver[];
}

export class Placer {
  readonly #options: PlacerOptions;
  readonly #waiting = new Map<string, Work>();
  readonly #usage = createUsage();
  /** Cells whose claims changed since the last auction; undefined: all. */
  #changedCells: Set<CellId> | undefined;
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

  add(work: readonly Work[]): void {
    for (const item of work) {
      const key = workKey(item);
      if (!this.#waiting.has(key)) this.#newWork = true;
      this.#waiting.set(key, item);
    }
  }

  /** Forgets what waits; a full look of the converger brings back what is still to be placed. */
  forget(): void {
    this.#waiting.clear();
  }

  /** These cells' claims or presence changed; undefined: anything may have. */
  cellsChanged(cellIds: Iterable<CellId> | undefined): void {
    if (cellIds === undefined) this.#changedCells = undefined;
    else for (const cellId of cellIds) this.#changedCells?.add(cellId);
  }

  /**
   * Places what can be placed, if there is new work, new room, or a sweep. A sweep also uses up one try of
   * each task that has no place: reference/diego.md 1.9.
   */
  async place(state: ClusterState, sweep: boolean): Promise<void> {
    this.#heedSettings(state);
    // What changed is read when something waits: 1,250 cells that report what they run change all the time.
    if (this.#waiting.size === 0) return;
    const joinable = this.#changedCells?.size !== 0 && this.#someFollow();
    const grew = await this.#recount(state);
    const worthIt = grew || joinable || this.#newWork || sweep;
    if (!worthIt) return;
    this.#newWork = false;
    const { now } = this.#moment();
    const counts = sweep && now - this.#countedAt >= defaults.convergeSweepMs / 2;
    if (counts) this.#countedAt = now;
    const ordered = orderBatch([...this.#waiting.values()]);
    for (let from = 0; from < ordered.length; from += portionMax) {
      if (from > 0) {
        await this.#options.caughtUp();
        await this.#recount(state);
      }
      await this.#placePortion(state, ordered.slice(from, from + portionMax), { sweep, counts });
    }
  }

  /**
   * Reads anew the cells that changed; true when work may fit that did not before. What changes on a cell while the
   * others are read can only be less work, since all claims are made here, and is read the next time.
   */
  async #recount(state: ClusterState): Promise<boolean> {
    const changed = this.#changedCells;
    this.#changedCells = new Set();
    const known = this.#usage.cells.map(({ cellId }) => cellId);
    const cellIds = [...(changed ?? new Set([...known, ...state.cells.keys()]))];
    let grew = false;
    for (let from = 0; from < cellIds.length; from += cellsPerStep) {
      if (from > 0) await this.#options.rest();
      grew = this.#usage.refresh(state, new Set(cellIds.slice(from, from + cellsPerStep))) || grew;
    }
    return grew;
  }

  async #placePortion(state: ClusterState, work: readonly Work[], cause: Cause): Promise<void> {
    const { observers, rest } = this.#options;
    const waiting = this.#stillWaiting(state, work);
    if (work.length > restAbove) await rest();
    const explainMax = Math.max(0, ...observers.map((observer) => observer.explainMax));
    const result = auction(
      this.#usage.cells,
      [...waiting.values()].map((item) => item.work),
      { ...auctionOptions(this.#settings), explainMax },
    );
    for (const observer of observers) observer.refused(result.unplaced);
    const placed = result.placements.flatMap((placement): Placed[] => {
      const item = waiting.get(workKey(placement.work));
      return item === undefined ? [] : [{ waiting: item, placement }];
    });
    const refused = result.unplaced.flatMap(({ work, refusal }): Refused[] => {
      const item = waiting.get(workKey(work));
      return item === undefined ? [] : [refusedItem(item, refusal, cause)].filter(worthWriting);
    });
    if (work.length > restAbove) await rest();
    await this.#claim(placed);
    await this.#evict(state, result.evictions);
    await this.#refuse(refused);
  }

  /** Other settings may let in what was refused, and preemption needs to know more of each cell. */
  #heedSettings(state: ClusterState): void {
    const settings: BrainSettings = state.settings?.value ?? defaultBrainSettings;
    if (settings === this.#settings) return;
    this.#settings = settings;
    this.#changedCells = undefined;
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
  #stillWaiting(state: ClusterState, listed: readonly Work[]): Map<string, Waiting> {
    const waiting = new Map<string, Waiting>();
    const heed = lastResorts(state, this.#moment().now);
    for (const work of listed) {
      const key = workKey(work);
      const item = work.kind === 'lrp' ? waitingLrp(state, work, heed) : waitingTask(state, work);
      if (item === undefined) this.#waiting.delete(key);
      else waiting.set(key, item);
    }
    return waiting;
  }

  /** A claim that conflicts leaves the list too: what it conflicted with marks it for another look. */
  async #claim(placed: readonly Placed[]): Promise<void> {
    const { writer, rng, observers } = this.#options;
    const { now } = this.#moment();
    const context = { now, unique: () => randomName(rng) };
    const committed = await writer.commit(placed, ({ waiting, placement: { cellId } }): Mutation => {
      return isLrp(waiting)
        ? claimMutation(waiting.record, cellId, context, waiting.work.rules.sticky)
        : assignMutation(waiting.record, cellId, now);
    });
    for (const { waiting } of placed) this.#waiting.delete(workKey(waiting.work));
    this.#placedCount += committed.length;
    const placements = committed.map(({ placement }) => placement);
    writer.note(placedEvents(placements, now));
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

function isLrp(waiting: Waiting): waiting is Extract<Waiting, { work: LrpWork }> {
  return waiting.work.kind === 'lrp';
}

function waitingLrp(
  state: ClusterState,
  { guid, index }: LrpWork,
  heed: (work: LrpWork) => LrpWork,
): Waiting | undefined {
  const desired = state.desired.get(guid);
  const record = state.actual.get(guid)?.get(index)?.ordinary;
  if (desired === undefined || state.corrupt.has(desiredKey(guid))) return undefined;
  if (record?.value.state !== 'UNCLAIMED' || index >= wantedInstances(desired.value)) return undefined;
  const work = heed(towardsTarget(state, lrpWork(desired.value, index, record.value.home)));
  return { work, record };
}

function waitingTask(state: ClusterState, { guid }: TaskWork): Waiting | undefined {
  const record = state.tasks.get(guid);
  if (record?.value.state !== 'PENDING' || record.value.cellId !== undefined) return undefined;
  return { work: taskWork(guid, record.value), record };
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
