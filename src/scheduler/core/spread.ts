/**
 * Where the instances of the processes in a batch, and of those that their rules name, are: on which cell how
 * many, in which zone, under which value of a label. Kept up by the auction as it places, so that no
 * placement counts anything twice.
 */
import type { AuctionCell, Work } from '../../model/auction.ts';
import type { ProcessGuid } from '../../model/ids.ts';
import type { Layout, Leaf } from './layout.ts';
import { at, type Pool } from './pool.ts';

export interface ProcessSpread {
  /** Position of the cell → instances there. */
  readonly onCell: Map<number, number>;
  /** Instances in each zone of the pool, those on cells that are unusable just now too. */
  readonly inZone: number[];
  /** Instances on cells that are unusable just now; undefined: none. */
  elsewhere: Map<AuctionCell, number> | undefined;
  /** What is counted for the layouts that were asked about: seldom any, nearly always one. */
  layouts: Map<Layout, InLayout> | undefined;
}

interface InLayout {
  /** Instances under each of `Layout.groups`. */
  readonly inGroup: number[];
  /** For each leaf, once its zone holds as many instances as the leaf has cells: how they are stacked. */
  readonly stacks: (Stack | undefined)[];
}

/** How deep the instances of one process lie on the cells of one leaf. */
interface Stack {
  /** No cell of the leaf has fewer. */
  least: number;
  /** How many cells have more than 0, 1, 2, … */
  readonly above: number[];
}

export interface Spread {
  /** Undefined for processes that neither the work nor its rules name. */
  of(guid: ProcessGuid): ProcessSpread | undefined;
  /** One more instance of the process on the cell. */
  add(spread: ProcessSpread, position: number): void;
  /** No cell of the leaf has fewer instances than this. */
  least(spread: ProcessSpread, layout: Layout, leaf: number): number;
  /**
   * In which order the layout's leaves are tried, the lowest first; equal ones compete. Values of the label
   * come before zones, and cells without the label last.
   */
  ranks(spread: ProcessSpread, layout: Layout): readonly number[];
}

/** More instances than any process can have, so that one number orders by group, then by zone. */
const zoneFactor = 2 ** 22;
const unlabelled = 2 ** 48;

/** @param isNowhere says of an LRP that it is on no cell, so that it need not be looked for on each */
export function createSpread(
  pool: Pool,
  cells: readonly AuctionCell[],
  work: readonly Work[],
  isNowhere?: (guid: ProcessGuid) => boolean,
): Spread {
  const spreads = new Map<ProcessGuid, ProcessSpread>();
  const existing = isNowhere === undefined ? spreads : new Map<ProcessGuid, ProcessSpread>();
  const track = (guid: ProcessGuid): void => {
    if (spreads.has(guid)) return;
    const inZone = pool.zones.map(() => 0);
    const spread = { onCell: new Map(), inZone, elsewhere: undefined, layouts: undefined };
    spreads.set(guid, spread);
    if (isNowhere?.(guid) === false) existing.set(guid, spread);
  };
  for (const item of work) {
    if (item.kind === 'lrp') track(item.guid);
    if (item.rules.sameCellAs !== undefined) track(item.rules.sameCellAs);
    for (const guid of item.rules.notWith) track(guid);
  }
  if (existing.size > 0) countExisting(pool, cells, existing);
  const inLayout = (spread: ProcessSpread, layout: Layout): InLayout => {
    const known = spread.layouts?.get(layout);
    if (known !== undefined) return known;
    spread.layouts ??= new Map();
    const counted = { inGroup: groupCounts(pool, spread, layout), stacks: [] };
    spread.layouts.set(layout, counted);
    return counted;
  };

  // One decision asks several times, and a look into a map of 200,000 is most of what a decision costs.
  let last: { readonly guid: ProcessGuid; readonly spread: ProcessSpread | undefined } | undefined;

  return {
    of(guid) {
      if (last?.guid !== guid) last = { guid, spread: spreads.get(guid) };
      return last.spread;
    },
    add(spread, position) {
      const zone = at(pool.zoneOf, position);
      const before = spread.onCell.get(position) ?? 0;
      spread.onCell.set(position, before + 1);
      spread.inZone[zone] = (spread.inZone[zone] ?? 0) + 1;
      for (const [layout, { inGroup, stacks }] of spread.layouts ?? []) {
        const place = at(layout.leafOf, position);
        const leaf = layout.leaves[place];
        if (leaf === undefined) {
          raiseGroup(layout, inGroup, pool, position);
          continue;
        }
        inGroup[leaf.group] = (inGroup[leaf.group] ?? 0) + 1;
        const stack = stacks[place];
        if (stack !== undefined) raise(stack, before, leaf.size);
      }
    },
    least(spread, layout, place) {
      const { zone, size } = layout.leaves[place] as Leaf;
      // With fewer instances than cells some cell has none, and nothing need be counted.
      if ((spread.inZone[zone] ?? 0) < size) return 0;
      const { stacks } = inLayout(spread, layout);
      const stack = stacks[place] ?? stackOf(spread, layout, place, size);
      stacks[place] = stack;
      return stack.least;
    },
    ranks(spread, layout) {
      const { inZone } = spread;
      if (layout.spreadBy === undefined) return layout.leaves.map(({ zone }) => inZone[zone] ?? 0);
      const { inGroup } = inLayout(spread, layout);
      return layout.leaves.map(({ zone, group }) => {
        const last = layout.groups[group] === '' ? unlabelled : 0;
        return last + (inGroup[group] ?? 0) * zoneFactor + (inZone[zone] ?? 0);
      });
    },
  };
}

