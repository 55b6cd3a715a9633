/** One unit of work that runs at most once, and its state machine: reference/diego.md 1.9. */
import { z } from 'zod';
import { type Refusal, refusalSchema } from './actual-lrp.ts';
import { defaultDomain, defaults } from './defaults.ts';
import { type CellId, cellIdSchema, domainNameSchema, type Millis, taskGuidSchema } from './ids.ts';
import { placementSchema } from './placement.ts';
import { clipReason, workloadShape } from './workload.ts';

export const taskStates = ['PENDING', 'RUNNING', 'COMPLETED', 'RESOLVING'] as const;
export type TaskState = (typeof taskStates)[number];

const specShape = {
  ...workloadShape,
  guid: taskGuidSchema,
  domain: domainNameSchema.default(defaultDomain),
  /** A file in the container whose content becomes the result; at most 51,200 bytes. */
  placement: placementSchema,
  resultFile: z.string().startsWith('/', 'must be an absolute path').optional(),
};

export const taskSpecSchema = z.strictObject(specShape);
export type TaskSpec = z.infer<typeof taskSpecSchema>;
export type TaskInput = z.input<typeof taskSpecSchema>;

export const taskSchema = z.object({
  ...specShape,
  v: z.literal(1),
  state: z.enum(taskStates),
  createdAt: z.number(),
  updatedAt: z.number(),
  /** The cell that the brain chose. On a PENDING task: the cell may start it. Kept after completion. */
  cellId: cellIdSchema.optional(),
  /**
   * Drawn by the cell for its one attempt and committed with PENDING → RUNNING. A cell that does not know
   * it (its agent restarted in between) must not create the container.
   */
  attempt: z.string().optional(),
  containerId: z.string().optional(),
  startedAt: z.number().optional(),
  firstCompletedAt: z.number().optional(),
  failed: z.boolean().default(false),
  failureReason: z.string().optional(),
  exitCode: z.number().int().optional(),
  result: z.string().optional(),
  rejectionCount: z.number().int().min(0),
  rejectionReason: z.string().optional(),
  placementError: refusalSchema.optional(),
});
export type Task = Readonly<z.infer<typeof taskSchema>>;

export type TaskRefusal = 'InvalidStateTransition' | 'RunningOnDifferentCell';
export type TaskMove =
  | { readonly ok: true; readonly changed: boolean; readonly next: Task }
  | { readonly ok: false; readonly refusal: TaskRefusal; readonly message: string };

/** A fresh PENDING task. */
export function desireTask(spec: TaskSpec, now: Millis): Task {
  return {
    ...spec,
    v: 1,
    state: 'PENDING',
    createdAt: now,
    updatedAt: now,
    failed: false,
    rejectionCount: 0,
  };
}

function moved(task: Task, change: Partial<Task>, now: Millis): TaskMove {
  return { ok: true, changed: true, next: { ...task, ...change, updatedAt: now } };
}

function illegal(task: Task, to: string): TaskMove {
  return {
    ok: false,
    refusal: 'InvalidStateTransition',
    message: `Cannot transition from ${task.state} to ${to}`,
  };
}

/** The brain gives a PENDING task to a cell; it stays PENDING until the cell starts it. */
export function assignTask(task: Task, cellId: CellId, now: Millis): TaskMove {
  if (task.state !== 'PENDING' || task.cellId !== undefined) return illegal(task, 'PENDING');
  const { placementError: _old, ...rest } = task;
  return moved(rest, { cellId }, now);
}

/**
 * PENDING → RUNNING by the assigned cell. Once this is committed, and only then, may the container be
 * created; the same attempt asking again is told yes, any other is refused.
 */
export function startTask(task: Task, cellId: CellId, attempt: string, now: Millis): TaskMove {
  if (task.state === 'RUNNING' && task.cellId === cellId && task.attempt === attempt) {
    return { ok: true, changed: false, next: task };
  }
  if (task.state !== 'PENDING') return illegal(task, 'RUNNING');
  if (task.cellId !== cellId) return otherCell(task, cellId);
  return moved(task, { state: 'RUNNING', attempt, startedAt: now }, now);
}

