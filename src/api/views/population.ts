/**
 * The rows of one kind in one scope, whatever the filter: how many there are in which state, and the orders that
 * are kept of them. Work is done in small steps by hub.ts, which never lets it hold up anything else for long.
 */
import type { ClusterState, Touched } from '../../store/core/state.ts';
import { naturalKey } from '../core/natural-order.ts';
import type { ViewKind } from '../core/view-shapes.ts';
import { Order, type OrderSpec, type Ref } from './order.ts';
import type { Scope, ViewSource } from './source.ts';

/** An order that is not all there yet, and what remains to be put in it. */
interface Filling {
  readonly refs: Iterator<Ref>;
  done: number;
  /** It was all there before: only what passes a filter by age is looked at again. */
  readonly isAgain: boolean;
}

export class Population {
  readonly kind: ViewKind;
  readonly scope: Scope;
  readonly source: ViewSource;
  /** The store's revision that everything here is at least as new as. */
  revision = 0;
  readonly #state: ClusterState;
  readonly #refs = new Map<string, Ref>();
  readonly #counts = new Map<string, number>();
  readonly #orders = new Set<Order>();
  readonly #dirty = new Set<string>();
  readonly #fillings = new Map<Order, Filling>();
  #scan: Iterator<string> | undefined;
  #scanned = 0;
  #expected = 0;

  constructor(kind: ViewKind, scope: Scope, source: ViewSource, state: ClusterState) {
    this.kind = kind;
    this.scope = scope;
    this.source = source;
    this.#state = state;
    this.reset();
  }

  get size(): number {
    return this.#refs.size;
  }

  get orders(): ReadonlySet<Order> {
    return this.#orders;
  }

  get hasWork(): boolean {
    return this.#scan !== undefined || this.#dirty.size > 0 || this.#fillings.size > 0;
  }

  /** Rows in scope by state; empty for a kind without states. */
  get counts(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const [state, count] of this.#counts) if (state !== '' && count > 0) counts[state] = count;
    return counts;
  }

  /** Begins anew, because the state was replaced. */
  reset(): void {
    this.#refs.clear();
    this.#counts.clear();
    this.#dirty.clear();
    this.#fillings.clear();
    for (const order of this.#orders) order.clear();
    this.#scan = this.source.keys(this.#state, this.scope)[Symbol.iterator]();
    this.#scanned = 0;
    this.#expected = this.source.estimate(this.#state, this.scope);
  }

  /** Notes what a batch of changes touched. */
  touch(touched: Touched): void {
    for (const key of this.source.touched(touched, this.#state, this.scope)) this.#dirty.add(key);
    if (!this.hasWork) this.revision = this.#state.revision;
  }

  addOrder(spec: OrderSpec): Order {
    const order = new Order(spec, this.source);
    this.#orders.add(order);
    if (this.#scan === undefined) this.#fill(order, false);
    return order;
  }

  /** The place of a row in an order; -1 when it is not there. */
  placeOf(order: Order, key: string): number {
    return order.placeOf(this.#refs.get(key));
  }

  removeOrder(order: Order): void {
    this.#orders.delete(order);
    this.#fillings.delete(order);
  }

  /** Looks at every row again: a filter by age lets others through as time goes by. */
  refill(order: Order): void {
    if (this.progress(order) === undefined) this.#fill(order, true);
  }

  #fill(order: Order, isAgain: boolean): void {
    this.#fillings.set(order, { refs: this.#refs.values(), done: 0, isAgain });
  }

  /** How far the making of an order is; undefined when nothing is missing. */
  progress(order: Order): { readonly done: number; readonly of: number } | undefined {
    if (this.#scan !== undefined) {
      return { done: this.#scanned, of: Math.max(this.#scanned, this.#expected) };
    }
    const filling = this.#fillings.get(order);
    if (filling === undefined || filling.isAgain) return undefined;
    return { done: filling.done, of: Math.max(filling.done, this.#refs.size) };
  }

  /** Does the next bit of work: one row for one or all orders. Only when there is work. */
  step(now: number): void {
    const key = this.#dirty.size === 0 ? undefined : this.#dirty.values().next().value;
    if (key !== undefined) {
      this.#dirty.delete(key);
      this.#put(key, now);
    } else if (this.#scan !== undefined) this.#scanOne(this.#scan, now);
    else for (const [order, filling] of this.#fillings) this.#fillOne(order, filling, now);
    if (!this.hasWork) this.revision = this.#state.revision;
  }

  #scanOne(scan: Iterator<string>, now: number): void {
    const next = scan.next();
    if (next.done === true) {
      this.#scan = undefined;
      return;
    }
    this.#scanned += 1;
    this.#put(next.value, now);
  }

  #fillOne(order: Order, filling: Filling, now: number): void {
    const next = filling.refs.next();
    if (next.done === true) {
      this.#fillings.delete(order);
      return;
    }
    filling.done += 1;
    order.put(next.value, this.#state, now);
  }

  #put(key: string, now: number): void {
    const state = this.source.stateOf(this.#state, key, this.scope);
    const before = this.#refs.get(key);
    if (before !== undefined) this.#count(before.state, -1);
    if (state === undefined) {
      if (before === undefined) return;
      this.#refs.delete(key);
      for (const order of this.#orders) order.remove(before);
      return;
    }
    this.#count(state, 1);
    const ref = before ?? { key, order: naturalKey(key), state };
    ref.state = state;
    if (before === undefined) this.#refs.set(key, ref);
    for (const order of this.#orders) order.put(ref, this.#state, now);
  }

  #count(state: string, by: number): void {
    this.#counts.set(state, (this.#counts.get(state) ?? 0) + by);
  }
}
