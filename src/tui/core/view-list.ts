/**
 * The rows of a view as a terminal holds them: a window of a long list, the cursor on one of its rows, what has just
 * changed. Pure: view-page.ts feeds it messages and keys. It promises that the cursor is on a row by key: data that
 * moves takes the cursor along, a row that goes leaves it on its neighbour, and no other row is ever taken for it.
 */

import { viewColumns } from '../../api/core/view-columns.ts';
import type { ViewKind, ViewMessage, ViewQuery, ViewRow } from '../../api/core/view-shapes.ts';
import { windowRowsMax } from '../../api/core/view-shapes.ts';
import type { Millis } from '../../model/ids.ts';
import type { ActionId } from './actions.ts';
import { moved, settled } from './table-cursor.ts';

export type ChangeSign = 'up' | 'down' | 'other';

export interface RowChange {
  readonly at: Millis;
  /** By column id. */
  readonly signs: Readonly<Record<string, ChangeSign>>;
}

export interface ViewList {
  readonly kind: ViewKind;
  /** Something has been shown. */
  readonly isFilled: boolean;
  /** Place of the first of `rows` in the whole order. */
  readonly start: number;
  readonly rows: readonly ViewRow[];
  readonly total: number;
  readonly matched: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly at: number;
  readonly top: number;
  /** The row under the cursor; undefined while it has not come yet. */
  readonly cursorKey?: string | undefined;
  /** It has moved out of the window, or was asked for: the server is asked where it is, and till then what is shown stays. */
  readonly seeking: boolean;
  /** The window that is asked for. */
  readonly asked: ViewQuery['window'];
  readonly changes: ReadonlyMap<string, RowChange>;
}

/** How long a value that has changed is marked. */
export const changeShownMs = 3_000;

/** Rows asked for at least: a few screens of a small terminal, so that a range can be marked and paging is answered here. */
const windowRowsMin = 150;

export function emptyList(kind: ViewKind, cursor?: string): ViewList {
  return {
    kind,
    isFilled: false,
    start: 0,
    rows: [],
    total: 0,
    matched: 0,
    counts: {},
    at: 0,
    top: 0,
    cursorKey: cursor,
    seeking: cursor !== undefined,
    asked: { start: 0, count: windowRowsMin },
    changes: new Map(),
  };
}

export const rowAt = (list: ViewList, place: number): ViewRow | undefined => list.rows[place - list.start];

/** The row under the cursor; undefined when there is none or it is not here yet. */
export function cursorRow(list: ViewList): ViewRow | undefined {
  const row = rowAt(list, list.at);
  return row !== undefined && row.key === list.cursorKey ? row : undefined;
}

/** The row that the server is asked to follow, while it is sought. */
export function anchorOf({ seeking, cursorKey }: ViewList): ViewQuery['anchor'] {
  return seeking && cursorKey !== undefined ? { key: cursorKey, centre: true } : undefined;
}

type RowsMessage = Extract<ViewMessage, { type: 'rows' }>;

/** New rows. @param visible rows that the screen has room for */
export function rowsCame(list: ViewList, message: RowsMessage, visible: number, now: Millis): ViewList {
  const rows = filledIn(list, message.rows);
  const place = placeOf(list, message, rows);
  if (place === 'unknown') return { ...list, seeking: true };
  const found = list.seeking && message.anchorAt !== undefined;
  const next: ViewList = {
    ...list,
    isFilled: true,
    start: message.start,
    rows,
    total: message.total,
    matched: message.matched,
    counts: message.counts,
    seeking: false,
    asked: found ? { ...list.asked, start: message.start } : list.asked,
    changes: changesOf(list, rows, now),
  };
  const viewport = settled({ at: place, top: list.top + place - list.at }, message.matched, visible);
  return asking({ ...next, ...viewport, ...keyAt(next, viewport.at) }, visible);
}

