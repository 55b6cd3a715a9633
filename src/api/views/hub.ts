/**
 * Everything that the views of one server share: the orders that are open, and the one worker that keeps them
 * current in slices, so that 250,000 rows are never looked at in one go. Built once a server by api/http/app.ts;
 * view sessions acquire an order and release it.
 */
import type { Clock, Timer } from '../../base/clock.ts';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Touched } from '../../store/core/state.ts';
import type { Replica } from '../../store/replica.ts';
import { parseFilter } from '../core/view-filter.ts';
import type { ViewKind } from '../core/view-shapes.ts';
import { LrpCounter } from './lrp-counts.ts';
import type { Order } from './order.ts';
import { Population } from './population.ts';
import { type CheckedQuery, orderSpecOf } from './query.ts';
import { compileRegex } from './regex.ts';
import { createSource } from './sources.ts';

/** Work is done for so long, then everybody else has a turn. */
const sliceMs = 8;
const pauseMs = 1;
/** An order that nobody looks at is kept for a while: operators go back and forth. */
const lingerMs = 30_000;
/** How often a filter by age is applied anew. */
const agePassMs = 10_000;
/** Orders that are kept at one time, and the rows in them: 3,000,000 cost about 350 MB. */
const ordersMax = 64;
const rowsMax = 3_000_000;

/** Views that are open at one time: a terminal has a few, and each may cost a millisecond ten times a second. */
const viewsMax = 128;

/** An order that somebody looks at, or did a moment ago. */
interface Held {
  readonly name: string;
  readonly population: Population;
  readonly order: Order;
  readonly listeners: Set<() => void>;
  linger?: Timer;
  agePass?: Timer;
}

/** A view's share in an order, until it is released. */
export interface Lease {
  readonly population: Population;
  readonly order: Order;
  /** Idempotent. */
  release(): void;
}

export interface ViewHubOptions {
  readonly replica: Replica;
  readonly clock: Clock;
  readonly log: Log;
}

export class ViewHub {
  readonly #replica: Replica;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #held = new Map<string, Held>();
  readonly #populations = new Map<string, Population>();
  readonly #counter = new LrpCounter();
  readonly #closed = new AbortController();
  #unsubscribe: (() => void) | undefined;
  #working = false;
  #views = 0;

  constructor({ replica, clock, log }: ViewHubOptions) {
    this.#replica = replica;
    this.#clock = clock;
    this.#log = log;
  }

  /** For figures and tests. */
  get openOrders(): number {
    return this.#held.size;
  }

  /** Takes a place for one view; returns how to leave it. Throws `Busy` when all are taken. */
  enter(): () => void {
    if (this.#views >= viewsMax) {
      throw new SkepError('Busy', `this server serves ${viewsMax} views, which is as many as it may`, {
        hint: 'close a terminal that is not needed, or use another server: --server HOST:PORT',
      });
    }
    this.#views += 1;
    return () => {
      this.#views -= 1;
    };
  }

  /**
   * The order that a query asks for, maybe still in the making. Throws `InvalidRequest` for a query that makes no
   * sense, `Busy` when no further order can be kept.
   * @param onChange called after rows or counts have changed; must not throw
   */
  acquire(query: CheckedQuery, onChange: () => void): Lease {
    const name = nameOf(query);
    const held = this.#held.get(name) ?? this.#open(name, query);
    held.linger?.cancel();
    delete held.linger;
    // Two views may bring the same function.
    const listener = (): void => onChange();
    held.listeners.add(listener);
    return {
      population: held.population,
      order: held.order,
      release: () => {
        if (held.listeners.delete(listener) && held.listeners.size === 0) this.#idle(held);
      },
    };
  }

