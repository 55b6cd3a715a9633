/** Which console sessions there are, of a cell, an LRP, an instance, a task, or on all cells. Used by feeds.ts. */
import { type Asking, listConsoles } from '../api/client/console-sessions.ts';
import type { ConsoleInfo } from '../api/core/console-shapes.ts';
import { messageOf } from '../base/core/errors.ts';
import type { CellId, TaskGuid } from '../model/ids.ts';
import { type Subject, subjectName } from './core/subject.ts';

export interface FoundConsoles {
  /** Oldest first. */
  readonly consoles: readonly ConsoleInfo[];
  readonly silent: readonly { readonly cell: string; readonly reason: string }[];
}

/** Throws `Unavailable` when no server answers; a cell that does not is among the silent ones. */
export async function findConsoles(asking: Asking, subject: Subject | undefined): Promise<FoundConsoles> {
  const { lists, failures } = await listConsoles(asking, await cellsOf(asking, subject));
  return {
    consoles: lists
      .flatMap(({ consoles }) => consoles)
      .filter((info) => isAbout(info, subject))
      .sort((a, b) => a.openedAt - b.openedAt),
    silent: failures.map(({ cell, error }) => ({ cell, reason: messageOf(error) })),
  };
}

function isAbout({ target, host }: ConsoleInfo, subject: Subject | undefined): boolean {
  if (subject === undefined || subject.kind === 'cell') return true;
  if (host === true) return false;
  return subject.kind === 'lrp' ? target.startsWith(`${subject.guid}/`) : target === subjectName(subject);
}

async function cellsOf(asking: Asking, subject: Subject | undefined): Promise<readonly CellId[]> {
  if (subject === undefined) return await allCells(asking);
  switch (subject.kind) {
    case 'cell':
      return [subject.id as CellId];
    case 'task': {
      const params = { guid: subject.guid as TaskGuid };
      const { cellId } = await asking.client.call('getTask', { params }, { signal: asking.signal });
      return cellId === undefined ? [] : [cellId];
    }
    default:
      return await cellsOfLrp(asking, subject.guid);
  }
}

async function allCells({ client, signal }: Asking): Promise<readonly CellId[]> {
  const cells: CellId[] = [];
  for (let after: string | undefined, more = true; more; more = after !== undefined) {
    const query = after === undefined ? {} : { after };
    const { rows, next } = await client.call('listCells', { query }, { signal });
    cells.push(...rows.map(({ presence }) => presence.cellId));
    after = next;
  }
  return cells;
}

async function cellsOfLrp({ client, signal }: Asking, guid: string): Promise<readonly CellId[]> {
  const cells = new Set<CellId>();
  for (let after: string | undefined, more = true; more; more = after !== undefined) {
    const query = { guid, ...(after === undefined ? {} : { after }) };
    const { rows, next } = await client.call('listInstances', { query }, { signal });
    for (const { cellId } of rows) if (cellId !== undefined) cells.add(cellId);
    after = next;
  }
  return [...cells];
}
