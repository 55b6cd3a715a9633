/**
 * Cells that came, went or changed, as lines of the journal. What a new leader knows of them it reads from
 * the journal itself, so that a change of leader neither repeats nor loses a line.
 */
import type { CellPresence } from '../../model/cell.ts';
import type { JournalEvent } from '../../model/event.ts';
import type { CellId, Millis } from '../../model/ids.ts';
import type { ClusterState } from '../../store/core/state.ts';
import { event } from './journal.ts';
import { isLost } from './lost-cells.ts';

/** The cells that the journal has told of as joined, with what they said then; undefined if that is not known. */
export type KnownCells = Map<CellId, CellPresence | undefined>;

export function knownFromJournal(state: ClusterState): KnownCells {
  const known: KnownCells = new Map();
  let oldest: Millis | undefined;
  for (const { type, subject, at } of state.events.values()) {
    oldest ??= at;
    if (type === 'cell.joined') known.set(subject as CellId, undefined);
    if (type === 'cell.lost') known.delete(subject as CellId);
  }
  for (const [cellId, { value }] of state.cells) {
    const forgotten = oldest !== undefined && value.registeredAt < oldest;
    if (known.has(cellId) || forgotten) known.set(cellId, value);
  }
  return known;
}

/** What is new since `known`, which is brought up to date. */
export function cellEvents(known: KnownCells, state: ClusterState, now: Millis): JournalEvent[] {
  const events: JournalEvent[] = [];
  for (const cellId of known.keys()) {
    if (!isLost(state, cellId)) continue;
    known.delete(cellId);
    const instances = state.claimsByCell.get(cellId)?.size ?? 0;
    const tasks = state.tasksByCell.get(cellId)?.size ?? 0;
    const message = `its presence ended; it held ${instances} instances and ${tasks} tasks`;
    events.push(event('cell.lost', now, cellId, message, cellId));
  }
  for (const [cellId, { value }] of state.cells) {
    const before = known.get(cellId);
    const message = known.has(cellId) ? changeText(before, value) : undefined;
    if (!known.has(cellId)) events.push(event('cell.joined', now, cellId, joinedText(value), cellId));
    else if (message !== undefined) events.push(event('cell.changed', now, cellId, message, cellId));
    known.set(cellId, value);
  }
  return events;
}

function joinedText({ zone, capacity, address }: CellPresence): string {
  const { memoryMb, diskMb, containers } = capacity;
  return `at ${address} in zone ${zone} with ${memoryMb} MiB memory, ${diskMb} MiB disk, ${containers} containers`;
}

function changeText(before: CellPresence | undefined, after: CellPresence): string | undefined {
  if (before === undefined) return undefined;
  const changes: string[] = [];
  if (before.bootId !== after.bootId) changes.push('its agent was started anew');
  if (before.engine.ok && !after.engine.ok) {
    changes.push(`${after.engine.name} does not answer: ${after.engine.reason ?? 'no reason is known'}`);
  }
  if (!before.engine.ok && after.engine.ok) changes.push(`${after.engine.name} answers again`);
  return changes.length === 0 ? undefined : changes.join('; ');
}
