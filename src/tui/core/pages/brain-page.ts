/**
 * The brain: the servers and who leads them since when, what is wrong, which loss would be survived, what operators
 * have set, the last changes of leader. A table of servers with facts below it; opened by `:brain`.
 */

import { spanOf } from '../../../api/core/age.ts';
import { lastChangeLine, quorumLine } from '../../../api/core/quorum-text.ts';
import type { Status } from '../../../api/core/routes.ts';
import type { StoreFigures } from '../../../api/core/store-shapes.ts';
import type { Severity } from '../../../api/core/view-columns.ts';
import type { ViewRow } from '../../../api/core/view-shapes.ts';
import { type BrainSettings, defaultBrainSettings } from '../../../model/cell-spec.ts';
import type { JournalEvent } from '../../../model/event.ts';
import type { Millis } from '../../../model/ids.ts';
import { moving } from '../actions.ts';
import { formatAge } from '../columns-format.ts';
import type { Canvas } from '../frame.ts';
import type { Data, DrawContext, Page, PageContext, PageEvent, Turn, Want } from '../page.ts';
import { contentWidths, drawTable } from '../table.ts';
import {
  type LocalTable,
  localColumn,
  localCursor,
  localMoved,
  localTable,
  withFilter,
  withRows,
} from '../table-local.ts';
import { widthOf, wrap } from '../text.ts';
import type { Role, Theme } from '../theme.ts';
import { storeFacts } from './brain-store.ts';

type BrainEvent = JournalEvent & { readonly id: string };

interface Brain {
  readonly table: LocalTable;
  readonly settings?: BrainSettings | undefined;
  readonly store?: StoreFigures | undefined;
  /** Elections and what servers did, newest first. */
  readonly events: readonly BrainEvent[];
  /** Lines of facts scrolled out above. */
  readonly skip: number;
  readonly problem: string;
}

const columns = [
  localColumn('server', 'SERVER', 1, [8, 32]),
  localColumn('role', 'ROLE', 1, [8, 8], 'state'),
  localColumn('address', 'ADDRESS', 2, [12, 32]),
  localColumn('version', 'VERSION', 3, [7, 16]),
  localColumn('member', 'MEMBER', 4, [16, 16]),
  localColumn('startedAt', 'UP', 1, [5, 5], 'age'),
];
const severities: Readonly<Record<string, Severity>> = {
  leader: 'ok',
  follower: 'ok',
  learner: 'warn',
  unknown: 'bad',
};
const eventsShown = 8;
const settingsEveryMs = 10_000;
const storeEveryMs = 5_000;

const wants: readonly Want[] = [
  { kind: 'poll', id: 'settings', route: 'getSettings', input: {}, everyMs: settingsEveryMs },
  { kind: 'poll', id: 'store', route: 'storeFigures', input: {}, everyMs: storeEveryMs },
  { kind: 'events', id: 'events' },
];

export const brainPage = (): Page => pageOf({ table: localTable(columns), events: [], skip: 0, problem: '' });

function pageOf(brain: Brain): Page {
  const page: Page = {
    kind: 'brain',
    crumb: 'brain',
    title: brain.problem === '' ? 'brain' : `brain · may be old: ${brain.problem}`,
    filter: brain.table.filter,
    typing: false,
    wants,
    actions: () => ['copy', ...moving],
    on: (event, context) => answered(brain, event, context, page),
    draw: (canvas, context) => drawBrain(brain, canvas, context),
    command: () => 'skep status',
    lines: (context) => [
      ...rowsOf(context.status).map(({ values }) =>
        columns.map(({ id }) => String(values[id] ?? '-')).join('  '),
      ),
      ...factsOf(brain, context).map(({ key, text }) => `${key}: ${text}`),
    ],
  };
  return page;
}

function rowsOf(status: Status | undefined): readonly ViewRow[] {
  return (status?.servers ?? []).map(({ server, health, apiAddress, memberId, version, startedAt }) => ({
    key: server,
    values: { server, role: health, address: apiAddress, version, member: memberId, startedAt },
  }));
}

function answered(before: Brain, event: PageEvent, context: PageContext, page: Page): Turn {
  const visible = Math.max(1, context.size.rows);
  const brain = { ...before, table: withRows(before.table, rowsOf(context.status), visible) };
  switch (event.kind) {
    case 'data':
      return { page: pageOf(dataCame(brain, event.want, event.data)) };
    case 'filter':
      return { page: pageOf({ ...brain, table: withFilter(brain.table, event.text, visible) }) };
    case 'action':
      return acted(brain, event, context, page);
    default:
      return { page: pageOf(brain) };
  }
}

