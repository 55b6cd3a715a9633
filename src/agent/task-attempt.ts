/** What a cell keeps in memory for one attempt at a task. core/task-step.ts decides on the view in it. */
import type { Timer } from '../base/clock.ts';
import type { Task } from '../model/task.ts';
import type { Container } from './core/container.ts';
import type { TaskView } from './core/task-step.ts';

type Changeable<T> = { -readonly [K in keyof T]: T[K] };

export interface TaskAttempt extends Changeable<TaskView> {
  /** The last record that was assigned; undefined for a container that was only found. */
  definition: Task | undefined;
  /** Which placement of the task this is: a rejected task may come back, for another attempt. */
  rejectionCount: number;
  launch: AbortController | undefined;
  busy: boolean;
  changedAt: number;
  failures: number;
  reportFailures: number;
  workTimer: Timer | undefined;
  reportTimer: Timer | undefined;
}

export function newAttempt(
  names: Pick<TaskView, 'guid' | 'attempt' | 'own'>,
  rejectionCount: number,
): TaskAttempt {
  return {
    ...names,
    definition: undefined,
    rejectionCount,
    assigned: undefined,
    granted: false,
    refused: false,
    container: undefined,
    looked: false,
    launched: false,
    started: false,
    outcome: undefined,
    rejection: undefined,
    recorded: false,
    foreign: false,
    launch: undefined,
    busy: false,
    changedAt: 0,
    failures: 0,
    reportFailures: 0,
    workTimer: undefined,
    reportTimer: undefined,
  };
}

export function sawTaskContainer(attempt: TaskAttempt, container: Container | undefined): void {
  attempt.container = container;
  attempt.looked = true;
}

export function dropAttempt(attempt: TaskAttempt): void {
  attempt.launch?.abort();
  attempt.workTimer?.cancel();
  attempt.reportTimer?.cancel();
}
