/**
 * What the brain did, as lines of the cluster's journal: one line per LRP and reason, however many instances
 * it is about. Called by the brain after its writes are committed.
 */
import type { ActualLrp } from '../../model/actual-lrp.ts';
import type { Placement, Unplaced } from '../../model/auction.ts';
import type { EventType, JournalEvent } from '../../model/event.ts';
import { type CellId, instanceName, type Millis } from '../../model/ids.ts';
import type { Versioned } from '../../store/core/state.ts';
import type { Decision, TaskDecision } from './decision.ts';

/** One happening to one instance (or task), before equal ones are told together. */
interface Line {
  readonly type: EventType;
  readonly guid: string;
  /** Undefined for a task. */
  readonly index: number | undefined;
  readonly text: string;
  readonly cellId: string | undefined;
}

/** Ranges or cells that one message lists; what is beyond is counted. */
const listedMax = 8;

/** Events of decisions that were committed. */
export function decisionEvents(decisions: readonly Decision[], now: Millis): JournalEvent[] {
  return together(decisions.flatMap(decisionLine), now);
}

function decisionLine(decision: Decision): Line[] {
  const { kind, because } = decision;
  switch (kind) {
    case 'replace':
      return [actualLine('instance.suspect', decision.record, `${because}; a replacement is wanted`)];
    case 'suspect':
      return [
        actualLine('instance.suspect', decision.record, `${because}; the storm guard waits for its return`),
      ];
    case 'evacuate':
      return [actualLine('instance.evacuating', decision.record, `${because}; a replacement is wanted`)];
    case 'remind':
      return [actualLine('instance.stuck', decision.record, `is still there: ${because}`)];
    case 'finishDrain': {
      const { cellId } = decision.spec.value;
      return [
        { type: 'cell.drained', guid: cellId, index: undefined, text: `is drained: ${because}`, cellId },
      ];
    }
    case 'progressRebalance': {
      if (decision.moves.length > 0) return [];
      const text = `the rebalance asked for by ${decision.rebalance.value.by} is over`;
      return [{ type: 'brain.rebalance', guid: 'brain', index: undefined, text, cellId: undefined }];
    }
    case 'retire':
      return [actualLine('instance.retired', decision.record, `is told to stop: ${because}`)];
    case 'delete':
      return [
        actualLine(
          'instance.retired',
          decision.record,
          `${decision.record.value.state} record goes: ${because}`,
        ),
      ];
    case 'recover':
      return [actualLine('instance.recovered', decision.suspect, because)];
    case 'unclaim':
      return [actualLine('instance.unplaced', decision.record, `is placed anew: ${because}`)];
    case 'failTask':
      return [taskLine('task.completed', decision, `failed: ${because}`)];
    case 'unassignTask':
      return [taskLine('task.rejected', decision, `is placed anew: ${because}`)];
    // These follow from what the journal has already: a desire, a crash, a removal, a completion.
    case 'create':
    case 'restart':
    case 'forget':
    case 'deleteTask':
      return [];
  }
}

function actualLine(type: EventType, { value }: Versioned<ActualLrp>, text: string): Line {
  return { type, guid: value.guid, index: value.index, text, cellId: value.cellId };
}

function taskLine(type: EventType, { task }: TaskDecision, text: string): Line {
  return { type, guid: task.value.guid, index: undefined, text, cellId: task.value.cellId };
}

interface PlacedGroup {
  readonly indexes: number[];
  readonly cells: Map<string, number>;
}

/**
 * Events of claims that were committed: one per LRP. Tasks tell of themselves when they start.
 * @param unheard cells that were nobody's choice, for the leader heard nothing from them
 * @param max the first LRPs, so many, have an event; of the others only the number is given
 */
export function placedEvents(
  placements: readonly Placement[],
  now: Millis,
  unheard: ReadonlySet<CellId> = new Set(),
  max = Number.POSITIVE_INFINITY,
): { readonly events: JournalEvent[]; readonly more: number } {
  const byGuid = new Map<string, PlacedGroup>();
  const others = new Set<string>();
  for (const { work, cellId } of placements) {
    if (work.kind !== 'lrp') continue;
    let group = byGuid.get(work.guid);
    if (group === undefined) {
      if (byGuid.size >= max) {
        others.add(work.guid);
        continue;
      }
      group = { indexes: [], cells: new Map() };
      byGuid.set(work.guid, group);
    }
    group.indexes.push(work.index);
    group.cells.set(cellId, (group.cells.get(cellId) ?? 0) + 1);
  }
  const events = [...byGuid].map(([guid, group]) => placedEvent(guid, group, now, unheard));
  return { events, more: others.size };
}