function dataCame(brain: Brain, want: string, data: Data): Brain {
  if (data.kind === 'broken' && want === 'store')
    return { ...brain, store: { server: '', problem: data.error.message, members: [] } };
  if (data.kind === 'broken') return { ...brain, problem: data.error.message };
  if (data.kind === 'answer' && want === 'settings')
    return { ...brain, problem: '', settings: data.value as BrainSettings };
  if (data.kind === 'answer' && want === 'store')
    return { ...brain, problem: '', store: data.value as StoreFigures };
  if (data.kind !== 'events') return brain;
  const about = data.events.filter(({ type }) => /^(brain|server|record)\./.test(type));
  // A feed that was begun again brings the last ones again.
  const byId = new Map([...brain.events, ...about].map((event) => [event.id, event]));
  const events = [...byId.values()].sort((a, b) => b.at - a.at).slice(0, eventsShown);
  return { ...brain, events };
}

function acted(
  brain: Brain,
  { action }: Extract<PageEvent, { kind: 'action' }>,
  context: PageContext,
  page: Page,
): Turn {
  const { size } = context;
  const screen = factRows(brain.table, size.rows);
  switch (action) {
    case 'escape':
      if (brain.table.filter === '') return { page, effects: [{ do: 'back' }] };
      return { page: pageOf({ ...brain, table: withFilter(brain.table, '', size.rows) }) };
    case 'copy': {
      const text = localCursor(brain.table)?.key ?? '';
      return { page, effects: text === '' ? [] : [{ do: 'copy', text, what: text }] };
    }
    case 'pageDown':
      return { page: pageOf({ ...brain, skip: Math.min(brain.skip + screen, skipMax(brain, context)) }) };
    case 'pageUp':
      return { page: pageOf({ ...brain, skip: Math.max(0, brain.skip - screen) }) };
    default:
      return { page: pageOf({ ...brain, table: localMoved(brain.table, action, size.rows) }) };
  }
}

interface Fact {
  readonly key: string;
  readonly text: string;
  readonly role: Role;
}

const fact = (key: string, text: string, role: Role = 'text'): Fact => ({ key, text, role });

/** Most pressing first. */
function factsOf({ settings, store, events }: Brain, { status, now }: PageContext): readonly Fact[] {
  if (status === undefined) return [fact('status', 'no server has answered yet', 'warn')];
  return [
    ...status.problems.map((text, at) => fact(at === 0 ? 'problems' : '', text, 'bad')),
    ...(status.problems.length === 0 ? [fact('problems', 'none', 'ok')] : []),
    ...leaderFacts(status, now),
    ...survivalFacts(status),
    ...quorumFacts(status, now),
    ...(store === undefined ? [] : storeFacts(store)),
    ...stateFacts(status, now),
    ...(settings === undefined ? [] : settingFacts(settings, now)),
    ...events.map((event, at) =>
      fact(at === 0 ? 'events' : '', `${formatAge(now - event.at)} ${event.type}: ${event.message}`, 'dim'),
    ),
  ];
}

function leaderFacts({ leader, stale, server }: Status, now: Millis): readonly Fact[] {
  const isOld = stale === '' ? [] : [fact('stale', `what ${server} shows may be old: ${stale}`, 'bad')];
  if (leader === undefined)
    return [fact('leader', 'none: nothing is placed or replaced until there is one', 'bad'), ...isOld];
  const since = `for ${spanOf(now - leader.since)}, Raft term ${leader.raftTerm}`;
  return [fact('leader', `${leader.server} ${since}`), ...isOld];
}

function survivalFacts({ survives }: Status): readonly Fact[] {
  if (survives === undefined) return [fact('survives', 'being worked out', 'dim')];
  const { cell, zone, worstCells, worstZones, cellCount, zoneCount } = survives;
  const said = (what: string, count: number, isFine: boolean, worst: typeof worstCells): Fact => {
    const [first] = worst;
    if (isFine)
      return fact(`lose a ${what}`, `any one of ${count}: everything would find a place again`, 'ok');
    if (first === undefined) return fact(`lose a ${what}`, `there is only one ${what}`, 'warn');
    return fact(
      `lose a ${what}`,
      `without ${first.name} ${first.unplaced} instances would find no place: ${first.reason}`,
      'warn',
    );
  };
  return [said('cell', cellCount, cell, worstCells), said('zone', zoneCount, zone, worstZones)];
}