function otherCell(task: Task, cellId: CellId): TaskMove {
  const message = `Running on cell ${task.cellId ?? '(none)'} not ${cellId}`;
  return { ok: false, refusal: 'RunningOnDifferentCell', message };
}

export interface TaskOutcome {
  readonly failed: boolean;
  readonly failureReason?: string | undefined;
  readonly exitCode?: number | undefined;
  readonly result?: string | undefined;
}

/** RUNNING → COMPLETED by the cell that owns it. Completing a completed one again changes nothing. */
export function completeTask(task: Task, cellId: CellId, outcome: TaskOutcome, now: Millis): TaskMove {
  if (task.state === 'COMPLETED' && task.cellId === cellId) return { ok: true, changed: false, next: task };
  if (task.state !== 'RUNNING') return illegal(task, 'COMPLETED');
  if (task.cellId !== cellId) return otherCell(task, cellId);
  return completed(task, outcome, now);
}

function completed(task: Task, outcome: TaskOutcome, now: Millis): TaskMove {
  const reason = outcome.failureReason;
  const change: Partial<Task> = {
    state: 'COMPLETED',
    failed: outcome.failed,
    firstCompletedAt: task.firstCompletedAt ?? now,
    ...(reason === undefined ? {} : { failureReason: clipReason(reason) }),
    ...(outcome.exitCode === undefined ? {} : { exitCode: outcome.exitCode }),
    ...(outcome.result === undefined ? {} : { result: outcome.result }),
  };
  return moved(task, change, now);
}

/** PENDING or RUNNING → COMPLETED, failed, whoever owns it: cancelled, expired, or its cell is lost. */
export function failTask(task: Task, reason: string, now: Millis): TaskMove {
  if (task.state !== 'PENDING' && task.state !== 'RUNNING') return illegal(task, 'COMPLETED');
  return completed(task, { failed: true, failureReason: reason }, now);
}

export const cancelReason = 'task was cancelled';

/**
 * The task could not be placed, or failed before its action started: it waits for the next pass, until it
 * was rejected too often. A RUNNING one may be rejected only by the cell that holds its attempt.
 */
export function rejectTask(task: Task, reason: string, now: Millis): TaskMove {
  if (task.state !== 'PENDING' && task.state !== 'RUNNING') return illegal(task, 'PENDING');
  if (task.rejectionCount >= defaults.taskMaxRejections) {
    return completed(task, { failed: true, failureReason: reason }, now);
  }
  const { cellId: _cell, attempt: _attempt, startedAt: _started, ...rest } = task;
  const rejection = { rejectionCount: task.rejectionCount + 1, rejectionReason: clipReason(reason) };
  return moved(rest, { state: 'PENDING', ...rejection }, now);
}

/** Records why a PENDING task could not be placed without using up a rejection; unchanged if it is the same. */
export function noteTaskRefusal(task: Task, refusal: Refusal, now: Millis): TaskMove {
  if (task.state !== 'PENDING') return illegal(task, 'PENDING');
  if (JSON.stringify(task.placementError) === JSON.stringify(refusal))
    return { ok: true, changed: false, next: task };
  return moved(task, { placementError: refusal }, now);
}

/** The cell that a PENDING task was given to is lost before it started it: it waits for another. */
export function unassignTask(task: Task, now: Millis): TaskMove {
  if (task.state !== 'PENDING') return illegal(task, 'PENDING');
  if (task.cellId === undefined) return { ok: true, changed: false, next: task };
  const { cellId: _lost, ...rest } = task;
  return moved(rest, {}, now);
}

/** COMPLETED → RESOLVING, the step before deletion. */
export function resolveTask(task: Task, now: Millis): TaskMove {
  return task.state === 'COMPLETED' ? moved(task, { state: 'RESOLVING' }, now) : illegal(task, 'RESOLVING');
}
