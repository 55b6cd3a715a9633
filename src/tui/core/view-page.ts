/**
 * The lists of the cluster as pages: cells, LRPs, instances, tasks, routes, events. A page shows a window of what the
 * server has in order and asks for another before it is needed; all-pages.ts makes them.
 */
import { stateSeverity } from '../../api/core/view-columns.ts';
import { formatValue } from './columns-format.ts';
import type { Canvas } from './frame.ts';
import type { DrawContext, Page, PageContext, Want } from './page.ts';
import type { ListRequest, PageFactories } from './pages.ts';
import { subjectName } from './subject.ts';
import { drawTable } from './table.ts';
import { countFacts, drawFoot, positionText } from './table-foot.ts';
import { clip, widthOf } from './text.ts';
import { viewEvent } from './view-events.ts';
import { actionsOf, crumbOf, listKinds, titleOf } from './view-kinds.ts';
import { rowAt } from './view-list.ts';
import {
  columnsOf,
  hasStates,
  pageTitle,
  queryOf,
  rowsSeen,
  severityOf,
  sortOf,
  startState,
  type ViewState,
} from './view-state.ts';

/** A list; `pages` leads on from it. */
export const viewPage = (request: ListRequest, pages: PageFactories): Page =>
  pageOf(startState(request), pages);

function pageOf(state: ViewState, pages: PageFactories): Page {
  const { request } = state;
  const kind = listKinds[request.kind];
  const want: Want = { kind: 'view', id: 'rows', query: queryOf(state) };
  const actions = actionsOf(request.kind);
  const page: Page = {
    kind: request.kind,
    crumb: crumbOf(request),
    title: pageTitle(state),
    filter: state.filter,
    typing: false,
    wants: [want],
    actions: () => actions,
    on: (event, context) => {
      const { state: next, effects } = viewEvent(state, event, context, pages);
      return { page: next === state ? page : pageOf(next, pages), effects };
    },
    draw: (canvas, context) => drawView(state, canvas, context),
    command: () => kind.command(request.scope ?? {}),
    lines: (context) => linesOf(state, context),
    names: () =>
      state.list.rows.flatMap((row) => {
        const subject = kind.subjectOf(row);
        return subject === undefined ? [] : [subjectName(subject)];
      }),
  };
  return page;
}

function drawView(state: ViewState, canvas: Canvas, context: DrawContext): void {
  const { list, request } = state;
  const { settings, theme } = context;
  const style = { theme, times: settings.times, now: context.now + context.skewMs };
  const area = canvas.within({ x: 0, y: 0, columns: canvas.columns, rows: canvas.rows - 1 });
  drawTable(
    area,
    {
      columns: columnsOf(state, settings),
      contents: state.contents,
      wide: settings.wide,
      skip: state.skip,
      count: list.matched,
      top: list.top,
      at: list.at,
      rowAt: (place) => rowAt(list, place),
      isMarked: (key) => state.marks.has(key),
      severityOf: hasStates(request.kind) ? (row) => severityOf(request.kind, row) : undefined,
      changes: list.changes,
      sort: sortOf(state),
    },
    style,
  );
  if (list.matched === 0) drawNothing(state, area, context);
  const facts = countFacts(list.counts, stateSeverity[request.kind], theme);
  const position = positionText(list.top, rowsSeen(context), list.matched, list.total);
  drawFoot(canvas, facts, list.isFilled ? position : '', theme);
}

/** Why the table is empty, and what to do about it. */
function drawNothing(state: ViewState, canvas: Canvas, { theme }: DrawContext): void {
  const text = nothingText(state);
  const shown = clip(text, canvas.columns - 2, theme.glyphs.more);
  const x = Math.max(1, Math.floor((canvas.columns - widthOf(shown)) / 2));
  canvas.text(x, Math.max(1, Math.floor(canvas.rows / 3)), shown, theme.attr('dim'));
}

function nothingText({ list, filter, faults, request }: ViewState): string {
  const { plural } = listKinds[request.kind];
  if (!list.isFilled) return `asking for ${plural}`;
  if (filter !== '' && list.total > 0) return `no ${plural} match /${filter}: Esc clears the filter`;
  if (faults && list.total > 0) return `all ${plural} are as they should be: Ctrl-Z shows them`;
  return `no ${titleOf(request)}`;
}

/** What is loaded, as lines: titles, then a row each; at the end how much of the whole that is. */
function linesOf(state: ViewState, context: PageContext): readonly string[] {
  const { list } = state;
  const columns = columnsOf(state, context.settings);
  const time = { now: context.now, times: context.settings.times };
  const cells = list.rows.map((row) =>
    columns.map(({ id, format }) => formatValue(row.values[id], format, time)),
  );
  const widths = columns.map(({ title }, at) =>
    Math.max(title.length, ...cells.map((values) => widthOf(values[at] ?? ''))),
  );
  const line = (values: readonly string[]): string =>
    values
      .map((text, at) => text + ' '.repeat(Math.max(0, (widths[at] ?? 0) - widthOf(text))))
      .join('  ')
      .trimEnd();
  const loaded = positionText(list.start, list.rows.length, list.matched, list.total);
  return [line(columns.map(({ title }) => title)), ...cells.map(line), loaded];
}
