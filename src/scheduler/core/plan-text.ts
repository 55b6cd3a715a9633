/** The one sentence of each plan. Used by plan.ts. */
import type { CellId } from '../../model/ids.ts';
import type { PlannedMove, PlannedRefusal, PlannedStop } from './planned.ts';

interface Played {
  readonly moves: readonly PlannedMove[];
  readonly unplaced: readonly PlannedRefusal[];
  readonly displaced: readonly PlannedStop[];
}

export function scaleSummary(
  guid: string,
  counts: { readonly from: number; readonly to: number },
  played: Played,
  stops: number,
): string {
  const head = `${guid} would go from ${counts.from} to ${count(counts.to, 'instance')}`;
  return [
    head,
    played.moves.length > 0 ? `${startText(played.moves)}` : '',
    stops > 0 ? `${stops} would stop` : '',
    unplacedText(played),
  ]
    .filter((part) => part !== '')
    .join('; ');
}

export function drainSummary(cells: readonly CellId[], played: Played, tasks: number): string {
  const waits = tasks === 0 ? '' : `; ${count(tasks, 'task')} would be waited for`;
  return `draining ${someOf(cells)} ${moveText(played)}${waits}`;
}

export function loseSummary(loss: {
  readonly cells: readonly CellId[];
  /** '' when the cells were named one by one. */
  readonly zone: string;
  readonly played: Played;
  readonly tasks: number;
  /** The storm guard would wait. */
  readonly isHeld: boolean;
}): string {
  const { cells, zone, played, tasks, isHeld } = loss;
  const what = zone === '' ? someOf(cells) : `zone ${zone} (${count(cells.length, 'cell')})`;
  const fails = tasks === 0 ? '' : `; ${count(tasks, 'running task')} would fail`;
  const held = isHeld
    ? '; the storm guard would wait for their return, or for skep brain confirm-loss, before it replaces anything'
    : '';
  return `losing ${what} ${moveText(played)}${fails}${held}`;
}

export function rebalanceSummary(moves: number, before: number, after: number): string {
  if (moves === 0) return `no move would make the cells more even (unevenness ${before.toFixed(3)})`;
  return `${count(moves, 'move')} would lower the unevenness from ${before.toFixed(3)} to ${after.toFixed(3)}`;
}

function moveText(played: Played): string {
  const { moves, unplaced } = played;
  if (moves.length === 0 && unplaced.length === 0) return 'would move nothing';
  const lost = unplacedText(played);
  if (moves.length === 0) return `would move nothing; ${lost}`;
  const text = `would move ${count(moves.length, 'instance')} to ${count(targets(moves), 'other cell')}`;
  return lost === '' ? `${text}: everything fits` : `${text}; ${lost}`;
}

function startText(moves: readonly PlannedMove[]): string {
  return `${moves.length} would start on ${count(targets(moves), 'cell')}`;
}

const targets = (moves: readonly PlannedMove[]): number => new Set(moves.map(({ to }) => to)).size;

/** What would not go as the operator wants; '' when all would. */
function unplacedText({ unplaced, displaced }: Played): string {
  const stops = displaced.length === 0 ? '' : `${displaced.length} of lower priority would stop for them`;
  if (unplaced.length === 0) return stops;
  const reasons = [...new Set(unplaced.map(({ refusal }) => refusal.message))].sort();
  const more = reasons.length > 2 ? `; and ${reasons.length - 2} more reasons` : '';
  const refused = `${unplaced.length} would find no place (${reasons.slice(0, 2).join('; ')}${more})`;
  return stops === '' ? refused : `${refused}; ${stops}`;
}

function someOf(cells: readonly CellId[]): string {
  return cells.length <= 4
    ? cells.join(', ')
    : `${cells.slice(0, 3).join(', ')} and ${cells.length - 3} more`;
}

function count(amount: number, word: string): string {
  return `${amount} ${word}${amount === 1 ? '' : 's'}`;
}