/** Where the cursor's row is now; the neighbour's place when it has gone; unknown when the message cannot tell. */
function placeOf(list: ViewList, message: RowsMessage, rows: readonly ViewRow[]): number | 'unknown' {
  const { cursorKey, at, top } = list;
  if (cursorKey === undefined) return at;
  // Whoever looks at the newest of the journal goes on looking at the newest.
  if (list.kind === 'events' && at === 0 && top === 0 && !list.seeking) return 0;
  const index = rows.findIndex(({ key }) => key === cursorKey);
  if (index >= 0) return message.start + index;
  if (message.anchorAt === undefined) {
    // All there is has come, and it is not among it.
    return message.matched === rows.length ? at : 'unknown';
  }
  return message.anchorAt < 0 || !list.seeking ? at : message.anchorAt;
}

function keyAt(list: ViewList, at: number): Pick<ViewList, 'cursorKey'> {
  return { cursorKey: rowAt(list, at)?.key };
}

/** The client's feed fills in rows that came as a key alone; one that it could not is drawn by its key. */
function filledIn(list: ViewList, rows: RowsMessage['rows']): readonly ViewRow[] {
  const known = new Map(list.rows.map((row) => [row.key, row]));
  return rows.map((row) => (typeof row === 'string' ? (known.get(row) ?? { key: row, values: {} }) : row));
}

function changesOf(list: ViewList, rows: readonly ViewRow[], now: Millis): ViewList['changes'] {
  const before = new Map(list.rows.map((row) => [row.key, row]));
  const changes = new Map(fresh(list.changes, now));
  for (const row of rows) {
    const old = before.get(row.key);
    if (old === undefined || old === row) continue;
    const signs = signsOf(list.kind, old, row);
    if (Object.keys(signs).length === 0) continue;
    changes.set(row.key, { at: now, signs: { ...changes.get(row.key)?.signs, ...signs } });
  }
  return changes;
}

function signsOf(kind: ViewKind, old: ViewRow, row: ViewRow): RowChange['signs'] {
  const signs: Record<string, ChangeSign> = {};
  for (const { id, format } of viewColumns[kind]) {
    const [before, after] = [old.values[id], row.values[id]];
    if (before === after || format === 'age') continue;
    if (typeof before === 'number' && typeof after === 'number') signs[id] = after > before ? 'up' : 'down';
    else signs[id] = 'other';
  }
  return signs;
}

const fresh = (changes: ViewList['changes'], now: Millis): readonly (readonly [string, RowChange])[] =>
  [...changes].filter(([, { at }]) => now - at < changeShownMs);

/** Forgets marks of changes that have been shown long enough. */
export function aged(list: ViewList, now: Millis): ViewList {
  const kept = fresh(list.changes, now);
  return kept.length === list.changes.size ? list : { ...list, changes: new Map(kept) };
}

/** After a moving action; the same list when the action moves nothing. */
export function movedBy(list: ViewList, action: ActionId, visible: number): ViewList {
  const viewport = moved(action, list, list.matched, visible);
  return viewport === undefined ? list : wentTo(list, viewport.at, visible, viewport.top);
}

/** The cursor at that place. */
export function wentTo(list: ViewList, at: number, visible: number, top = list.top): ViewList {
  const viewport = settled({ at, top }, list.matched, visible);
  const next = { ...list, ...viewport, seeking: false };
  return asking({ ...next, ...keyAt(next, viewport.at) }, visible);
}

/** After the screen changed its size. */
export function resized(list: ViewList, visible: number): ViewList {
  return asking({ ...list, ...settled(list, list.matched, visible) }, visible);
}

/**
 * Another order or another filter holds from now on: the cursor's row is looked for in it, unless the operator has not
 * left the first row, who then wants to see what is first now.
 */
export function reordered(list: ViewList): ViewList {
  if (list.at === 0)
    return { ...list, cursorKey: undefined, seeking: false, asked: { ...list.asked, start: 0 } };
  return { ...list, seeking: list.cursorKey !== undefined };
}

/** Asks for another window when what is seen comes near the edge of the one that is asked for. */
function asking(list: ViewList, visible: number): ViewList {
  const count = Math.min(windowRowsMax, Math.max(windowRowsMin, 3 * visible));
  const margin = Math.floor(visible / 2);
  const from = Math.max(0, list.top - margin);
  const to = Math.min(list.matched, list.top + visible + margin);
  const { asked } = list;
  if (asked.count === count && from >= asked.start && to <= asked.start + count) return list;
  const start = Math.max(0, list.top - Math.floor((count - visible) / 2));
  return { ...list, asked: { start, count } };
}
