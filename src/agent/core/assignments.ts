/**
 * What this cell is assigned, from the messages of all servers. Each server's messages are a full one and
 * differences to it, so they are folded into one view a server; the view with the newest revision of the
 * store counts. A view never goes back, whichever server is slow or has restarted, unless the store was made anew.
 */
import type { AssignedLrp, Assignments } from '../../api/core/cell-protocol.ts';
import type { Task } from '../../model/task.ts';

interface View {
  /** Which store it is of: a restored one counts from 1 again. */
  readonly epoch: number;
  /** -1 until the first full message: nothing is known, so nothing may be stopped. */
  readonly revision: number;
  /** By instance guid. */
  readonly lrps: ReadonlyMap<string, AssignedLrp>;
  /** By task guid. */
  readonly tasks: ReadonlyMap<string, Task>;
}

export interface Assigned extends View {
  /** What each server, by its address, has told. */
  readonly views: ReadonlyMap<string, View>;
}

export const nothingKnown: Assigned = {
  epoch: 0,
  revision: -1,
  lrps: new Map(),
  tasks: new Map(),
  views: new Map(),
};

/** The state after one more message of a server; the same object when the message says nothing. */
export function foldAssignments(before: Assigned, server: string, message: Assignments): Assigned {
  const told = before.views.get(server);
  if (told === undefined && !message.full) return before;
  const view = foldView(message.full ? undefined : told, message);
  const views = new Map(before.views).set(server, view);
  return isOlder(view, before) ? { ...before, views } : { ...view, views };
}

function isOlder(view: View, than: View): boolean {
  return view.epoch === than.epoch ? view.revision < than.revision : view.epoch < than.epoch;
}

function foldView(before: View | undefined, message: Assignments): View {
  const lrps = new Map(before?.lrps);
  const tasks = new Map(before?.tasks);
  for (const gone of message.gone) {
    lrps.delete(gone);
    tasks.delete(gone);
  }
  for (const lrp of message.lrps) {
    if (lrp.actual.instanceGuid !== undefined) lrps.set(lrp.actual.instanceGuid, lrp);
  }
  for (const task of message.tasks) tasks.set(task.guid, task);
  return { epoch: message.epoch ?? 0, revision: message.revision, lrps, tasks };
}
