/**
 * How a cell does each step for an attempt at a task: one method a kind of step, called by the attempt's
 * worker (tasks.ts).
 */
import { messageOf } from '../base/core/errors.ts';
import { defaults } from '../model/defaults.ts';
import { startFailure } from '../model/start-failure.ts';
import type { Task } from '../model/task.ts';
import type { CellContext } from './cell-context.ts';
import type { Container } from './core/container.ts';
import { taskSpec } from './core/container-spec.ts';
import { exitReason } from './core/exit-reason.ts';
import type { TaskStep } from './core/task-step.ts';
import { isNoAnswer } from './engine.ts';
import { requirePrivileged } from './privilege.ts';
import { sawTaskContainer, type TaskAttempt } from './task-attempt.ts';

export class TaskActions {
  readonly #cell: CellContext;

  constructor(cell: CellContext) {
    this.#cell = cell;
  }

  /**
   * Creates the container and starts it, once. What fails before the start is a rejection; a start that
   * failed may have done something, so it fails the task.
   */
  async launch(attempt: TaskAttempt): Promise<void> {
    const task = attempt.definition;
    if (task === undefined) return;
    const { runtime, signal, engine, log } = this.#cell;
    attempt.launch = new AbortController();
    const unwanted = AbortSignal.any([signal, attempt.launch.signal]);
    try {
      const id = await this.#prepare(attempt, task, unwanted);
      if (id === undefined || unwanted.aborted) return;
      attempt.started = true;
      await runtime.start(id, { signal });
      sawTaskContainer(attempt, await runtime.inspect(id, { signal }));
    } catch (error) {
      if (unwanted.aborted || (await engine.isAwayAfter(error))) return;
      if (isNoAnswer(error)) throw error;
      attempt.outcome = { failed: true, failureReason: startFailure('run', messageOf(error)) };
      log.warn('task.run_failed', { task: task.guid, reason: messageOf(error) });
    } finally {
      attempt.launch = undefined;
    }
  }

  async fail(attempt: TaskAttempt, reason: string): Promise<void> {
    attempt.outcome = { failed: true, failureReason: reason };
  }

  async reject(attempt: TaskAttempt, reason: string): Promise<void> {
    attempt.rejection = reason;
  }

  /** The action ended: its exit status decides, and a result that cannot be read fails a success. */
  async finish(attempt: TaskAttempt, container: Container): Promise<void> {
    const path = attempt.definition?.resultFile;
    const result = path === undefined ? undefined : await this.#readResult(container, path);
    const unread = path !== undefined && result === undefined;
    const hasFailed = container.exitCode !== 0 || container.oomKilled;
    const failureReason = hasFailed ? exitReason(container) : unread ? 'failed to fetch result' : undefined;
    const failed = failureReason !== undefined;
    attempt.outcome = { failed, failureReason, exitCode: container.exitCode, result };
  }

  async stop(attempt: TaskAttempt, step: Extract<TaskStep, { kind: 'stop' }>): Promise<void> {
    const { runtime, signal, log } = this.#cell;
    log.info('task.stopping', { task: attempt.label, because: step.because });
    await runtime.stop(step.containerId, { graceMs: step.graceMs, signal });
    sawTaskContainer(attempt, await runtime.inspect(step.containerId, { signal }));
  }

  async remove(attempt: TaskAttempt, container: Container): Promise<void> {
    const { runtime, signal } = this.#cell;
    await runtime.remove(container.id, { signal });
    sawTaskContainer(attempt, undefined);
  }

  /** The id of the created container; undefined when the task was rejected, or nobody can tell yet. */
  async #prepare(attempt: TaskAttempt, task: Task, unwanted: AbortSignal): Promise<string | undefined> {
    const { images, creations, engine, log } = this.#cell;
    try {
      if (task.privileged) requirePrivileged(this.#cell);
      await images.ensure(task.image, { signal: unwanted });
      return await creations.run(() => this.#create(attempt, task, unwanted), unwanted);
    } catch (error) {
      if (unwanted.aborted || (await engine.isAwayAfter(error))) return undefined;
      attempt.rejection = startFailure('create', messageOf(error));
      log.warn('task.rejected', { task: task.guid, reason: messageOf(error) });
      return undefined;
    }
  }

  /** From here on only a list that is asked for later can tell whether there is a container. */
  async #create(attempt: TaskAttempt, task: Task, unwanted: AbortSignal): Promise<string> {
    unwanted.throwIfAborted();
    attempt.launched = true;
    attempt.looked = false;
    const spec = taskSpec(this.#cell.owner(), task, attempt.attempt);
    return await this.#cell.runtime.create(spec, { signal: unwanted });
  }

  /** Undefined when there is none, or none that may be kept. */
  async #readResult(container: Container, path: string): Promise<string | undefined> {
    const { runtime, signal, engine, log } = this.#cell;
    try {
      const maxBytes = defaults.taskResultMaxBytes;
      return new TextDecoder().decode(await runtime.readFile(container.id, path, { maxBytes, signal }));
    } catch (error) {
      if (await engine.isAwayAfter(error)) throw error;
      log.warn('task.result_unread', { task: container.identity.guid, reason: messageOf(error) });
      return undefined;
    }
  }
}