/** Also cells that the rules do not admit count for the value of the label that they have. */
function groupCounts(pool: Pool, spread: ProcessSpread, layout: Layout): number[] {
  const counts = layout.groups.map(() => 0);
  if (layout.spreadBy === undefined) return counts;
  for (const [position, instances] of spread.onCell) raiseGroup(layout, counts, pool, position, instances);
  for (const [cell, instances] of spread.elsewhere ?? []) raiseCellGroup(layout, counts, cell, instances);
  return counts;
}

function raiseGroup(layout: Layout, counts: number[], pool: Pool, position: number, by = 1): void {
  const seat = pool.seats[position];
  if (seat !== undefined) raiseCellGroup(layout, counts, seat.cell, by);
}

function raiseCellGroup(layout: Layout, counts: number[], { labels }: AuctionCell, by: number): void {
  if (layout.spreadBy === undefined) return;
  const group = layout.groups.indexOf(labels[layout.spreadBy] ?? '');
  if (group >= 0) counts[group] = (counts[group] ?? 0) + by;
}

/** One more instance on a cell that had `before`. */
function raise(stack: Stack, before: number, leafSize: number): void {
  stack.above[before] = (stack.above[before] ?? 0) + 1;
  while (stack.above[stack.least] === leafSize) stack.least += 1;
}

function stackOf(spread: ProcessSpread, layout: Layout, place: number, leafSize: number): Stack {
  const stack: Stack = { least: 0, above: [] };
  for (const [position, instances] of spread.onCell) {
    if (at(layout.leafOf, position) !== place) continue;
    for (let before = 0; before < instances; before++) raise(stack, before, leafSize);
  }
  return stack;
}

/** Fills in what runs already, by whichever way is shorter: asking each cell for each process, or reading all. */
function countExisting(
  pool: Pool,
  cells: readonly AuctionCell[],
  spreads: ReadonlyMap<ProcessGuid, ProcessSpread>,
): void {
  const positions = new Map(pool.cellIds.map((cellId, position) => [cellId, position]));
  const zones = new Map(pool.zones.map((zone, index) => [zone, index]));
  for (const cell of cells) {
    const { cellId, zone: zoneName, instancesByProcess } = cell;
    const zone = zones.get(zoneName);
    const position = positions.get(cellId);
    const count = (spread: ProcessSpread | undefined, instances: number): void => {
      if (spread === undefined || instances === 0) return;
      if (zone !== undefined) spread.inZone[zone] = (spread.inZone[zone] ?? 0) + instances;
      if (position === undefined) (spread.elsewhere ??= new Map()).set(cell, instances);
      else spread.onCell.set(position, instances);
    };
    if (spreads.size < instancesByProcess.size) {
      for (const [guid, spread] of spreads) count(spread, instancesByProcess.get(guid) ?? 0);
    } else {
      for (const [guid, instances] of instancesByProcess) count(spreads.get(guid), instances);
    }
  }
}
