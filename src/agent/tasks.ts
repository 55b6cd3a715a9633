/**
 * All attempts at tasks on this cell: the same shape as instances.ts. An attempt is drawn here when a PENDING
 * task is assigned, and is tied to this process: one that this process did not draw is only ever watched to
 * its end, so a task never runs twice. Built by cell.ts.
 */
import { unreachable } from '../base/core/errors.ts';
import { randomName } from '../base/core/rng.ts';
import type { Task } from '../model/task.ts';
import type { CellContext } from './cell-context.ts';
import { type Assigned, nothingKnown } from './core/assignments.ts';
import type { Container } from './core/container.ts';
import { dueTaskReport, nextTaskStep, type TaskReport, type TaskStep } from './core/task-step.ts';
import type { ListMark } from './instances.ts';
import { TaskActions } from './task-actions.ts';
import { newAttempt, sawTaskContainer, type TaskAttempt } from './task-attempt.ts';
import { type UnitRules, UnitWorkers } from './unit-workers.ts';

type ReportName = TaskReport['method'];

export class Tasks {
  readonly #cell: CellContext;
  readonly #byAttempt = new Map<string, TaskAttempt>();
  readonly #actions: TaskActions;
  readonly #workers: UnitWorkers<TaskAttempt, ReportName>;
  #assigned: Assigned = nothingKnown;

  constructor(cell: CellContext) {
    this.#cell = cell;
    this.#actions = new TaskActions(cell);
    const rules: UnitRules<TaskAttempt, ReportName> = {
      has: (attempt) => this.#byAttempt.get(attempt.key) === attempt,
      reread: (attempt) => this.#reread(attempt),
      takeStep: (attempt) => this.#takeStep(attempt),
      dueReport: dueTaskReport,
      answered: record,
      refused(attempt, due) {
        if (due.method === 'startTask') attempt.refused = true;
        else attempt.recorded = true;
        return true;
      },
    };
    this.#workers = new UnitWorkers(cell, rules);
  }

  get count(): number {
    return this.#byAttempt.size;
  }

