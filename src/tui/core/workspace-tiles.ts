/** Where each pane that is seen is drawn, and how many cells it has inside of its frame. Used by workspace.ts. */
import type { Rect } from './frame.ts';
import type { Size } from './key.ts';
import { panesOf, tilesOf } from './workspace-layout.ts';
import { type PaneId, tabOf, type Workspace } from './workspace-model.ts';

/** One line below the panes: tabs, hints, questions. */
const footRows = 1;

export interface Tile {
  /** With the frame. */
  readonly outer: Rect;
  /** What the program has. */
  readonly inner: Rect;
  /** Other panes are beside it: it has a frame all around, else only a title line. */
  readonly framed: boolean;
}

/** The panes of the tab that is seen; only the focused one when it is zoomed or the others would be too small. */
export function visibleTiles(workspace: Workspace, size: Size): ReadonlyMap<PaneId, Tile> {
  const tab = tabOf(workspace);
  if (tab === undefined) return new Map();
  const area: Rect = { x: 0, y: 0, columns: size.columns, rows: Math.max(1, size.rows - footRows) };
  const isAlone = tab.zoomed || panesOf(tab.layout).length === 1;
  const tiles = isAlone ? undefined : tilesOf(tab.layout, area);
  if (tiles === undefined) return new Map([[tab.focus, tileOf(area, false)]]);
  return new Map([...tiles].map(([id, outer]) => [id, tileOf(outer, true)]));
}

function tileOf(outer: Rect, framed: boolean): Tile {
  const edge = framed ? 1 : 0;
  const inner: Rect = {
    x: outer.x + edge,
    y: outer.y + 1,
    columns: Math.max(1, outer.columns - 2 * edge),
    rows: Math.max(1, outer.rows - 1 - edge),
  };
  return { outer, inner, framed };
}

/** What each pane that is seen has room for. The shell tells the emulators and the cells. */
export function paneSizes(workspace: Workspace, size: Size): ReadonlyMap<PaneId, Size> {
  return new Map(
    [...visibleTiles(workspace, size)].map(([id, { inner }]) => [
      id,
      { columns: inner.columns, rows: inner.rows },
    ]),
  );
}
