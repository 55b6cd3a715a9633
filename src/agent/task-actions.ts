/**
 * How a cell does each step for an attempt at a task: one function a kind of step, called by the attempt's
 * worker (tasks.ts).
 */
import { messageOf, SkepError } from '../base/core/errors.ts';
import { defaults } from '../model/defaults.ts';
import type { Task } from '../model/task.ts';
import type { CellContext } from './cell-context.ts';
import type { Container } from './core/container.ts';
import { taskSpec } from './core/container-spec.ts';
import { exitReason } from './core/exit-reason.ts';
import type { TaskStep } from './core/task-step.ts';
import { sawTaskContainer, type TaskAttempt } from './task-attempt.ts';

type StepOf<K extends TaskStep['kind']> = Extract<TaskStep, { readonly kind: K }>;
type Acted = Exclude<TaskStep['kind'], 'none' | 'discover' | 'forget' | 'confirm'>;
export type TaskActions = { readonly [K in Acted]: (attempt: TaskAttempt, step: StepOf<K>) => Promise<void> };

export function taskActions(cell: CellContext): TaskActions {
  const { runtime, signal, log } = cell;

  /**
   * Creates the container and starts it, once. What fails before the start is a rejection; a start that
   * failed may have done something, so it is judged by what the container then is.
   */
  async function launch(attempt: TaskAttempt): Promise<void> {
    const task = attempt.definition;
    if (task === undefined) return;
    attempt.launch = new AbortController();
    const unwanted = AbortSignal.any([signal, attempt.launch.signal]);
    try {
      attempt.looked = false;
      const id = await prepare(attempt, task, unwanted);
      if (id === undefined || unwanted.aborted) return;
      attempt.started = true;
      await runtime.start(id, { signal });
      sawTaskContainer(attempt, await runtime.inspect(id, { signal }));
    } catch (error) {
      if (unwanted.aborted || (await cell.engine.isAwayAfter(error))) return;
      attempt.outcome = { failed: true, failureReason: `failed to run container: ${messageOf(error)}` };
      log.warn('task.run_failed', { task: task.guid, reason: messageOf(error) });
    } finally {
      attempt.launch = undefined;
    }
  }

  /** The id of the created container; undefined when the task was rejected, or is to be tried again. */
  async function prepare(
    attempt: TaskAttempt,
    task: Task,
    unwanted: AbortSignal,
  ): Promise<string | undefined> {
    try {
      if (task.privileged && !cell.config.allowPrivileged) {
        throw new SkepError(
          'InvalidRequest',
          `cell ${cell.config.cellId} does not allow privileged containers`,
        );
      }
      await cell.images.ensure(task.image, { signal: unwanted });
      return await cell.creations.run(() => create(attempt, task, unwanted), unwanted);
    } catch (error) {
      if (unwanted.aborted || (await cell.engine.isAwayAfter(error))) return undefined;
      attempt.rejection = `failed to create container: ${messageOf(error)}`;
      log.warn('task.rejected', { task: task.guid, reason: messageOf(error) });
      return undefined;
    }
  }

  async function create(attempt: TaskAttempt, task: Task, unwanted: AbortSignal): Promise<string> {
    unwanted.throwIfAborted();
    attempt.launched = true;
    return await runtime.create(taskSpec(cell.owner(), task, attempt.attempt), { signal: unwanted });
  }

  /** The content of the result file, or why there is none. */
  async function readResult(container: Container, path: string): Promise<string | undefined> {
    try {
      const maxBytes = defaults.taskResultMaxBytes;
      return new TextDecoder().decode(await runtime.readFile(container.id, path, { maxBytes, signal }));
    } catch (error) {
      if (await cell.engine.isAwayAfter(error)) throw error;
      log.warn('task.result_unread', { task: container.identity.guid, reason: messageOf(error) });
      return undefined;
    }
  }

  return {
    launch,
    async fail(attempt, { reason }) {
      attempt.outcome = { failed: true, failureReason: reason };
    },
    async reject(attempt, { reason }) {
      attempt.rejection = reason;
    },
    async finish(attempt, { container }) {
      const path = attempt.definition?.resultFile;
      const exitCode = container.exitCode ?? -1;
      const result = path === undefined ? undefined : await readResult(container, path);
      const unread = path !== undefined && result === undefined;
      const hasFailed = exitCode !== 0 || container.oomKilled;
      const failureReason = hasFailed ? exitReason(container) : unread ? 'failed to fetch result' : undefined;
      attempt.outcome = { failed: failureReason !== undefined, failureReason, exitCode, result };
    },
    async stop(attempt, { containerId, graceMs, because }) {
      log.info('task.stopping', { task: attempt.guid, because });
      await runtime.stop(containerId, { graceMs, signal });
      sawTaskContainer(attempt, await runtime.inspect(containerId, { signal }));
    },
    async remove(attempt, { container }) {
      await runtime.remove(container.id, { signal });
      sawTaskContainer(attempt, undefined);
    },
  };
}