  assign(assigned: Assigned): void {
    this.#assigned = assigned;
    const current = new Map<TaskAttempt, Task>();
    for (const task of assigned.tasks.values()) {
      const attempt = this.#attemptFor(task);
      if (attempt !== undefined) current.set(attempt, task);
    }
    for (const attempt of this.#byAttempt.values()) this.#assignOne(attempt, current.get(attempt));
  }

  beginList(): ListMark {
    return { sequence: this.#workers.mark(), known: new Set(this.#byAttempt.keys()) };
  }

  /** Takes in all containers of tasks; `mark` is what `beginList` returned before they were asked for. */
  observe(containers: readonly Container[], mark: ListMark): void {
    const listed = new Map(containers.map((container) => [container.identity.instanceGuid, container]));
    for (const [name, container] of listed) {
      if (this.#byAttempt.has(name)) continue;
      const found = this.#add(newAttempt({ guid: container.identity.guid, attempt: name, own: false }));
      sawTaskContainer(found, container);
    }
    for (const attempt of this.#byAttempt.values()) this.#compare(attempt, listed.get(attempt.key), mark);
    // A task may have come back to this cell before its last attempt was refused: it gets another.
    this.assign(this.#assigned);
  }

  /** Something happened to a container: look at it now. */
  touch(name: string): void {
    const attempt = this.#byAttempt.get(name);
    if (attempt !== undefined) this.#workers.push(attempt);
  }

  /** Reports that failed are sent again now. */
  retryReports(): void {
    for (const attempt of this.#byAttempt.values()) this.#workers.report(attempt);
  }

  /** Attempts whose containers nobody claims. */
  unclaimed(): TaskAttempt[] {
    const now = this.#cell.clock.now();
    return [...this.#byAttempt.values()].filter((one) => nextTaskStep(one, now).kind === 'confirm');
  }

  /** A quorum-backed answer: these are not this cell's. */
  disown(attempts: readonly TaskAttempt[]): void {
    for (const attempt of attempts) {
      if (attempt.assigned !== undefined) continue;
      attempt.foreign = true;
      this.#workers.push(attempt);
    }
  }

  find(name: string): Container | undefined {
    return this.#byAttempt.get(name)?.container;
  }

  /** Containers that run now. */
  running(): Container[] {
    const all = [...this.#byAttempt.values()].map(({ container }) => container);
    return all.filter((container) => container?.state === 'running') as Container[];
  }

  /** Stops watching; touches no container. */
  close(): void {
    for (const attempt of this.#byAttempt.values()) this.#drop(attempt);
  }

  /** The attempt that an assigned record is about; undefined when there is nothing for this cell to do. */
  #attemptFor(task: Task): TaskAttempt | undefined {
    if (task.state === 'RUNNING' && task.attempt !== undefined) {
      const names = { guid: task.guid, attempt: task.attempt, own: false };
      return this.#byAttempt.get(task.attempt) ?? this.#add(newAttempt(names, task));
    }
    if (task.state !== 'PENDING') return undefined;
    const names = { guid: task.guid, attempt: randomName(this.#cell.rng), own: true };
    const mine = [...this.#byAttempt.values()].find(
      (attempt) => attempt.own && !attempt.refused && isSamePlacement(attempt, task),
    );
    return mine ?? this.#add(newAttempt(names, task));
  }

  #assignOne(attempt: TaskAttempt, task: Task | undefined): void {
    if (sameRecord(attempt.assigned, task)) return;
    attempt.assigned = task;
    if (task === undefined) attempt.launch?.abort();
    else attempt.definition = task;
    // A refusal can be overtaken by a copy of the same request that was granted.
    if (task?.state === 'RUNNING' && attempt.own) Object.assign(attempt, { granted: true, refused: false });
    this.#workers.push(attempt);
    this.#workers.report(attempt);
  }

  #compare(attempt: TaskAttempt, listed: Container | undefined, mark: ListMark): void {
    const isStale = attempt.busy || attempt.changedAt > mark.sequence;
    if (listed !== undefined && !isStale) sawTaskContainer(attempt, listed);
    if (mark.known.has(attempt.key) && !isStale) attempt.looked = true;
    const vanished = listed === undefined && attempt.container !== undefined;
    if (vanished || nextTaskStep(attempt, this.#cell.clock.now()).kind !== 'none')
      this.#workers.push(attempt);
    this.#workers.report(attempt);
  }

  #add(attempt: TaskAttempt): TaskAttempt {
    this.#byAttempt.set(attempt.key, attempt);
    return attempt;
  }

  #drop(attempt: TaskAttempt): void {
    attempt.launch?.abort();
    this.#workers.drop(attempt);
  }

  async #reread(attempt: TaskAttempt): Promise<void> {
    if (attempt.container === undefined) return;
    const { runtime, signal } = this.#cell;
    sawTaskContainer(attempt, await runtime.inspect(attempt.container.id, { signal }));
  }

  /** Without an engine nothing is known, so no step is taken. */
  async #takeStep(attempt: TaskAttempt): Promise<boolean> {
    const { signal, engine, clock } = this.#cell;
    if (signal.aborted || !engine.status.ok) return false;
    const step = nextTaskStep(attempt, clock.now());
    switch (step.kind) {
      case 'none':
        if (step.againAt !== undefined) this.#workers.pushAt(attempt, step.againAt);
        return false;
      case 'discover':
        this.#cell.wakePass();
        return false;
      case 'confirm':
        this.#cell.wakeConfirm();
        return false;
      case 'forget':
        this.#drop(attempt);
        this.#byAttempt.delete(attempt.key);
        return false;
      default:
        await this.#act(attempt, step);
        return true;
    }
  }

  #act(
    attempt: TaskAttempt,
    step: Exclude<TaskStep, { kind: 'none' | 'discover' | 'confirm' | 'forget' }>,
  ): Promise<void> {
    switch (step.kind) {
      case 'launch':
        return this.#actions.launch(attempt);
      case 'fail':
        return this.#actions.fail(attempt, step.reason);
      case 'reject':
        return this.#actions.reject(attempt, step.reason);
      case 'finish':
        return this.#actions.finish(attempt, step.container);
      case 'stop':
        return this.#actions.stop(attempt, step);
      case 'remove':
        return this.#actions.remove(attempt, step.container);
      default:
        return unreachable(step);
    }
  }
}

/** A guid may come back for another task, or for the same one after a rejection. */
function isSamePlacement({ definition }: TaskAttempt, task: Task): boolean {
  return (
    definition?.guid === task.guid &&
    definition.createdAt === task.createdAt &&
    definition.rejectionCount === task.rejectionCount
  );
}

function sameRecord(a: Task | undefined, b: Task | undefined): boolean {
  return (
    a === b || (a !== undefined && b !== undefined && a.state === b.state && a.updatedAt === b.updatedAt)
  );
}

function record(attempt: TaskAttempt, due: TaskReport): void {
  if (due.method === 'startTask') attempt.granted = true;
  else attempt.recorded = true;
}
