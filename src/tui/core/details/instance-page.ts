/**
 * One instance: its state and how it came to it, health, the last crash with its last lines, what it takes now, why it
 * is where it is.
 */
import { type ActionId, moving } from '../actions.ts';
import type { Effect, Page, PageContext, PageEvent, Turn } from '../page.ts';
import { type PageFactories, pageAbout } from '../pages.ts';
import { type InstanceSubject, subjectName, type Target } from '../subject.ts';
import { drawInstance, instanceLines, scrolledTo } from './instance-draw.ts';
import {
  type InstanceState,
  instanceWants,
  instanceWithData,
  newInstance,
  recordOf,
} from './instance-state.ts';

export function instancePage(subject: InstanceSubject, pages: PageFactories): Page {
  return pageOf(newInstance(subject, pages));
}

function pageOf(state: InstanceState): Page {
  const name = subjectName(state.subject);
  return {
    kind: 'instance',
    crumb: name,
    title: `instance ${name}`,
    filter: state.filter,
    typing: false,
    wants: instanceWants(state),
    actions: () => instanceActions,
    on: (event, context) => turnOf(state, event, context),
    draw: (canvas, context) => drawInstance(state, canvas, context),
    command: () => `skep why ${name}`,
    lines: (context) =>
      instanceLines(state, context).map(({ key, text }) => (key === undefined ? text : `${key}: ${text}`)),
  };
}

const instanceActions: readonly ActionId[] = [
  'shell',
  'shellFull',
  'attach',
  'logs',
  'previousLogs',
  'restart',
  'delete',
  'cellOf',
  'owner',
  'events',
  'why',
  'describe',
  'raw',
  'tree',
  'copy',
  'escape',
  ...moving,
];

function turnOf(state: InstanceState, event: PageEvent, context: PageContext): Turn {
  if (event.kind === 'data') return { page: pageOf(instanceWithData(state, event.want, event.data)) };
  if (event.kind === 'filter') return { page: pageOf({ ...state, filter: event.text, top: 0 }) };
  if (event.kind !== 'action') return { page: pageOf(state) };
  if (event.action === 'escape' && state.filter !== '')
    return { page: pageOf({ ...state, filter: '', top: 0 }) };
  const top = scrolledTo(state, event.action, context);
  if (top !== undefined) return { page: pageOf({ ...state, top }) };
  return { page: pageOf(state), effects: effectsOf(state, event.action) };
}

function effectsOf(state: InstanceState, action: ActionId): readonly Effect[] {
  const { subject, pages } = state;
  const name = subjectName(subject);
  const target: Target = { subject, values: {} };
  const open = (page: Page): readonly Effect[] => [{ do: 'open', page }];
  const cell = recordOf(state)?.cellId;
  switch (action) {
    case 'escape':
      return [{ do: 'back' }];
    case 'shell':
      return [{ do: 'console', open: { target: name, kind: 'shell' } }];
    case 'shellFull':
      return [{ do: 'console', open: { target: name, kind: 'shell', full: true } }];
    case 'attach':
      return [{ do: 'console', open: { target: name, kind: 'attach' } }];
    case 'logs':
    case 'previousLogs':
      return open(pages.logs({ target: { instance: name }, tail: 500, previous: action === 'previousLogs' }));
    case 'restart':
      return [{ do: 'dialog', dialog: pages.restartDialog([target]) }];
    case 'delete':
      return [{ do: 'dialog', dialog: pages.deleteDialog([target]) }];
    case 'cellOf':
      if (cell === undefined) return [{ do: 'flash', level: 'info', text: `${name} is on no cell` }];
      return open(pages.cell(cell));
    case 'owner':
      return open(pages.list({ kind: 'lrps', cursor: subject.guid }));
    case 'tree':
      return open(pages.tree({ kind: 'lrp', guid: subject.guid }));
    case 'copy':
      return [{ do: 'copy', text: name, what: name }];
    default: {
      const about = pageAbout(action, subject, pages);
      return about === undefined ? [] : open(about);
    }
  }
}