/** What the automatic quorum does next, and how the last change of the servers ended. */
function quorumFacts({ quorum }: Status, now: Millis): readonly Fact[] {
  if (quorum === undefined) return [];
  const line = quorumLine(quorum, now);
  const last = lastChangeLine(quorum, now);
  const isTold = quorum.change !== undefined || quorum.next?.at !== undefined;
  return [
    ...(line === undefined ? [] : [fact('quorum', line, isTold ? 'warn' : 'dim')]),
    ...(last === undefined ? [] : [fact('last change', last, quorum.last?.isDone === true ? 'dim' : 'warn')]),
  ];
}

function stateFacts(
  { revision, version, clusterId, corrupt, rebalance }: Status,
  now: Millis,
): readonly Fact[] {
  const facts: Fact[] = [];
  for (const { key, reason } of corrupt) facts.push(fact('unreadable', `${key}: ${reason}`, 'bad'));
  if (rebalance !== undefined) {
    const { by, at, asked, left } = rebalance;
    facts.push(
      fact('rebalance', `${asked - left} of ${asked} moves over, asked by ${by} ${spanOf(now - at)} ago`),
    );
  }
  facts.push(fact('cluster', `${clusterId}, revision ${revision}, version ${version}`, 'dim'));
  return facts;
}

/** What differs from the defaults is written as such. */
function settingFacts(settings: BrainSettings, now: Millis): readonly Fact[] {
  const names = Object.keys(defaultBrainSettings).filter((name) => name !== 'v') as (keyof BrainSettings)[];
  const facts = names.map((name) => {
    const isDefault = settings[name] === defaultBrainSettings[name];
    return fact(
      name,
      `${String(settings[name])}${isDefault ? '' : ` (default ${String(defaultBrainSettings[name])})`}`,
      isDefault ? 'dim' : 'text',
    );
  });
  const until = settings.stormConfirmedUntil ?? 0;
  if (until > now) facts.unshift(fact('storm', `confirmed for another ${spanOf(until - now)}`, 'warn'));
  return facts;
}

const keyColumns = 20;

function drawBrain(brain: Brain, canvas: Canvas, context: DrawContext): void {
  const { theme, now, skewMs, settings } = context;
  // The status may be newer than the last event that this page heard of.
  const table = withRows(brain.table, rowsOf(context.status), canvas.rows);
  const tableRows = tableRowsOf(table, canvas.rows);
  const style = { theme, now: now + skewMs, times: settings.times };
  drawTable(
    canvas.within({ x: 0, y: 0, columns: canvas.columns, rows: tableRows }),
    {
      columns,
      contents: contentWidths(columns, table.rows, {}, style),
      wide: false,
      skip: 0,
      count: table.rows.length,
      top: Math.max(0, Math.min(table.at, table.rows.length - tableRows + 1)),
      at: table.at,
      rowAt: (place) => table.rows[place],
      isMarked: () => false,
      severityOf: ({ values }) => severities[String(values['role'])],
    },
    style,
  );
  const rows = factRows(table, canvas.rows);
  const below = canvas.within({ x: 0, y: tableRows + 1, columns: canvas.columns, rows });
  drawFacts(below, factsOf(brain, { ...context, now: now + skewMs }), brain.skip, theme);
}

interface FactLine {
  readonly key: string;
  readonly line: string;
  readonly role: Role;
}

function linesOf(facts: readonly Fact[], columns: number): readonly FactLine[] {
  const width = Math.max(10, columns - keyColumns - 4);
  return facts.flatMap(({ key, text, role }) =>
    wrap(text, width).map((line, at) => ({ key: at === 0 ? key : '', line, role })),
  );
}

/** Rows of the table of servers, its titles among them: it leaves half of the page to the facts. */
const tableRowsOf = (table: LocalTable, rows: number): number =>
  Math.min(table.rows.length + 1, Math.max(2, Math.floor(rows / 2)));
const factRows = (table: LocalTable, rows: number): number =>
  Math.max(1, rows - tableRowsOf(table, rows) - 1);

const skipMax = (brain: Brain, context: PageContext): number =>
  Math.max(
    0,
    linesOf(factsOf(brain, context), context.size.columns).length - factRows(brain.table, context.size.rows),
  );

function drawFacts(canvas: Canvas, facts: readonly Fact[], skip: number, theme: Theme): void {
  const lines = linesOf(facts, canvas.columns);
  const first = Math.max(0, Math.min(skip, lines.length - canvas.rows));
  for (const [y, { key, line, role }] of lines.slice(first, first + canvas.rows).entries()) {
    canvas.text(Math.max(1, keyColumns + 1 - widthOf(key)), y, key, theme.attr('dim'));
    canvas.text(keyColumns + 3, y, line, theme.attr(role));
  }
  if (first + canvas.rows < lines.length)
    canvas.text(canvas.columns - 6, canvas.rows - 1, ' PgDn ', theme.attr('key'));
}
