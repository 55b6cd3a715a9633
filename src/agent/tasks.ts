/**
 * All attempts at tasks on this cell: the same shape as instances.ts. An attempt is drawn here when a PENDING
 * task is assigned, and is tied to this process: one that this process did not draw is only ever watched to
 * its end, so a task never runs twice. Built by cell.ts.
 */
import { backoffMs } from '../base/core/backoff.ts';
import { messageOf, unreachable } from '../base/core/errors.ts';
import { randomName } from '../base/core/rng.ts';
import { keyedQueue } from '../base/keyed-queue.ts';
import type { Task } from '../model/task.ts';
import type { CellContext } from './cell-context.ts';
import type { Assigned } from './core/assignments.ts';
import type { Container } from './core/container.ts';
import { dueTaskReport, nextTaskStep, type TaskReport, type TaskStep } from './core/task-step.ts';
import type { ListMark } from './instances.ts';
import { isDefinite } from './session/links.ts';
import { taskActions } from './task-actions.ts';
import { dropAttempt, newAttempt, sawTaskContainer, type TaskAttempt } from './task-attempt.ts';

const maxWorkers = 512;
const maxReports = 64;
const maxStepsInRow = 16;
const retry = { firstMs: 200, maxMs: 10_000 } as const;
const reportRetry = { firstMs: 100, maxMs: 5_000 } as const;

export interface Tasks {
  assign(assigned: Assigned): void;
  beginList(): ListMark;
  observe(containers: readonly Container[], mark: ListMark): void;
  touch(attempt: string): void;
  retryReports(): void;
  unclaimed(): readonly { readonly guid: string; readonly attempt: string }[];
  disown(attempts: readonly string[]): void;
  find(attempt: string): Container | undefined;
  readonly count: number;
  idle(): Promise<void>;
  close(): void;
}

