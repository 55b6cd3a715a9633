/** Rows of tasks. */
import type { TaskGuid } from '../../model/ids.ts';
import type { Task } from '../../model/task.ts';
import type { ClusterState } from '../../store/core/state.ts';
import { explainRefusal } from '../core/why-instance.ts';
import { clipText, noLabels, type Scope, type ViewSource } from './source.ts';

const taskOf = (state: ClusterState, guid: string): Task | undefined =>
  state.tasks.get(guid as TaskGuid)?.value;

/** As stateSeverity of view-columns.ts spells it. */
function taskState({ state, failed }: Task): string {
  if (state !== 'COMPLETED') return state;
  return failed ? 'FAILED' : 'SUCCEEDED';
}

function reasonOf(task: Task): string {
  if (task.failed) return task.failureReason ?? '';
  if (task.state !== 'PENDING') return '';
  if (task.placementError !== undefined) return explainRefusal(task.placementError).summary;
  return task.rejectionReason ?? '';
}

function resultOf({ result, exitCode }: Task): string {
  if (result !== undefined && result !== '') return result;
  return exitCode === undefined ? '' : `exit ${exitCode}`;
}

function isInScope(task: Task, { guid, cell, domain }: Scope): boolean {
  if (guid !== undefined && task.guid !== guid) return false;
  if (cell !== undefined && task.cellId !== cell) return false;
  return domain === undefined || task.domain === domain;
}

export const tasksSource: ViewSource = {
  keyColumn: 'task',
  scopes: ['guid', 'cell', 'domain'],
  keys: (state, { guid }) => (guid === undefined ? state.tasks.keys() : [guid]),
  touched: (touched) => touched.tasks,
  estimate: (state) => state.tasks.size,
  stateOf(state, guid, scope) {
    const task = taskOf(state, guid);
    return task === undefined || !isInScope(task, scope) ? undefined : taskState(task);
  },
  values(state, guid) {
    const task = taskOf(state, guid);
    if (task === undefined) return undefined;
    return {
      task: guid,
      state: taskState(task),
      result: clipText(resultOf(task)),
      cell: task.cellId ?? '',
      memoryMb: task.memoryMb,
      image: clipText(task.image),
      reason: clipText(reasonOf(task)),
      domain: task.domain,
      since: task.createdAt,
    };
  },
  labels: (state, guid) => taskOf(state, guid)?.labels ?? noLabels,
};
