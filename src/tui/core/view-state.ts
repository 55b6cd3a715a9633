/**
 * Everything that a list page knows: its rows, what is asked of the server, what is marked, what is wrong with the
 * data. Pure; view-page.ts makes a page of it, view-events.ts its next value.
 */
import { spanOf } from '../../api/core/age.ts';
import type { Severity, ViewColumn } from '../../api/core/view-columns.ts';
import { stateSeverity, viewColumns } from '../../api/core/view-columns.ts';
import type { ViewKind, ViewQuery, ViewRow } from '../../api/core/view-shapes.ts';
import type { Millis } from '../../model/ids.ts';
import { columnsFor } from './columns-format.ts';
import type { Effect, PageContext, Settings } from './page.ts';
import type { ListRequest } from './pages.ts';
import { type Sort, visibleRows } from './table.ts';
import { titleOf } from './view-kinds.ts';
import { anchorOf, cursorRow, emptyList, type ViewList } from './view-list.ts';

export interface ViewState {
  readonly request: ListRequest;
  readonly list: ViewList;
  readonly filter: string;
  readonly faults: boolean;
  /** Undefined: as the server orders the kind. */
  readonly sort?: Sort | undefined;
  /** Columns and sort of the settings have been taken over. */
  readonly isSet: boolean;
  /** Rows by key, so that a dialog has their values when they are out of the window. */
  readonly marks: ReadonlyMap<string, ViewRow>;
  /** The row that was marked last: where a range begins. */
  readonly lastMark?: string | undefined;
  readonly contents: Readonly<Record<string, number>>;
  /** Columns scrolled out on the left. */
  readonly skip: number;
  /** The data has stood still since then, for that reason. */
  readonly old?: { readonly since: Millis; readonly reason: string } | undefined;
  readonly refusal: string;
  readonly building?: { readonly done: number; readonly of: number } | undefined;
  /** As of the last event: for the title. */
  readonly now: Millis;
}

/** The next state, and what the page asks for. */
export interface ViewStep {
  readonly state: ViewState;
  readonly effects: readonly Effect[];
}

/** More are refused: a dialog that lists them is not read. */
export const marksMax = 1_000;

export function startState(request: ListRequest): ViewState {
  return {
    request,
    list: emptyList(request.kind, request.cursor),
    filter: request.filter ?? '',
    faults: false,
    isSet: false,
    marks: new Map(),
    contents: {},
    skip: 0,
    refusal: '',
    now: 0 as Millis,
  };
}

export function queryOf({ request, list, filter, faults, sort }: ViewState): ViewQuery {
  const anchor = anchorOf(list);
  return {
    kind: request.kind,
    scope: request.scope ?? {},
    filter,
    faults,
    window: list.asked,
    ...(sort === undefined ? {} : { sort }),
    ...(anchor === undefined ? {} : { anchor }),
  };
}

/** Rows of the list that a page of this size shows: a line of titles above them, one of totals below. */
export const rowsSeen = ({ size }: Pick<PageContext, 'size'>): number => visibleRows(size.rows - 1);

/** What it is sorted by, said or not. */
export function sortOf({ request: { kind }, sort }: ViewState): Sort {
  return sort ?? { column: viewColumns[kind][0]?.id ?? '', descending: kind === 'events' };
}

/** Columns that are shown, in order, with the room that times need as they are written now. */
export function columnsOf({ request: { kind } }: ViewState, settings: Settings): readonly ViewColumn[] {
  const all = viewColumns[kind];
  const chosen = settings.views?.[kind]?.columns;
  const shown =
    chosen === undefined
      ? all.filter(({ priority }) => priority < 9)
      : chosen.flatMap((id) => all.filter((column) => column.id === id));
  return columnsFor(shown.length === 0 ? all.slice(0, 1) : shown, settings.times);
}

export function severityOf(kind: ViewKind, row: ViewRow): Severity | undefined {
  const table = stateSeverity[kind];
  const state = row.values['state'];
  return typeof state === 'string' && Object.hasOwn(table, state) ? table[state] : undefined;
}

export const hasStates = (kind: ViewKind): boolean => Object.keys(stateSeverity[kind]).length > 0;

/** What an action is about: all that is marked, else the row under the cursor; nothing while it is not there yet. */
export function chosenRows({ marks, list }: ViewState): readonly ViewRow[] {
  if (marks.size > 0) return [...marks.values()];
  const row = cursorRow(list);
  return row === undefined ? [] : [row];
}

export function pageTitle(state: ViewState): string {
  const { request, faults, marks, old, refusal, building, now } = state;
  const parts = [titleOf(request)];
  if (faults) parts.push('faults only');
  if (marks.size > 0) parts.push(`${marks.size} marked`);
  if (refusal !== '') parts.push(`filter not used: ${refusal}`);
  else if (old !== undefined) parts.push(`data ${spanOf(now - old.since)} old: ${old.reason}`);
  else if (building !== undefined) parts.push(`putting in order, ${percentOf(building)} %`);
  return parts.join(' · ');
}

const percentOf = ({ done, of }: { done: number; of: number }): number =>
  of === 0 ? 0 : Math.floor((100 * done) / of);
