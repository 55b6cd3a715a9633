/**
 * One worker and one reporter for each thing that a cell looks after: an instance, or an attempt at a task.
 * The worker re-reads the container and takes steps until there is none; the reporter tells the servers what
 * is due, on its own, so that servers which do not answer hold up no step. What fails is tried again after a
 * growing wait. Used by units.ts.
 */
import type { CellRequestName, CellRequestParams } from '../api/core/cell-protocol.ts';
import type { Timer } from '../base/clock.ts';
import { backoffMs } from '../base/core/backoff.ts';
import { messageOf, type SkepError } from '../base/core/errors.ts';
import { type KeyedQueue, keyedQueue } from '../base/keyed-queue.ts';
import type { CellContext } from './cell-context.ts';
import type { Trouble } from './core/instance-doing.ts';
import { isDefinite } from './session/links.ts';

/** More than a cell has container slots: one that pulls or stops for long must not hold up the others. */
const maxWorkers = 512;
const maxReports = 64;
const maxStepsInRow = 16;
const retry = { firstMs: 200, maxMs: 10_000 } as const;
const reportRetry = { firstMs: 100, maxMs: 5_000 } as const;

/** What the workers keep of each unit. */
export interface Unit {
  /** Unique among units: the instance guid, or the attempt. */
  readonly key: string;
  /** As logs call it: `web/2`, a task's guid. */
  readonly label: string;
  busy: boolean;
  /** Rises with every run of its worker: a list that was asked for before says nothing about it. */
  changedAt: number;
  failures: number;
  reportFailures: number;
  workTimer: Timer | undefined;
  reportTimer: Timer | undefined;
  /** The last of `failures`, and when the step is tried again. */
  trouble: Trouble | undefined;
}

export type Report<N extends CellRequestName> = {
  readonly [K in N]: { readonly method: K; readonly params: CellRequestParams<K> };
}[N];

/** What a kind of unit does with its steps and reports. */
export interface UnitRules<U extends Unit, N extends CellRequestName> {
  /** Whether the unit is still looked after. */
  has(unit: U): boolean;
  /** Reads its container anew. */
  reread(unit: U): Promise<void>;
  /** Does the next step; false when there is none now. */
  takeStep(unit: U): Promise<boolean>;
  dueReport(unit: U): Report<N> | undefined;
  answered(unit: U, report: Report<N>): void;
  /** Takes a definite refusal in; false when it settles nothing, so that the report is sent again. */
  refused(unit: U, report: Report<N>, error: SkepError): boolean;
}

export function freshUnit(key: string, label: string): Unit {
  return {
    key,
    label,
    busy: false,
    changedAt: 0,
    failures: 0,
    reportFailures: 0,
    workTimer: undefined,
    reportTimer: undefined,
    trouble: undefined,
  };
}

export class UnitWorkers<U extends Unit, N extends CellRequestName> {
  readonly #cell: CellContext;
  readonly #rules: UnitRules<U, N>;
  readonly #workers: KeyedQueue<string>;
  readonly #reports: KeyedQueue<string>;
  readonly #units = new Map<string, U>();
  #sequence = 0;

  constructor(cell: CellContext, rules: UnitRules<U, N>) {
    this.#cell = cell;
    this.#rules = rules;
    this.#workers = keyedQueue(maxWorkers, (key, error) => this.#failed(key, error));
    this.#reports = keyedQueue(maxReports, (key, error) => this.#failed(key, error));
  }

  /** A mark to compare `changedAt` with later. */
  mark(): number {
    return ++this.#sequence;
  }

  /** Has the unit looked at soon. */
  push(unit: U): void {
    if (this.#cell.signal.aborted) return;
    this.#units.set(unit.key, unit);
    this.#workers.push(unit.key, () => this.#work(unit));
  }

  /** The same after a wait; replaces an earlier wait. */
  pushAt(unit: U, at: number): void {
    unit.workTimer?.cancel();
    unit.workTimer = this.#cell.clock.after(Math.max(0, at - this.#cell.clock.now()), () => this.push(unit));
  }

  /** Sends what the servers are due to hear of the unit, if anything. */
  report(unit: U): void {
    if (this.#cell.signal.aborted || this.#rules.dueReport(unit) === undefined) return;
    this.#reports.push(unit.key, () => this.#send(unit));
  }

  /** Runs other work, with the same bound. */
  run(key: string, work: () => Promise<void>): void {
    this.#workers.push(key, work);
  }

  drop(unit: U): void {
    unit.workTimer?.cancel();
    unit.reportTimer?.cancel();
    this.#units.delete(unit.key);
  }

  async #work(unit: U): Promise<void> {
    if (this.#cell.signal.aborted || !this.#rules.has(unit)) return;
    unit.busy = true;
    try {
      if (this.#cell.engine.status.ok) await this.#rules.reread(unit);
      let steps = 0;
      while (await this.#rules.takeStep(unit)) {
        steps += 1;
        if (steps === maxStepsInRow) return this.pushAt(unit, this.#cell.clock.now() + retry.firstMs);
      }
      unit.failures = 0;
      unit.trouble = undefined;
    } finally {
      unit.busy = false;
      unit.changedAt = this.mark();
      this.report(unit);
    }
  }

  async #send(unit: U): Promise<void> {
    const due = this.#rules.dueReport(unit);
    if (due === undefined || this.#cell.signal.aborted) return;
    try {
      await this.#cell.links.request(due.method, due.params, { signal: this.#cell.signal });
      this.#rules.answered(unit, due);
    } catch (error) {
      if (this.#cell.signal.aborted) return;
      if (!isDefinite(error) || !this.#rules.refused(unit, due, error)) return this.#later(unit, due, error);
    }
    unit.reportFailures = 0;
    this.push(unit);
  }

  #later(unit: U, due: Report<N>, error: unknown): void {
    unit.reportFailures += 1;
    if (unit.reportFailures === 1 || isDefinite(error)) {
      const fields = { unit: unit.label, report: due.method, reason: messageOf(error) };
      this.#cell.log.warn('unit.report_failed', fields);
    }
    unit.reportTimer?.cancel();
    const waitMs = backoffMs(reportRetry, unit.reportFailures, this.#cell.rng);
    unit.reportTimer = this.#cell.clock.after(waitMs, () => this.report(unit));
  }

  #failed(key: string, error: unknown): void {
    const unit = this.#units.get(key);
    if (this.#cell.signal.aborted) return;
    this.#cell.log.warn('unit.step_failed', { unit: unit?.label ?? key, reason: messageOf(error) });
    void this.#cell.engine.isAwayAfter(error);
    if (unit === undefined) return;
    unit.failures += 1;
    const againAt = this.#cell.clock.now() + backoffMs(retry, unit.failures, this.#cell.rng);
    unit.trouble = { reason: messageOf(error), againAt };
    this.pushAt(unit, againAt);
  }
}
