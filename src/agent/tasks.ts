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
import { TaskActions } from './task-actions.ts';
import { newAttempt, sawTaskContainer, type TaskAttempt } from './task-attempt.ts';
import { type ListMark, type PassiveStep, Units } from './units.ts';

type ReportName = TaskReport['method'];
type ActiveStep = Exclude<TaskStep, PassiveStep>;

export class Tasks {
  readonly #cell: CellContext;
  readonly #actions: TaskActions;
  readonly #units: Units<TaskAttempt, ReportName, ActiveStep>;
  #assigned: Assigned = nothingKnown;

  constructor(cell: CellContext) {
    this.#cell = cell;
    this.#actions = new TaskActions(cell);
    this.#units = new Units<TaskAttempt, ReportName, ActiveStep>(cell, {
      isReady: () => true,
      nextStep: nextTaskStep,
      act: (attempt, step) => this.#act(attempt, step),
      saw: sawTaskContainer,
      retire: (attempt) => attempt.launch?.abort(),
      forgotten: () => undefined,
      dueReport: dueTaskReport,
      answered: record,
      refused(attempt, due) {
        if (due.method === 'startTask') attempt.refused = true;
        else attempt.recorded = true;
        return true;
      },
    });
  }

  get count(): number {
    return this.#units.count;
  }

  assign(assigned: Assigned): void {
    this.#assigned = assigned;
    const current = new Map<TaskAttempt, Task>();
    for (const task of assigned.tasks.values()) {
      const attempt = this.#attemptFor(task);
      if (attempt !== undefined) current.set(attempt, task);
    }
    for (const attempt of this.#units.all) this.#assignOne(attempt, current.get(attempt));
  }

  beginList(): ListMark {
    return this.#units.beginList();
  }

  /** Takes in all containers of tasks; `mark` is what `beginList` returned before they were asked for. */
  observe(containers: readonly Container[], mark: ListMark): void {
    const listed = new Map(containers.map((container) => [container.identity.instanceGuid, container]));
    for (const [name, container] of listed) {
      if (this.#units.get(name) !== undefined) continue;
      const found = this.#units.add(newAttempt({ guid: container.identity.guid, attempt: name, own: false }));
      sawTaskContainer(found, container);
    }
    for (const attempt of this.#units.all) this.#compare(attempt, listed.get(attempt.key), mark);
    // A task may have come back to this cell before its last attempt was refused: it gets another.
    this.assign(this.#assigned);
  }

  /** Something happened to a container: look at it now. */
  touch(name: string): void {
    this.#units.touch(name);
  }

  /** Reports that failed are sent again now. */
  retryReports(): void {
    this.#units.retryReports();
  }

  /** Attempts whose containers nobody claims. */
  unclaimed(): TaskAttempt[] {
    return this.#units.unclaimed();
  }

  /** A quorum-backed answer: these are not this cell's. */
  disown(attempts: readonly TaskAttempt[]): void {
    this.#units.disown(attempts);
  }

  find(name: string): Container | undefined {
    return this.#units.get(name)?.container;
  }

  /** Containers that run now. */
  running(): Container[] {
    return this.#units.running();
  }

  /** Stops watching; touches no container. */
  close(): void {
    this.#units.close();
  }

  /** The attempt that an assigned record is about; undefined when there is nothing for this cell to do. */
  #attemptFor(task: Task): TaskAttempt | undefined {
    if (task.state === 'RUNNING' && task.attempt !== undefined) {
      const names = { guid: task.guid, attempt: task.attempt, own: false };
      return this.#units.get(task.attempt) ?? this.#units.add(newAttempt(names, task));
    }
    if (task.state !== 'PENDING') return undefined;
    const names = { guid: task.guid, attempt: randomName(this.#cell.rng), own: true };
    const mine = this.#units.all.find(
      (attempt) => attempt.own && !attempt.refused && isSamePlacement(attempt, task),
    );
    return mine ?? this.#units.add(newAttempt(names, task));
  }

  #assignOne(attempt: TaskAttempt, task: Task | undefined): void {
    if (sameRecord(attempt.assigned, task)) return;
    attempt.assigned = task;
    if (task === undefined) attempt.launch?.abort();
    else attempt.definition = task;
    // A refusal can be overtaken by a copy of the same request that was granted.
    if (task?.state === 'RUNNING' && attempt.own) Object.assign(attempt, { granted: true, refused: false });
    this.#units.changed(attempt);
  }

  #compare(attempt: TaskAttempt, listed: Container | undefined, mark: ListMark): void {
    const isStale = attempt.busy || attempt.changedAt > mark.sequence;
    if (listed !== undefined && !isStale) sawTaskContainer(attempt, listed);
    if (mark.known.has(attempt.key) && !isStale) attempt.looked = true;
    this.#units.compared(attempt, listed !== undefined);
  }

  #act(attempt: TaskAttempt, step: ActiveStep): Promise<void> {
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