export function manageTasks(cell: CellContext): Tasks {
  const { clock, log, signal } = cell;
  const byAttempt = new Map<string, TaskAttempt>();
  const actions = taskActions(cell);
  let sequence = 0;

  const failed = (key: string, error: unknown): void => {
    const attempt = byAttempt.get(key);
    if (attempt === undefined || signal.aborted) return;
    attempt.failures += 1;
    log.warn('task.step_failed', { task: attempt.guid, reason: messageOf(error) });
    void cell.engine.isAwayAfter(error);
    again(attempt, backoffMs(retry, attempt.failures, cell.rng));
  };
  const workers = keyedQueue<string>(maxWorkers, failed);
  const reports = keyedQueue<string>(maxReports, failed);

  function push(attempt: TaskAttempt): void {
    if (!signal.aborted) workers.push(attempt.attempt, () => work(attempt));
  }

  function again(attempt: TaskAttempt, ms: number): void {
    attempt.workTimer?.cancel();
    attempt.workTimer = clock.after(ms, () => push(attempt));
  }

  async function work(attempt: TaskAttempt): Promise<void> {
    if (signal.aborted || byAttempt.get(attempt.attempt) !== attempt) return;
    attempt.busy = true;
    try {
      if (attempt.container !== undefined && cell.engine.status.ok) {
        sawTaskContainer(attempt, await cell.runtime.inspect(attempt.container.id, { signal }));
      }
      let steps = 0;
      while (await takeStep(attempt)) {
        steps += 1;
        if (steps === maxStepsInRow) return again(attempt, retry.firstMs);
      }
      attempt.failures = 0;
    } finally {
      attempt.busy = false;
      attempt.changedAt = ++sequence;
      report(attempt);
    }
  }

  async function takeStep(attempt: TaskAttempt): Promise<boolean> {
    if (signal.aborted || !cell.engine.status.ok) return false;
    const step = nextTaskStep(attempt, clock.now());
    switch (step.kind) {
      case 'none':
        if (step.againAt !== undefined) again(attempt, Math.max(0, step.againAt - clock.now()));
        return false;
      case 'discover':
        cell.wakePass();
        return false;
      case 'confirm':
        cell.wakeConfirm();
        return false;
      case 'forget':
        dropAttempt(attempt);
        byAttempt.delete(attempt.attempt);
        return false;
      default:
        await act(attempt, step);
        return true;
    }
  }

  function act(
    attempt: TaskAttempt,
    step: Exclude<TaskStep, { kind: 'none' | 'discover' | 'confirm' | 'forget' }>,
  ): Promise<void> {
    switch (step.kind) {
      case 'launch':
        return actions.launch(attempt, step);
      case 'fail':
        return actions.fail(attempt, step);
      case 'reject':
        return actions.reject(attempt, step);
      case 'finish':
        return actions.finish(attempt, step);
      case 'stop':
        return actions.stop(attempt, step);
      case 'remove':
        return actions.remove(attempt, step);
      default:
        return unreachable(step);
    }
  }

  function report(attempt: TaskAttempt): void {
    if (signal.aborted || dueTaskReport(attempt) === undefined) return;
    reports.push(attempt.attempt, () => send(attempt));
  }

  async function send(attempt: TaskAttempt): Promise<void> {
    const due = dueTaskReport(attempt);
    if (due === undefined || signal.aborted) return;
    try {
      await cell.links.request(due.method, due.params, { signal });
      answered(attempt, due);
    } catch (error) {
      if (signal.aborted) return;
      if (!isDefinite(error)) return reportLater(attempt, due, error);
      log.warn('task.report_refused', { task: attempt.guid, report: due.method, reason: messageOf(error) });
      if (due.method === 'startTask') attempt.refused = true;
      else attempt.recorded = true;
    }
    attempt.reportFailures = 0;
    push(attempt);
  }

  function reportLater(attempt: TaskAttempt, due: TaskReport, error: unknown): void {
    attempt.reportFailures += 1;
    if (attempt.reportFailures === 1) {
      log.warn('task.report_failed', { task: attempt.guid, report: due.method, reason: messageOf(error) });
    }
    attempt.reportTimer?.cancel();
    const waitMs = backoffMs(reportRetry, attempt.reportFailures, cell.rng);
    attempt.reportTimer = clock.after(waitMs, () => report(attempt));
  }

  /** The attempt that an assigned record is about; undefined when there is nothing for this cell to do. */
  function attemptFor(task: Task): TaskAttempt | undefined {
    if (task.state === 'RUNNING' && task.attempt !== undefined) {
      return (
        byAttempt.get(task.attempt) ??
        add(newAttempt({ guid: task.guid, attempt: task.attempt, own: false }, 0))
      );
    }
    if (task.state !== 'PENDING') return undefined;
    const mine = [...byAttempt.values()].find(
      (attempt) => attempt.guid === task.guid && attempt.own && isSamePlacement(attempt, task),
    );
    if (mine !== undefined) return mine;
    const names = { guid: task.guid, attempt: randomName(cell.rng), own: true };
    const drawn = add(newAttempt(names, task.rejectionCount));
    drawn.definition = task;
    return drawn;
  }

  function add(attempt: TaskAttempt): TaskAttempt {
    byAttempt.set(attempt.attempt, attempt);
    return attempt;
  }

  return {
    assign(assigned) {
      const current = new Map<TaskAttempt, Task>();
      for (const task of assigned.tasks.values()) {
        const attempt = attemptFor(task);
        if (attempt !== undefined) current.set(attempt, task);
      }
      for (const attempt of byAttempt.values()) {
        const task = current.get(attempt);
        if (sameRecord(attempt.assigned, task)) continue;
        attempt.assigned = task;
        if (task === undefined) attempt.launch?.abort();
        else attempt.definition = task;
        if (task?.state === 'RUNNING' && attempt.own) attempt.granted = true;
        push(attempt);
        report(attempt);
      }
    },
    beginList: () => ({ sequence: ++sequence, known: new Set(byAttempt.keys()) }),
    observe(containers, mark) {
      const listed = new Map(containers.map((container) => [container.identity.instanceGuid, container]));
      for (const [name, { identity }] of listed) {
        if (!byAttempt.has(name)) add(newAttempt({ guid: identity.guid, attempt: name, own: false }, 0));
      }
      for (const attempt of byAttempt.values()) {
        const listedOne = listed.get(attempt.attempt);
        const isStale = attempt.busy || attempt.changedAt > mark.sequence;
        if (listedOne !== undefined && !isStale) sawTaskContainer(attempt, listedOne);
        if (mark.known.has(attempt.attempt)) attempt.looked = true;
        const vanished = listedOne === undefined && attempt.container !== undefined;
        if (vanished || nextTaskStep(attempt, clock.now()).kind !== 'none') push(attempt);
        report(attempt);
      }
    },
    touch(name) {
      const attempt = byAttempt.get(name);
      if (attempt !== undefined) push(attempt);
    },
    retryReports() {
      for (const attempt of byAttempt.values()) report(attempt);
    },
    unclaimed: () =>
      [...byAttempt.values()].filter((attempt) => nextTaskStep(attempt, clock.now()).kind === 'confirm'),
    disown(attempts) {
      for (const name of attempts) {
        const attempt = byAttempt.get(name);
        if (attempt === undefined || attempt.assigned !== undefined) continue;
        attempt.foreign = true;
        push(attempt);
      }
    },
    find: (name) => byAttempt.get(name)?.container,
    get count() {
      return byAttempt.size;
    },
    idle: () => workers.idle(),
    close() {
      for (const attempt of byAttempt.values()) dropAttempt(attempt);
    },
  };
}

/** A guid may come back for another task, or for the same one after a rejection. */
function isSamePlacement(attempt: TaskAttempt, task: Task): boolean {
  return attempt.rejectionCount === task.rejectionCount && attempt.definition?.createdAt === task.createdAt;
}

function sameRecord(a: Task | undefined, b: Task | undefined): boolean {
  return (
    a === b || (a !== undefined && b !== undefined && a.state === b.state && a.updatedAt === b.updatedAt)
  );
}

function answered(attempt: TaskAttempt, due: TaskReport): void {
  if (due.method === 'startTask') attempt.granted = true;
  else attempt.recorded = true;
}
