/** What a cell keeps in memory for one attempt at a task. core/task-step.ts decides on the view in it. */
import type { Task } from '../model/task.ts';
import type { Container } from './core/container.ts';
import type { TaskView } from './core/task-step.ts';
import { freshUnit, type Unit } from './unit-workers.ts';

type Changeable<T> = { -readonly [K in keyof T]: T[K] };

export interface TaskAttempt extends Changeable<TaskView>, Unit {
  /** The last record that was assigned; undefined for a container that was only found. */
  definition: Task | undefined;
  /** Ends a launch that nobody wants any more. */
  launch: AbortController | undefined;
}

export function newAttempt(
  names: Pick<TaskView, 'guid' | 'attempt' | 'own'>,
  definition?: Task,
): TaskAttempt {
  return {
    ...freshUnit(names.attempt, names.guid),
    ...names,
    definition,
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
  };
}

export function sawTaskContainer(attempt: TaskAttempt, container: Container | undefined): void {
  attempt.container = container;
  attempt.looked = true;
}
