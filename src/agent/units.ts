/**
 * The units of one kind on this cell by their keys, with their workers: what instances of LRPs and attempts at tasks
 * have in common. Made by instances.ts and tasks.ts, which say what the steps of their kind are.
 */
import type { CellRequestName } from '../api/core/cell-protocol.ts';
import type { Millis } from '../model/ids.ts';
import type { CellContext } from './cell-context.ts';
import type { Container } from './core/container.ts';
import { type Unit, type UnitRules, UnitWorkers } from './unit-workers.ts';

/** Taken before the engine is asked for its containers: what changes later is not in its answer. */
export interface ListMark {
  readonly sequence: number;
  readonly known: ReadonlySet<string>;
}

/** A unit that may have a container, and that somebody may have assigned to this cell. */
interface HeldUnit extends Unit {
  readonly assigned: object | undefined;
  container: Container | undefined;
  /** A quorum-backed answer says that it is not this cell's. */
  foreign: boolean;
}

/** Steps that touch no container. */
export type PassiveStep =
  | { readonly kind: 'none'; readonly againAt?: Millis | undefined }
  | { readonly kind: 'discover' }
  | { readonly kind: 'confirm' }
  | { readonly kind: 'forget' };

/** What is of one kind only; `A`: its steps that do something. */
interface KindRules<U extends HeldUnit, N extends CellRequestName, A extends { readonly kind: string }>
  extends Pick<UnitRules<U, N>, 'dueReport' | 'answered' | 'refused'> {
  /** Whether steps may be taken at all yet. */
  isReady(): boolean;
  nextStep(unit: U, now: Millis): PassiveStep | A;
  act(unit: U, step: A): Promise<void>;
  /** Notes its container as read just now; undefined: it has none. */
  saw(unit: U, container: Container | undefined): void;
  /** Ends everything that would act for it later. */
  retire(unit: U): void;
  /** It is looked after no more. */
  forgotten(unit: U): void;
}

export class Units<U extends HeldUnit, N extends CellRequestName, A extends { readonly kind: string }> {
  readonly #cell: CellContext;
  readonly #rules: KindRules<U, N, A>;
  readonly #byKey = new Map<string, U>();
  readonly workers: UnitWorkers<U, N>;

  constructor(cell: CellContext, rules: KindRules<U, N, A>) {
    this.#cell = cell;
    this.#rules = rules;
    this.workers = new UnitWorkers<U, N>(cell, {
      has: (unit) => this.#byKey.get(unit.key) === unit,
      reread: (unit) => this.#reread(unit),
      takeStep: (unit) => this.#takeStep(unit),
      dueReport: rules.dueReport,
      answered: rules.answered,
      refused: rules.refused,
    });
  }

  get count(): number {
    return this.#byKey.size;
  }

  get all(): U[] {
    return [...this.#byKey.values()];
  }

  get(key: string): U | undefined {
    return this.#byKey.get(key);
  }

  add(unit: U): U {
    this.#byKey.set(unit.key, unit);
    return unit;
  }

  /** Has it worked on, and what is due of it reported. */
  changed(unit: U): void {
    this.workers.push(unit);
    this.workers.report(unit);
  }

  beginList(): ListMark {
    return { sequence: this.workers.mark(), known: new Set(this.#byKey.keys()) };
  }

  /** A list has been compared with it: looks at it when its container is gone or a step is due. */
  compared(unit: U, isListed: boolean): void {
    const isGone = !isListed && unit.container !== undefined;
    if (isGone || this.#nextStep(unit).kind !== 'none') this.workers.push(unit);
    this.workers.report(unit);
  }

  /** Something happened to its container: look at it now. */
  touch(key: string): void {
    const unit = this.#byKey.get(key);
    if (unit !== undefined) this.workers.push(unit);
  }

  /** Reports that failed are sent again now. */
  retryReports(): void {
    for (const unit of this.#byKey.values()) this.workers.report(unit);
  }

  /** Those whose containers nobody claims. */
  unclaimed(): U[] {
    return this.all.filter((unit) => this.#nextStep(unit).kind === 'confirm');
  }

  /** A quorum-backed answer: these are not this cell's. */
  disown(units: readonly U[]): void {
    for (const unit of units) {
      if (unit.assigned !== undefined) continue;
      unit.foreign = true;
      this.workers.push(unit);
    }
  }

  /** Containers that run now. */
  running(): Container[] {
    return this.all.flatMap(({ container }) => (container?.state === 'running' ? [container] : []));
  }

  /** Stops watching; touches no container. */
  close(): void {
    for (const unit of this.#byKey.values()) this.#drop(unit);
  }

  #nextStep(unit: U): PassiveStep | A {
    return this.#rules.nextStep(unit, this.#cell.clock.now());
  }

  #drop(unit: U): void {
    this.#rules.retire(unit);
    this.workers.drop(unit);
  }

  async #reread(unit: U): Promise<void> {
    if (unit.container === undefined) return;
    const { runtime, signal } = this.#cell;
    this.#rules.saw(unit, await runtime.inspect(unit.container.id, { signal }));
  }

  /** Without an engine nothing is known, so no step is taken. */
  async #takeStep(unit: U): Promise<boolean> {
    const { signal, engine } = this.#cell;
    if (signal.aborted || !engine.status.ok || !this.#rules.isReady()) return false;
    const step = this.#nextStep(unit);
    if (isPassive(step)) {
      this.#heed(unit, step);
      return false;
    }
    await this.#rules.act(unit, step);
    return true;
  }

  #heed(unit: U, step: PassiveStep): void {
    switch (step.kind) {
      case 'none':
        if (step.againAt !== undefined) this.workers.pushAt(unit, step.againAt);
        return;
      case 'discover':
        return this.#cell.wakePass();
      case 'confirm':
        return this.#cell.wakeConfirm();
      case 'forget':
        this.#drop(unit);
        this.#byKey.delete(unit.key);
        return this.#rules.forgotten(unit);
    }
  }
}

const passive: ReadonlySet<string> = new Set<PassiveStep['kind']>(['none', 'discover', 'confirm', 'forget']);

function isPassive(step: { readonly kind: string }): step is PassiveStep {
  return passive.has(step.kind);
}
