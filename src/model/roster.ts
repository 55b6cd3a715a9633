/**
 * Every cell that the brain counts on, with its zone and when it was lost, as one durable record: what the storm
 * guard judges from, so that a change of leader changes nothing. Written by the brain, read by it and by
 * `skep status`. Source: DESIGN.md 3.7.
 */
import { z } from 'zod';
import { defaults } from './defaults.ts';
import { type CellId, cellIdSchema } from './ids.ts';

const memberSchema = z.object({
  zone: z.string(),
  /** When the brain first saw that its presence had ended; undefined while it is there. */
  lostAt: z.number().optional(),
  /** It came back while a storm lasted, and counts as part of it for a moment: those lost with it return too. */
  backAt: z.number().optional(),
  /** Lost alone, or confirmed as lost: no part of a storm any more, kept for the operator's eyes. */
  settled: z.boolean().optional(),
});

export const rosterSchema = z.object({ v: z.literal(1), cells: z.record(cellIdSchema, memberSchema) });
export type Roster = Readonly<z.infer<typeof rosterSchema>>;
export type RosterMember = Readonly<z.infer<typeof memberSchema>>;

/** A cell that is away, and since when. */
export interface LostCell {
  readonly cellId: CellId;
  readonly zone: string;
  readonly lostAt: number;
}

/** By name. Who left drained, or came back, is none. */
export function lostCellsOf(roster: Roster | undefined): LostCell[] {
  return Object.entries(roster?.cells ?? {})
    .flatMap(([cellId, { zone, lostAt, backAt }]) =>
      lostAt === undefined || backAt !== undefined ? [] : [{ cellId: cellId as CellId, zone, lostAt }],
    )
    .sort((a, b) => (a.cellId < b.cellId ? -1 : 1));
}

/** What vanished at once from one zone. */
export interface Storm {
  readonly zone: string;
  readonly lost: readonly CellId[];
  /** Cells of the zone that were there just before. */
  readonly ofCells: number;
}

interface Loss {
  readonly cellId: CellId;
  readonly lostAt: number;
  readonly isBack: boolean;
}

/**
 * Zones of which more than half of the cells, and at least three, were lost within a minute of each other and
 * are still away, by name; who came back a moment ago counts, but is not among the lost. The cells of an earlier loss do not count as there, those of a settled one
 * not at all.
 */
export function stormsOf(roster: Roster | undefined): Storm[] {
  const zones = new Map<string, { present: number; losses: Loss[] }>();
  for (const [cellId, { zone, lostAt, backAt, settled }] of Object.entries(roster?.cells ?? {})) {
    if (settled === true) continue;
    const members = zones.get(zone) ?? { present: 0, losses: [] };
    zones.set(zone, members);
    if (lostAt === undefined) members.present += 1;
    else members.losses.push({ cellId: cellId as CellId, lostAt, isBack: backAt !== undefined });
  }
  return [...zones]
    .flatMap(([zone, { present, losses }]) => stormOf(zone, present, losses))
    .sort((a, b) => (a.zone < b.zone ? -1 : 1));
}

function stormOf(zone: string, present: number, losses: readonly Loss[]): Storm[] {
  const byTime = [...losses].sort((a, b) => a.lostAt - b.lostAt || (a.cellId < b.cellId ? -1 : 1));
  const lost = new Set<CellId>();
  let ofCells = 0;
  let end = 0;
  byTime.forEach(({ lostAt }, start) => {
    while ((byTime[end]?.lostAt ?? Infinity) - lostAt <= defaults.stormWindowMs) end += 1;
    const count = end - start;
    const members = present + byTime.length - start;
    if (count < defaults.stormMinCells || count * 2 <= members) return;
    ofCells = Math.max(ofCells, members);
    for (const { cellId, isBack } of byTime.slice(start, end)) if (!isBack) lost.add(cellId);
  });
  return lost.size === 0 ? [] : [{ zone, lost: [...lost], ofCells }];
}
