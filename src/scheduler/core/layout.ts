/**
 * The cells that one class of rules admits, in rankings: one for each zone, and within it for each value of
 * the label that instances are spread by. Made once for each class in an auction and kept up lazily, so that
 * a class pays for what was placed since it was last asked, and only on cells of its own. Used by auction.ts.
 */
import type { Work } from '../../model/auction.ts';
import type { PlacementRules } from '../../model/placement.ts';
import { fixedFilters } from './filters.ts';
import { at, type Pool } from './pool.ts';
import { createRanking, type Ranking } from './ranking.ts';

/** Some cells of one zone and one value of the label. */
export interface Leaf {
  readonly ranking: Ranking;
  readonly zone: number;
  /** Of `Layout.groups`. */
  readonly group: number;
  readonly size: number;
}

export interface Layout {
  readonly leaves: readonly Leaf[];
  /** All of their cells in one ranking, if the leaves are many: one walk then instead of many short ones. */
  readonly whole: Ranking | undefined;
  /** Leaf of each position; -1: the rules do not admit it. */
  readonly leafOf: Int32Array;
  /** Values of the label, '' for cells without it; one '' when nothing is spread by a label. */
  readonly groups: readonly string[];
  readonly spreadBy: string | undefined;
  /** Brings the rankings up to what was placed since the last call. */
  sync(): void;
}

export interface Layouts {
  /** Equal rules have one layout. LRPs and tasks are scored differently and have their own. */
  of(work: Work): Layout;
}

export type BaseOf = (position: number) => number;

export function createLayouts(pool: Pool, baseOf: Readonly<Record<Work['kind'], BaseOf>>): Layouts {
  const byKey = new Map<string, Layout>();
  const byRules = { lrp: new Map<PlacementRules, Layout>(), task: new Map<PlacementRules, Layout>() };
  return {
    of(work) {
      const known = byRules[work.kind].get(work.rules);
      if (known !== undefined) return known;
      const key = classKey(work);
      let layout = byKey.get(key);
      if (layout === undefined) {
        layout = createLayout(pool, work, baseOf[work.kind]);
        byKey.set(key, layout);
      }
      byRules[work.kind].set(work.rules, layout);
      return layout;
    },
  };
}

/** Equal keys admit the same cells and group them alike. */
export function classKey({ kind, rules }: Work): string {
  const { os, arch, tags, runtime, volumeDrivers, spreadBy } = rules;
  if (isPlain(rules)) return kind;
  const sets = [tags, volumeDrivers].map((words) => (words.length > 1 ? words.toSorted() : words));
  return JSON.stringify([kind, os, arch, ...sets, runtime, kind === 'lrp' ? spreadBy : '']);
}

/** Nearly all work asks for nothing, and then nothing need be compared. */
function isPlain({ os, arch, tags, runtime, volumeDrivers, spreadBy }: PlacementRules): boolean {
  return tags.length === 0 && volumeDrivers.length === 0 && (os ?? arch ?? runtime ?? spreadBy) === undefined;
}

function createLayout(pool: Pool, work: Work, baseOf: BaseOf): Layout {
  // Tasks know neither zones nor labels: only their number on a cell counts.
  const spreadBy = work.kind === 'lrp' ? work.rules.spreadBy : undefined;
  const filters = fixedFilters.filter((filter) => filter.applies(work));
  const groups: string[] = [];
  const members = new Map<string, { zone: number; group: number; positions: number[] }>();
  for (let position = 0; position < pool.size; position++) {
    const seat = pool.seats[position] as (typeof pool.seats)[number];
    if (!filters.every((filter) => filter.passes(seat, work))) continue;
    const value = spreadBy === undefined ? '' : (seat.cell.labels[spreadBy] ?? '');
    let group = groups.indexOf(value);
    if (group < 0) group = groups.push(value) - 1;
    const zone = work.kind === 'lrp' ? at(pool.zoneOf, position) : 0;
    const key = `${zone}/${group}`;
    const member = members.get(key) ?? { zone, group, positions: [] };
    members.set(key, member);
    member.positions.push(position);
  }
  const base = new Float64Array(pool.size);
  const leafOf = new Int32Array(pool.size).fill(-1);
  const leaves = [...members.values()].map(({ zone, group, positions }, leaf): Leaf => {
    for (const position of positions) {
      base[position] = baseOf(position);
      leafOf[position] = leaf;
    }
    return { ranking: createRanking(pool, positions, base), zone, group, size: positions.length };
  });
  const all = [...members.values()].flatMap(({ positions }) => positions);
  const whole = leaves.length > fewLeaves ? createRanking(pool, all, base.slice()) : undefined;
  const layout = { leaves, whole, leafOf, groups, spreadBy };
  return { ...layout, sync: syncOf(pool, layout, baseOf) };
}

/** With more leaves than this, walking all of their cells in order finds the best one sooner. */
export const fewLeaves = 8;

function syncOf(pool: Pool, layout: Omit<Layout, 'sync'>, baseOf: BaseOf): () => void {
  const { leaves, whole, leafOf } = layout;
  let seen = pool.moves.length;
  return () => {
    for (; seen < pool.moves.length; seen++) {
      const position = pool.moves[seen] as number;
      const leaf = leaves[at(leafOf, position)];
      if (leaf === undefined) continue;
      const base = baseOf(position);
      leaf.ranking.move(position, base);
      whole?.move(position, base);
    }
  };
}
