/** Which losses a cluster survives, as a sentence. Used by `skep status` and the terminal UI. */
import type { Survives } from './plan-shapes.ts';

/** `the loss of any one cell; not of zone b: 12 instances would not fit (memory)`. */
export function survivesText(survives: Survives): string {
  const { cell, cellCount, worstCells, zone, zoneCount, worstZones } = survives;
  if (cellCount === 0) return 'no loss: no cell is present';
  if (cellCount === 1) return 'no loss of a cell: there is only one place to run anything';
  const yes = [cell ? 'any one cell' : '', zone ? 'any one zone' : ''].filter((part) => part !== '');
  const no = [
    cell ? '' : lossText('cell', worstCells),
    zone ? '' : zoneCount < 2 ? 'the zone: there is only one' : lossText('zone', worstZones),
  ].filter((part) => part !== '');
  if (no.length === 0) return `the loss of ${yes.join(', or of ')}`;
  if (yes.length === 0) return `not the loss of ${no.join('; nor of ')}`;
  return `the loss of ${yes.join(', or of ')}; not of ${no.join('; nor of ')}`;
}

function lossText(kind: string, losses: Survives['worstCells']): string {
  const [worst] = losses;
  if (worst === undefined) return `some ${kind}s`;
  const more = losses.length === 1 ? '' : ` and ${plural(losses.length - 1, `more ${kind}`)}`;
  const head = `${kind} ${worst.name}${more}`;
  return `${head}: ${plural(worst.unplaced, 'instance')} would not fit (${worst.reason})`;
}

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;
