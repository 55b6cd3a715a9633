/**
 * How a tab's area is divided among its panes: a tree of splits, each with the share of its first part. Pure geometry,
 * used by workspace.ts. The tiles of a tab cover its area exactly, each large enough to be of use; where they would not
 * be, only the focused pane is shown.
 */
import type { Rect } from './frame.ts';

export type PaneId = string;
export type SplitDirection = 'right' | 'below';
export type Side = 'left' | 'right' | 'up' | 'down';

export type Layout =
  | { readonly kind: 'pane'; readonly id: PaneId }
  | {
      readonly kind: 'split';
      readonly direction: SplitDirection;
      /** Of the room, in per cent, that the first part has. */
      readonly sharePercent: number;
      readonly first: Layout;
      readonly second: Layout;
    };

/** A tile with its frame: 10×2 cells inside at least. */
const tileMin = { columns: 12, rows: 4 } as const;
const shareMinPercent = 10;

export const paneLeaf = (id: PaneId): Layout => ({ kind: 'pane', id });

/** In the order they are seen, left to right and top to bottom. */
export function panesOf(layout: Layout): readonly PaneId[] {
  if (layout.kind === 'pane') return [layout.id];
  return [...panesOf(layout.first), ...panesOf(layout.second)];
}

/** The pane's place is shared with a new one. The layout is unchanged when there is no such pane. */
export function splitPane(layout: Layout, at: PaneId, added: PaneId, direction: SplitDirection): Layout {
  if (layout.kind === 'pane') {
    if (layout.id !== at) return layout;
    return { kind: 'split', direction, sharePercent: 50, first: layout, second: paneLeaf(added) };
  }
  const first = splitPane(layout.first, at, added, direction);
  const second = splitPane(layout.second, at, added, direction);
  return { ...layout, first, second };
}

/** Its neighbour gets the room. Undefined when it was the only one. */
export function withoutPane(layout: Layout, id: PaneId): Layout | undefined {
  if (layout.kind === 'pane') return layout.id === id ? undefined : layout;
  const first = withoutPane(layout.first, id);
  const second = withoutPane(layout.second, id);
  if (first === undefined) return second;
  return second === undefined ? first : { ...layout, first, second };
}

/** How many splits lie above the pane: every other one divides the other way. */
export function depthOf(layout: Layout, id: PaneId): number | undefined {
  if (layout.kind === 'pane') return layout.id === id ? 0 : undefined;
  const below = depthOf(layout.first, id) ?? depthOf(layout.second, id);
  return below === undefined ? undefined : below + 1;
}

/** Moves the nearest border on that axis towards `side`; the layout is unchanged when there is none. */
export function resizeAround(layout: Layout, id: PaneId, side: Side, stepPercent: number): Layout {
  return resized(layout, id, side, stepPercent).layout;
}

interface Resized {
  readonly layout: Layout;
  readonly holds: boolean;
  readonly done: boolean;
}

function resized(layout: Layout, id: PaneId, side: Side, stepPercent: number): Resized {
  if (layout.kind === 'pane') return { layout, holds: layout.id === id, done: false };
  const first = resized(layout.first, id, side, stepPercent);
  const second = first.holds ? undefined : resized(layout.second, id, side, stepPercent);
  const inner = second ?? first;
  if (!inner.holds) return { layout, holds: false, done: false };
  const next = { ...layout, ...(second === undefined ? { first: inner.layout } : { second: inner.layout }) };
  const axis: SplitDirection = side === 'left' || side === 'right' ? 'right' : 'below';
  if (inner.done || layout.direction !== axis) return { layout: next, holds: true, done: inner.done };
  const step = side === 'right' || side === 'down' ? stepPercent : -stepPercent;
  const sharePercent = Math.min(100 - shareMinPercent, Math.max(shareMinPercent, layout.sharePercent + step));
  return { layout: { ...next, sharePercent }, holds: true, done: true };
}

/** Which tile each pane has; undefined when one would be too small to be of use. */
export function tilesOf(layout: Layout, area: Rect): ReadonlyMap<PaneId, Rect> | undefined {
  const tiles = new Map<PaneId, Rect>();
  return place(layout, area, tiles) ? tiles : undefined;
}

function place(layout: Layout, area: Rect, tiles: Map<PaneId, Rect>): boolean {
  if (layout.kind === 'pane') {
    tiles.set(layout.id, area);
    return area.columns >= tileMin.columns && area.rows >= tileMin.rows;
  }
  const [first, second] = halves(layout, area);
  return place(layout.first, first, tiles) && place(layout.second, second, tiles);
}

/** The share is bent where a part would be smaller than what it holds needs. */
function halves(layout: Extract<Layout, { kind: 'split' }>, area: Rect): [Rect, Rect] {
  const wide = layout.direction === 'right';
  const all = wide ? area.columns : area.rows;
  const leastFirst = leastOf(layout.first, wide);
  const leastSecond = leastOf(layout.second, wide);
  const asked = Math.round((all * layout.sharePercent) / 100);
  const part = Math.max(leastFirst, Math.min(asked, all - leastSecond));
  const { x, y, columns, rows } = area;
  return wide
    ? [
        { x, y, columns: part, rows },
        { x: x + part, y, columns: all - part, rows },
      ]
    : [
        { x, y, columns, rows: part },
        { x, y: y + part, columns, rows: all - part },
      ];
}

function leastOf(layout: Layout, wide: boolean): number {
  if (layout.kind === 'pane') return wide ? tileMin.columns : tileMin.rows;
  const first = leastOf(layout.first, wide);
  const second = leastOf(layout.second, wide);
  return (layout.direction === 'right') === wide ? first + second : Math.max(first, second);
}

/** Large enough that what fits is decided by the tree alone. */
const board: Rect = { x: 0, y: 0, columns: 100_000, rows: 100_000 };

/** The pane beside it on that side, the one that shares most of the border; undefined at the edge. */
export function neighbourOf(layout: Layout, id: PaneId, side: Side): PaneId | undefined {
  const tiles = tilesOf(layout, board);
  const from = tiles?.get(id);
  if (tiles === undefined || from === undefined) return undefined;
  let best: PaneId | undefined;
  let most = 0;
  for (const [other, tile] of tiles) {
    const shared = sharedBorder(from, tile, side);
    if (other === id || shared <= most) continue;
    best = other;
    most = shared;
  }
  return best;
}

function sharedBorder(from: Rect, to: Rect, side: Side): number {
  const touches =
    (side === 'left' && to.x + to.columns === from.x) ||
    (side === 'right' && from.x + from.columns === to.x) ||
    (side === 'up' && to.y + to.rows === from.y) ||
    (side === 'down' && from.y + from.rows === to.y);
  if (!touches) return 0;
  const upright = side === 'left' || side === 'right';
  const [fromAt, fromLength] = upright ? [from.y, from.rows] : [from.x, from.columns];
  const [toAt, toLength] = upright ? [to.y, to.rows] : [to.x, to.columns];
  return Math.min(fromAt + fromLength, toAt + toLength) - Math.max(fromAt, toAt);
}