  /** Stops all work. */
  close(): void {
    this.#closed.abort(new SkepError('Cancelled', 'the server is shutting down'));
    for (const held of this.#held.values()) this.#drop(held);
  }

  #open(name: string, query: CheckedQuery): Held {
    const parsed = parseFilter(query.kind, query.filter, compileRegex);
    if (!parsed.ok) {
      const { message, hint } = parsed.refusal;
      throw new SkepError('InvalidRequest', message, { field: 'filter', hint });
    }
    const known = this.#populations.get(populationName(query));
    const source = known?.source ?? createSource(query.kind, this.#counter);
    const spec = orderSpecOf(query, source, parsed.filter);
    const { state } = this.#replica;
    this.#makeRoom(known?.size ?? source.estimate(state, query.scope));
    this.#unsubscribe ??= this.#replica.subscribe((touched) => this.#touch(touched));
    const population = known ?? new Population(query.kind, query.scope, source, state);
    this.#populations.set(populationName(query), population);
    const order = population.addOrder(spec);
    const held: Held = { name, population, order, listeners: new Set() };
    this.#held.set(name, held);
    if (spec.filter.usesTime) this.#passAgain(held);
    // What is small is there at once.
    this.#slice([population]);
    this.#work();
    return held;
  }

  /** Throws `Busy` when `rows` more cannot be kept, even if those that nobody looks at go. */
  #makeRoom(rows: number): void {
    const isFull = (): boolean => this.#held.size >= ordersMax || this.#rows() + rows > rowsMax;
    for (const held of this.#held.values()) {
      if (!isFull()) return;
      if (held.listeners.size === 0) this.#drop(held);
    }
    if (!isFull()) return;
    const message = `this server keeps ${this.#held.size} sorted lists of ${this.#rows()} rows for other terminals, and has no room for one more`;
    throw new SkepError('Busy', message, {
      hint: 'take off the filter or the sorting, close other views, or use another server: --server',
    });
  }

  #rows(): number {
    let rows = 0;
    for (const { order } of this.#held.values()) rows += order.size;
    for (const { size } of this.#populations.values()) rows += size;
    return rows;
  }

  #idle(held: Held): void {
    // Half an order is of no use to whoever comes back.
    if (held.population.progress(held.order) !== undefined) return this.#drop(held);
    held.linger = this.#clock.after(lingerMs, () => this.#drop(held));
  }

  #drop(held: Held): void {
    held.linger?.cancel();
    held.agePass?.cancel();
    if (!this.#held.delete(held.name)) return;
    const { population } = held;
    population.removeOrder(held.order);
    if (population.orders.size === 0) this.#populations.delete(populationName(population));
    if (this.#populations.size > 0) return;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#counter.forget();
  }

  #passAgain(held: Held): void {
    held.agePass = this.#clock.after(agePassMs, () => {
      if (held.listeners.size > 0) {
        held.population.refill(held.order);
        this.#work();
      }
      this.#passAgain(held);
    });
  }

  #touch(touched: Touched): void {
    this.#counter.touch(touched, this.#replica.state);
    for (const population of this.#populations.values()) {
      if (touched.all) population.reset();
      else population.touch(touched);
    }
    this.#work();
  }

  /** Works in slices until nothing is left; one at a time. */
  #work(): void {
    if (this.#working || this.#closed.signal.aborted) return;
    this.#working = true;
    this.#workOn().catch((error: unknown) => {
      this.#working = false;
      if (!this.#closed.signal.aborted) this.#log.error('api.view_failed', { reason: messageOf(error) });
    });
  }

  async #workOn(): Promise<void> {
    for (;;) {
      await this.#clock.sleep(pauseMs, this.#closed.signal);
      const busy = [...this.#populations.values()].filter(({ hasWork }) => hasWork);
      this.#slice(busy);
      // Before anybody is told: what they do then may bring work that must be begun anew.
      const isDone = !busy.some(({ hasWork }) => hasWork);
      if (isDone) this.#working = false;
      for (const held of this.#held.values()) {
        if (busy.includes(held.population)) for (const listener of held.listeners) listener();
      }
      if (isDone) return;
    }
  }

  /** Works on all of them in turns, row by row, for no longer than a slice. */
  #slice(populations: readonly Population[]): void {
    let now = this.#clock.now();
    const until = now + sliceMs;
    let left = populations.filter(({ hasWork }) => hasWork);
    while (left.length > 0 && now < until) {
      for (const population of left) population.step(now);
      if (left.some(({ hasWork }) => !hasWork)) left = left.filter(({ hasWork }) => hasWork);
      // A hostile filter takes milliseconds for one row.
      now = this.#clock.now();
    }
  }
}

function populationName({ kind, scope }: { readonly kind: ViewKind; readonly scope: object }): string {
  return JSON.stringify([kind, ...Object.entries(scope).sort(([a], [b]) => (a < b ? -1 : 1))]);
}

function nameOf(query: CheckedQuery): string {
  const { filter, faults, sort } = query;
  return JSON.stringify([populationName(query), filter.trim(), faults, sort?.column, sort?.descending]);
}
