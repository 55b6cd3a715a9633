/**
 * The storm guard: keeps the roster of cells and tells which lost ones wait for their return. Called by the
 * brain's term and by converge.ts. Judged from records alone, never from one leader's memory: DESIGN.md 3.7.
 */

import { defaults } from '../../model/defaults.ts';
import type { JournalEvent } from '../../model/event.ts';
import type { CellId, Millis } from '../../model/ids.ts';
import { type Roster, type RosterMember, type Storm, stormsOf } from '../../model/roster.ts';
import type { ClusterState } from '../../store/core/state.ts';
import { event } from './journal.ts';
import { isLost } from './lost-cells.ts';

/** Cells whose instances are not replaced, because too many of their zone vanished at once. */
export function pausedCells(roster: Roster | undefined): ReadonlySet<CellId> {
  return new Set(stormsOf(roster).flatMap(({ lost }) => lost));
}

/**
 * The roster as it should be now, or undefined when it is. Who left drained is no loss. A loss is settled once
 * nothing waits for its return, or once an operator confirmed it; it is shown until the cell is back, an operator
 * forgets it, or a week has gone.
 */
export function nextRoster(state: ClusterState, now: Millis): Roster | undefined {
  const before = state.roster?.value;
  const paused = pausedCells(before);
  const isConfirmed = (state.settings?.value.stormConfirmedUntil ?? 0) > now;
  const cells: Record<CellId, RosterMember> = {};
  let isChanged = before === undefined;
  for (const [name, member] of Object.entries(before?.cells ?? {})) {
    const cellId = name as CellId;
    const next = isLost(state, cellId)
      ? lost(state, cellId, member, now)
      : there(state, cellId, member, paused.has(cellId), now);
    const isOver = isConfirmed || (!paused.has(cellId) && isOlder(next, defaults.stormWindowMs, now));
    const after = next?.lostAt !== undefined && next.backAt === undefined && isOver ? settled(next) : next;
    const isForgotten = after?.settled === true && isOlder(after, defaults.lostCellKeptMs, now);
    if (after !== undefined && !isForgotten) cells[cellId] = after;
    isChanged ||= isForgotten || after !== member;
  }
  for (const [cellId, { value }] of state.cells) {
    if (before?.cells[cellId] !== undefined) continue;
    cells[cellId] = { zone: value.zone };
    isChanged = true;
  }
  return isChanged ? { v: 1, cells } : undefined;
}

/**
 * Cells that were cut off together come back one after the other: were the storm over with the first of them, the
 * others would be replaced in the second before they are there. So who returns from one still counts for a lease.
 */
function there(
  state: ClusterState,
  cellId: CellId,
  member: RosterMember,
  wasPaused: boolean,
  now: Millis,
): RosterMember {
  if (member.lostAt !== undefined && wasPaused) return { ...member, backAt: now };
  if (member.backAt !== undefined && now - member.backAt <= defaults.presenceTtlMs) return member;
  const zone = state.cells.get(cellId)?.value.zone ?? member.zone;
  return member.lostAt === undefined && member.zone === zone ? member : { zone };
}

function lost(
  state: ClusterState,
  cellId: CellId,
  member: RosterMember,
  now: Millis,
): RosterMember | undefined {
  if (member.lostAt !== undefined && member.backAt === undefined) return member;
  return hasLeftDrained(state, cellId) ? undefined : { zone: member.zone, lostAt: now };
}

function hasLeftDrained(state: ClusterState, cellId: CellId): boolean {
  if (state.cellSpecs.get(cellId)?.value.drain === undefined) return false;
  return !state.claimsByCell.has(cellId) && !state.tasksByCell.has(cellId);
}

const settled = (member: RosterMember): RosterMember =>
  member.settled === true ? member : { ...member, settled: true };

const isOlder = (member: RosterMember | undefined, ms: number, now: Millis): boolean =>
  member?.lostAt !== undefined && now - member.lostAt > ms;

/** What the journal is told when the roster changes: storms that began, grew or ended, and of which zone. */
export function stormEvents(before: Roster | undefined, after: Roster, now: Millis): JournalEvent[] {
  const known = new Map(stormsOf(before).map((storm) => [storm.zone, storm]));
  const events: JournalEvent[] = [];
  for (const storm of stormsOf(after)) {
    if ((known.get(storm.zone)?.lost.length ?? 0) < storm.lost.length) {
      events.push(event('brain.storm', now, storm.zone, stormText(storm)));
    }
    known.delete(storm.zone);
  }
  for (const { zone } of known.values()) {
    const text = `the storm in zone ${zone} is over: what is still lost is replaced`;
    events.push(event('brain.storm', now, zone, text));
  }
  return events;
}

function stormText({ zone, lost, ofCells }: Storm): string {
  return (
    `${lost.length} of ${ofCells} cells of zone ${zone} vanished at once: their instances are not replaced ` +
    'until they return or an operator confirms the loss (skep brain confirm-loss)'
  );
}
