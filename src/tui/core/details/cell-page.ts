/** One cell: how its host is doing, live, what runs there with what each instance takes, how far its drain is. */
import { hostShellIsOff } from '../../../api/core/host-shell.ts';
import { type ActionId, moving } from '../actions.ts';
import type { Effect, Page, PageContext, PageEvent, Turn } from '../page.ts';
import { type PageFactories, pageAbout } from '../pages.ts';
import { instanceNamed, type Subject, type Target } from '../subject.ts';
import { visibleRows } from '../table.ts';
import { moved } from '../table-cursor.ts';
import { drawCell, listRows } from './cell-draw.ts';
import { type CellState, cellRows, cellWants, cellWithData } from './cell-state.ts';
import { formatBytes, formatPercent, formatRate } from './chart.ts';
import { cellState } from './describe-cell.ts';
import { progressText } from './drain-page.ts';
import { noMeasures } from './measures.ts';

export function cellPage(id: string, pages: PageFactories): Page {
  return pageOf({
    id,
    pages,
    history: noMeasures,
    rows: [],
    total: 0,
    filter: '',
    view: { at: 0, top: 0 },
    problems: {},
  });
}

function pageOf(state: CellState): Page {
  const { id } = state;
  return {
    kind: 'cell',
    crumb: `cell(${id})`,
    title: `cell ${id}`,
    filter: state.filter,
    typing: false,
    wants: cellWants(state),
    actions: () => cellActions,
    quiet: state.cell?.presence.hostShell === true ? [] : ['hostShell'],
    on: (event, context) => turnOf(state, event, context),
    draw: (canvas, context) => drawCell(state, canvas, context),
    command: () => `skep cell show ${id}`,
    lines: () => linesOf(state),
  };
}

const cellActions: readonly ActionId[] = [
  'enter',
  'cordon',
  'uncordon',
  'drain',
  'drainProgress',
  'hostShell',
  'describe',
  'raw',
  'events',
  'why',
  'tree',
  'copy',
  'escape',
  ...moving,
];

function turnOf(state: CellState, event: PageEvent, context: PageContext): Turn {
  if (event.kind === 'data') return { page: pageOf(cellWithData(state, event.want, event.data)) };
  if (event.kind === 'filter')
    return { page: pageOf({ ...state, filter: event.text, view: { at: 0, top: 0 } }) };
  if (event.kind !== 'action') return { page: pageOf(state) };
  if (event.action === 'escape' && state.filter !== '') return { page: pageOf({ ...state, filter: '' }) };
  const room = visibleRows(listRows(state, context.size));
  const next = moved(event.action, state.view, state.rows.length, room);
  if (next !== undefined) return { page: pageOf({ ...state, view: next }) };
  return { page: pageOf(state), effects: effectsOf(state, event.action) };
}

function effectsOf(state: CellState, action: ActionId): readonly Effect[] {
  const { id, pages, cell } = state;
  const subject: Subject = { kind: 'cell', id };
  const target: Target = { subject, values: { state: cellState(cell) } };
  const open = (page: Page): readonly Effect[] => [{ do: 'open', page }];
  const dialog = (page: Page): readonly Effect[] => [{ do: 'dialog', dialog: page }];
  const about = pageAbout(action, subject, pages);
  if (about !== undefined) return open(about);
  switch (action) {
    case 'escape':
      return [{ do: 'back' }];
    case 'enter': {
      const instance = instanceNamed(state.rows[state.view.at]?.key ?? '');
      return instance === undefined ? [] : open(pages.instance(instance));
    }
    case 'cordon':
      return dialog(pages.cordonDialog([target]));
    case 'uncordon':
      return dialog(pages.uncordonDialog([target]));
    case 'drain':
      return dialog(pages.drainDialog([target]));
    case 'drainProgress':
      return open(pages.drainProgress(id));
    case 'hostShell':
      return hostShell(state);
    case 'copy':
      return [{ do: 'copy', text: id, what: id }];
    default:
      return [];
  }
}

/** What is not allowed is said here at once; the server and the cell ask again. */
function hostShell({ id, cell }: CellState): readonly Effect[] {
  if (cell === undefined || cell.presence.hostShell === true)
    return [{ do: 'console', open: { target: id, host: true, kind: 'shell' } }];
  const { message, hint } = hostShellIsOff(id);
  return [{ do: 'flash', level: 'warn', text: message, hint }];
}

function linesOf(state: CellState): readonly string[] {
  const { cell, drain, stats, id } = state;
  const host = stats?.host;
  return [
    `cell ${id}: ${cellState(cell)}`,
    ...(drain === undefined ? [] : [`drain: ${progressText(drain)}`]),
    ...(host === undefined
      ? []
      : [
          `CPU ${formatPercent(host.cpuPercent)} of ${host.cores} cores, load ${host.load.join(' ')}`,
          `memory ${formatBytes(host.memoryUsedBytes)} of ${formatBytes(host.memoryBytes)}`,
          `net in ${formatRate(host.rxBytesPerS)} out ${formatRate(host.txBytesPerS)}`,
          `disk ${formatBytes(host.diskUsedBytes)} of ${formatBytes(host.diskBytes)}, read ${formatRate(host.diskReadBytesPerS)} write ${formatRate(host.diskWriteBytesPerS)}`,
        ]),
    ...cellRows(state).map(({ key, values }) =>
      [key, values['state'], values['leaving'], values['cpu'], values['memory'], values['reason']]
        .filter((value) => value !== undefined && value !== '')
        .join('  '),
    ),
  ];
}
