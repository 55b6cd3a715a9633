/**
 * What a cell must be told, given what it was told before. Called by cell-session.ts each time something of
 * the cell changed; the answer grows with the difference, not with what the cell holds.
 */
import type { Task } from '../../model/task.ts';
import type { AssignedLrp } from './cell-protocol.ts';

/** One thing that a cell is assigned. Two items with the same id and version say the same to the cell. */
export interface AssignmentItem {
  /** The instance guid or the task's guid: what `gone` names. */
  readonly id: string;
  /** The store's key behind it. */
  readonly key: string;
  readonly version: string;
  readonly content: { readonly lrp: AssignedLrp } | { readonly task: Task };
}

/** By id: what a cell was told last. */
export type SentAssignments = ReadonlyMap<string, AssignmentItem>;

export interface AssignmentDifference {
  readonly lrps: AssignedLrp[];
  readonly tasks: Task[];
  readonly gone: string[];
  /** Whether there is anything to tell. */
  readonly changed: boolean;
}

/** What is new or changed in `wanted`, and what of `sent` is not wanted any more. */
export function diffAssignments(sent: SentAssignments, wanted: SentAssignments): AssignmentDifference {
  const lrps: AssignedLrp[] = [];
  const tasks: Task[] = [];
  for (const [id, item] of wanted) {
    if (sent.get(id)?.version === item.version) continue;
    if ('lrp' in item.content) lrps.push(item.content.lrp);
    else tasks.push(item.content.task);
  }
  const gone = [...sent.keys()].filter((id) => !wanted.has(id));
  return { lrps, tasks, gone, changed: lrps.length + tasks.length + gone.length > 0 };
}
