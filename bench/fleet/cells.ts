/**
 * A child process with the simulated cells of bench/fleet.bench.ts, which forks it, tells it what to do and
 * hears every 200 ms how much of what was assigned is claimed and runs.
 */
import type { CellPresence } from '../../src/model/cell.ts';
import { SimulatedCell } from './simulated-cell.ts';

/** What the parent says. */
export type FleetOrder =
  | { readonly kind: 'start'; readonly server: string; readonly cells: readonly CellPresence[] }
  /** So many of the living cells vanish at once, evenly over the zones. */
  | { readonly kind: 'vanish'; readonly count: number };

/** What it hears. */
export interface FleetCount {
  readonly cells: number;
  readonly claimed: number;
  readonly running: number;
  readonly refusals: Readonly<Record<string, number>>;
}

const dialledAtOnce = 50;
const tellEveryMs = 200;

const living: SimulatedCell[] = [];

async function start(server: string, cells: readonly CellPresence[]): Promise<void> {
  for (let from = 0; from < cells.length; from += dialledAtOnce) {
    const part = cells.slice(from, from + dialledAtOnce);
    living.push(...(await Promise.all(part.map((cell) => SimulatedCell.start(cell, server)))));
  }
}

function vanish(count: number): void {
  const every = Math.floor(living.length / count);
  for (let place = (count - 1) * every; place >= 0; place -= every) living.splice(place, 1)[0]?.vanish();
}

function count(): FleetCount {
  const refusals: Record<string, number> = {};
  let [claimed, running] = [0, 0];
  for (const cell of living) {
    claimed += cell.claimed.size;
    running += cell.running.size;
    for (const [what, times] of cell.refusals) refusals[what] = (refusals[what] ?? 0) + times;
  }
  return { cells: living.length, claimed, running, refusals };
}

process.on('message', (order: FleetOrder) => {
  if (order.kind === 'start') void start(order.server, order.cells);
  else vanish(order.count);
});
// The parent has gone, so there is nobody to count for.
process.on('disconnect', () => process.exit(0));
setInterval(() => process.send?.(count()), tellEveryMs);