function placedEvent(
  guid: string,
  { indexes, cells }: PlacedGroup,
  now: Millis,
  unheard: ReadonlySet<CellId>,
): JournalEvent {
  const subject = subjectOf(guid, indexes);
  const [onlyCell] = cells.keys();
  const cellId = cells.size === 1 ? onlyCell : undefined;
  const where = cells.size === 1 ? `on ${onlyCell}` : spreadText(cells);
  const what =
    indexes.length === 1 ? 'placed' : `${indexes.length} instances (${rangesText(indexes)}) placed`;
  return event('instance.placed', now, subject, `${what} ${where}${unheardText(cells, unheard)}`, cellId);
}

/** Which cells were the last resort, and whether it came to that. */
function unheardText(cells: ReadonlyMap<string, number>, unheard: ReadonlySet<CellId>): string {
  if (unheard.size === 0) return '';
  const all = [...unheard].sort();
  const taken = all.filter((cellId) => cells.has(cellId));
  if (taken.length === 0)
    return `; the last resort was not needed (the leader does not hear): ${clipped(all)}`;
  return `; as nothing else took it, on the last resort (the leader does not hear): ${clipped(taken)}`;
}

/** Events of refusals that are new: one per LRP and message. */
export function unplacedEvents(unplaced: readonly Unplaced[], now: Millis): JournalEvent[] {
  const lines = unplaced.flatMap(({ work, refusal }): Line[] => {
    if (work.kind !== 'lrp') return [];
    const nearest =
      refusal.nearest === undefined
        ? ''
        : `; ${refusal.nearest.cellId} comes nearest and lacks ${refusal.nearest.lacks}`;
    const text = `cannot be placed: ${refusal.message}${nearest}`;
    return [{ type: 'instance.unplaced', guid: work.guid, index: work.index, text, cellId: undefined }];
  });
  return together(lines, now);
}

/** Events of tasks that used up a try, or their last one. */
export function rejectedEvents(unplaced: readonly Unplaced[], now: Millis): JournalEvent[] {
  const lines = unplaced.flatMap(({ work, refusal }): Line[] => {
    if (work.kind !== 'task') return [];
    const text = `cannot be placed: ${refusal.message}`;
    return [{ type: 'task.rejected', guid: work.guid, index: undefined, text, cellId: undefined }];
  });
  return together(lines, now);
}

/** Lines that say the same of one LRP become one event. */
function together(lines: readonly Line[], now: Millis): JournalEvent[] {
  const groups = new Map<string, Line[]>();
  for (const line of lines) {
    const key = [line.type, line.guid, line.cellId ?? '', line.text].join('\n');
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [line]);
    else group.push(line);
  }
  return [...groups.values()].map((group) => {
    const { type, guid, text, cellId } = group[0] as Line;
    const indexes = group.flatMap(({ index }) => (index === undefined ? [] : [index]));
    const several = indexes.length > 1 ? `${indexes.length} instances (${rangesText(indexes)}): ` : '';
    return event(type, now, subjectOf(guid, indexes), several + text, cellId);
  });
}

export function event(
  type: EventType,
  at: Millis,
  subject: string,
  message: string,
  cellId?: string,
): JournalEvent {
  return { v: 1, type, at, subject, message, ...(cellId === undefined ? {} : { cellId }) };
}

function subjectOf(guid: string, indexes: readonly number[]): string {
  const [index] = indexes;
  return indexes.length === 1 && index !== undefined ? instanceName(guid, index) : guid;
}

function spreadText(cells: ReadonlyMap<string, number>): string {
  const all = [...cells]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([cellId, count]) => `${count} on ${cellId}`);
  return clipped(all);
}

/** `0-5, 9`. */
function rangesText(indexes: readonly number[]): string {
  const sorted = [...indexes].sort((a, b) => a - b);
  const ranges: string[] = [];
  for (let start = 0; start < sorted.length; ) {
    let end = start;
    while (sorted[end + 1] === (sorted[end] as number) + 1) end++;
    ranges.push(end === start ? `${sorted[start]}` : `${sorted[start]}-${sorted[end]}`);
    start = end + 1;
  }
  return clipped(ranges);
}

function clipped(parts: readonly string[]): string {
  const rest = parts.length - listedMax;
  return rest > 0 ? `${parts.slice(0, listedMax).join(', ')} and ${rest} more` : parts.join(', ');
}
