/**
 * How uneven the cells are, as numbers that follow each move: rebalance.ts has the definition. Asking what a
 * move would gain costs the same however many cells and instances there are.
 */
import type { AuctionCell, LrpWork } from '../../model/auction.ts';
import type { CellId, ProcessGuid } from '../../model/ids.ts';

/** What a move would change; below 0 is better, but for the gap. */
export interface Gain {
  readonly unevenness: number;
  /** Pairs of instances of the LRP that share a cell, and those that share a zone. */
  readonly pairs: number;
  /** How much emptier the target is now than the source would be, as a part of capacity. */
  readonly gap: number;
}

export interface Balance {
  unevenness(): number;
  gain(work: LrpWork, from: CellId, to: CellId): Gain;
  move(work: LrpWork, from: CellId, to: CellId): void;
  /** Usable cells, fullest first. */
  fullest(): CellId[];
  /** LRPs that share more than they must, in order. */
  stacked(): ProcessGuid[];
  /** Usable cells with the LRP: those in its fullest zone first, among them those with most of it. */
  deepest(guid: ProcessGuid): CellId[];
}

interface Load {
  readonly zone: string;
  readonly capacityMb: number;
  /** Of each container. */
  readonly overheadMb: number;
  usedMb: number;
}

/** Instances of one LRP. */
interface Layers {
  readonly onCell: Map<CellId, number>;
  readonly inZone: Map<string, number>;
  count: number;
}

export function createBalance(cells: readonly AuctionCell[]): Balance {
  return new Measure(cells.filter((cell) => cell.unusable === undefined));
}

const pairsOf = (count: number): number => (count * (count - 1)) / 2;

/** The pairs that even the best spread of `count` over `places` has. */
function leastPairs(count: number, places: number): number {
  const each = Math.floor(count / places);
  const rest = count % places;
  return rest * pairsOf(each + 1) + (places - rest) * pairsOf(each);
}

class Measure implements Balance {
  readonly #loads = new Map<CellId, Load>();
  readonly #layers = new Map<ProcessGuid, Layers>();
  readonly #zones = new Set<string>();
  #instances = 0;
  /** Of the used fractions: their sum and the sum of their squares. */
  #sum = 0;
  #squares = 0;
  /** Pairs beyond those that an even spread has. */
  #excess = 0;

  constructor(cells: readonly AuctionCell[]) {
    for (const { cellId, zone, capacity, used, instancesByProcess, overheadMemoryMb = 0 } of cells) {
      const capacityMb = Math.max(1, capacity.memoryMb);
      const load = { zone, capacityMb, overheadMb: overheadMemoryMb, usedMb: used.memoryMb };
      this.#loads.set(cellId, load);
      this.#zones.add(zone);
      this.#sum += fraction(load);
      this.#squares += fraction(load) ** 2;
      for (const [guid, count] of instancesByProcess) this.#lay(guid, cellId, zone, count);
    }
    for (const layers of this.#layers.values()) this.#excess += this.#excessOf(layers);
  }

  #lay(guid: ProcessGuid, cellId: CellId, zone: string, count: number): void {
    const layers = this.#layers.get(guid) ?? { onCell: new Map(), inZone: new Map(), count: 0 };
    this.#layers.set(guid, layers);
    layers.onCell.set(cellId, count);
    layers.inZone.set(zone, (layers.inZone.get(zone) ?? 0) + count);
    layers.count += count;
    this.#instances += count;
  }

  #excessOf({ onCell, inZone, count }: Layers): number {
    let pairs = 0;
    for (const here of onCell.values()) pairs += pairsOf(here);
    for (const here of inZone.values()) pairs += pairsOf(here);
    return pairs - leastPairs(count, this.#loads.size) - leastPairs(count, this.#zones.size);
  }

  unevenness(): number {
    return this.#unevenness(this.#sum, this.#squares, this.#excess);
  }

  #unevenness(sum: number, squares: number, excess: number): number {
    const size = Math.max(1, this.#loads.size);
    const mean = sum / size;
    const deviation = Math.sqrt(Math.max(0, squares / size - mean * mean));
    const memory = mean === 0 ? 0 : deviation / mean;
    return memory + excess / Math.max(1, this.#instances);
  }

  gain(work: LrpWork, from: CellId, to: CellId): Gain {
    const source = this.#load(from);
    const target = this.#load(to);
    const memoryMb = work.resources.memoryMb;
    const sourceAfter = fraction(source, -(memoryMb + source.overheadMb));
    const targetAfter = fraction(target, memoryMb + target.overheadMb);
    const sum = this.#sum - fraction(source) - fraction(target) + sourceAfter + targetAfter;
    const squares =
      this.#squares - fraction(source) ** 2 - fraction(target) ** 2 + sourceAfter ** 2 + targetAfter ** 2;
    const pairs = this.#pairsGained(work.guid, from, to);
    const unevenness = this.#unevenness(sum, squares, this.#excess + pairs) - this.unevenness();
    return { unevenness, pairs, gap: sourceAfter - fraction(target) };
  }

  #pairsGained(guid: ProcessGuid, from: CellId, to: CellId): number {
    const { onCell, inZone } = this.#layers.get(guid) as Layers;
    const onCells = (onCell.get(to) ?? 0) - ((onCell.get(from) ?? 0) - 1);
    const [fromZone, toZone] = [this.#load(from).zone, this.#load(to).zone];
    if (fromZone === toZone) return onCells;
    const inZones = (inZone.get(toZone) ?? 0) - ((inZone.get(fromZone) ?? 0) - 1);
    // A better spread over cells never pays for a worse one over zones.
    return inZones > 0 ? Infinity : onCells + inZones;
  }

  move(work: LrpWork, from: CellId, to: CellId): void {
    this.#excess += this.#pairsGained(work.guid, from, to);
    const { onCell, inZone } = this.#layers.get(work.guid) as Layers;
    for (const [cellId, step] of [
      [from, -1],
      [to, 1],
    ] as const) {
      const load = this.#load(cellId);
      this.#sum -= fraction(load);
      this.#squares -= fraction(load) ** 2;
      load.usedMb += step * (work.resources.memoryMb + load.overheadMb);
      this.#sum += fraction(load);
      this.#squares += fraction(load) ** 2;
      onCell.set(cellId, (onCell.get(cellId) ?? 0) + step);
      inZone.set(load.zone, (inZone.get(load.zone) ?? 0) + step);
    }
  }

  fullest(): CellId[] {
    return [...this.#loads]
      .sort(([idA, a], [idB, b]) => fraction(b) - fraction(a) || (idA < idB ? -1 : 1))
      .map(([cellId]) => cellId);
  }

  stacked(): ProcessGuid[] {
    const guids = [...this.#layers].filter(([, layers]) => this.#excessOf(layers) > 0);
    return guids.map(([guid]) => guid).sort();
  }

  deepest(guid: ProcessGuid): CellId[] {
    const { onCell, inZone } = this.#layers.get(guid) as Layers;
    const zoneOf = (cellId: CellId): number => inZone.get(this.#load(cellId).zone) ?? 0;
    return [...onCell]
      .filter(([, count]) => count > 0)
      .sort(([a, countA], [b, countB]) => zoneOf(b) - zoneOf(a) || countB - countA || (a < b ? -1 : 1))
      .map(([cellId]) => cellId);
  }

  #load(cellId: CellId): Load {
    return this.#loads.get(cellId) as Load;
  }
}

function fraction({ usedMb, capacityMb }: Load, addedMb = 0): number {
  return (usedMb + addedMb) / capacityMb;
}
