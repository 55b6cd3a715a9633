/**
 * What this cell is assigned, folded from the messages of all servers. The revision of the store orders
 * them: a message with a lower revision than one already seen says nothing new, whichever server sent it.
 */
import type { AssignedLrp, Assignments } from '../../api/core/cell-protocol.ts';
import type { Task } from '../../model/task.ts';

export interface Assigned {
  /** -1 until the first full message: nothing is known, so nothing may be stopped. */
  readonly revision: number;
  /** By instance guid. */
  readonly lrps: ReadonlyMap<string, AssignedLrp>;
  /** By task guid. */
  readonly tasks: ReadonlyMap<string, Task>;
}

export const nothingKnown: Assigned = { revision: -1, lrps: new Map(), tasks: new Map() };

/** The state after one more message; the same object when the message is to be ignored. */
export function foldAssignments(before: Assigned, message: Assignments): Assigned {
  if (message.revision < before.revision) return before;
  if (before.revision < 0 && !message.full) return before;
  const lrps = new Map(message.full ? [] : before.lrps);
  const tasks = new Map(message.full ? [] : before.tasks);
  for (const gone of message.gone) {
    lrps.delete(gone);
    tasks.delete(gone);
  }
  for (const lrp of message.lrps) {
    if (lrp.actual.instanceGuid !== undefined) lrps.set(lrp.actual.instanceGuid, lrp);
  }
  for (const task of message.tasks) tasks.set(task.guid, task);
  return { revision: message.revision, lrps, tasks };
}
