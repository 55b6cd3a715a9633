/** The cluster as a tree: LRPs, their instances and where they are; of a cell the reverse. Branches fold. */
import { type ActionId, scrolling } from '../actions.ts';
import type { Canvas } from '../frame.ts';
import type { DrawContext, Effect, Page, PageContext, PageEvent, Turn } from '../page.ts';
import type { PageFactories } from '../pages.ts';
import { type Subject, subjectName } from '../subject.ts';
import { moved, settled } from '../table-cursor.ts';
import { clip } from '../text.ts';
import type { Theme } from '../theme.ts';
import type { TreeNode } from './tree-nodes.ts';
import { folded, type TreeState, treeNodes, treeWants, treeWithData } from './tree-state.ts';

export function treePage(subject: Subject | undefined, pages: PageFactories): Page {
  return pageOf({
    subject: subject?.kind === 'instance' ? { kind: 'lrp', guid: subject.guid } : subject,
    pages,
    feeds: {},
    filter: '',
    turned: [],
    cursor: subject?.kind === 'instance' ? `instance ${subjectName(subject)}` : '',
    view: { at: 0, top: 0 },
    problems: {},
  });
}

function pageOf(state: TreeState): Page {
  const { subject, filter } = state;
  const name = subject === undefined ? 'all' : subjectName(subject);
  return {
    kind: 'tree',
    crumb: `tree(${name})`,
    title: subject === undefined ? 'tree of all LRPs' : `tree of ${name}`,
    filter,
    typing: false,
    wants: treeWants(state),
    actions: () => treeActions,
    on: (event, context) => turnOf(state, event, context),
    draw: (canvas, context) => draw(state, canvas, context),
    command: () => commandOf(subject),
    lines: () => treeNodes(state).map(({ depth, text }) => '  '.repeat(depth) + text),
  };
}

const treeActions: readonly ActionId[] = [
  'enter',
  'fold',
  'describe',
  'why',
  'logs',
  'events',
  'copy',
  'escape',
  ...scrolling,
];

function commandOf(subject: Subject | undefined): string {
  if (subject === undefined) return 'skep ps';
  const name = subjectName(subject);
  return subject.kind === 'cell' ? `skep cell show ${name}` : `skep ps ${name}`;
}

function turnOf(state: TreeState, event: PageEvent, context: PageContext): Turn {
  switch (event.kind) {
    case 'data':
      return { page: pageOf(treeWithData(state, event.want, event.data)) };
    case 'filter':
      return { page: pageOf({ ...state, filter: event.text, cursor: '', view: { at: 0, top: 0 } }) };
    case 'action':
      return acted(state, event.action, context);
    default:
      return { page: pageOf(state) };
  }
}

function acted(state: TreeState, action: ActionId, { size }: PageContext): Turn {
  const nodes = treeNodes(state);
  const node = nodes[settled(state.view, nodes.length, size.rows).at];
  const view = moved(action, state.view, nodes.length, size.rows);
  if (view !== undefined) return { page: pageOf({ ...state, view, cursor: nodes[view.at]?.key ?? '' }) };
  if (node !== undefined && (action === 'fold' || action === 'left' || action === 'right'))
    return { page: pageOf(folded({ ...state, cursor: node.key }, node, action)) };
  if (action === 'escape' && state.filter !== '')
    return { page: pageOf({ ...state, filter: '', cursor: '', view: { at: 0, top: 0 } }) };
  return { page: pageOf(state), effects: effectsOf(state, node, action) };
}

function effectsOf(state: TreeState, node: TreeNode | undefined, action: ActionId): readonly Effect[] {
  const { pages } = state;
  if (action === 'escape') return [{ do: 'back' }];
  const subject = node?.subject;
  if (subject === undefined) return [];
  const name = subjectName(subject);
  const open = (page: Page): readonly Effect[] => [{ do: 'open', page }];
  switch (action) {
    case 'enter':
      return open(pageFor(subject, pages));
    case 'describe':
      return open(pages.describe(subject));
    case 'why':
      return open(pages.why(subject));
    case 'events':
      return open(pages.events(subject));
    case 'copy':
      return [{ do: 'copy', text: name, what: name }];
    case 'logs':
      if (subject.kind === 'cell')
        return [
          {
            do: 'flash',
            level: 'warn',
            text: 'a cell has no logs here',
            hint: '"journalctl -u skep" on the host has them',
          },
        ];
      return open(
        pages.logs({
          target: subject.kind === 'instance' ? { instance: name } : { lrp: name },
          tail: 200,
          previous: false,
        }),
      );
    default:
      return [];
  }
}

function pageFor(subject: Subject, pages: PageFactories): Page {
  if (subject.kind === 'cell') return pages.cell(subject.id);
  if (subject.kind === 'instance') return pages.instance(subject);
  if (subject.kind === 'task') return pages.task(subject.guid);
  return pages.list({ kind: 'instances', scope: { guid: subject.guid } });
}

function draw(state: TreeState, canvas: Canvas, { theme }: DrawContext): void {
  const problem = Object.values(state.problems).find((text) => text !== '') ?? '';
  const nodes = treeNodes(state);
  if (nodes.length === 0) {
    const text =
      problem !== '' ? problem : state.feeds['rows'] === undefined ? 'asking the cluster' : 'nothing is here';
    canvas.text(
      2,
      1,
      clip(text, canvas.columns - 3, theme.glyphs.more),
      theme.attr(problem === '' ? 'dim' : 'bad'),
    );
    return;
  }
  // What was shown stays; why it may be old is said in the last row.
  const rows = canvas.rows - (problem === '' ? 0 : 1);
  if (problem !== '')
    canvas.text(1, rows, clip(problem, canvas.columns - 2, theme.glyphs.more), theme.attr('bad'));
  const { at, top } = settled(state.view, nodes.length, rows);
  for (const [y, node] of nodes.slice(top, top + rows).entries())
    drawNode(node, canvas.within({ x: 0, y, columns: canvas.columns, rows: 1 }), theme, top + y === at);
}

function drawNode(node: TreeNode, row: Canvas, theme: Theme, isCursor: boolean): void {
  if (isCursor) row.fill({ x: 0, y: 0, columns: row.columns, rows: 1 }, ' ', theme.attr('cursorRow'));
  const lead = leadOf(node, theme);
  const x = row.text(1, 0, lead, theme.attr(isCursor ? 'cursorRow' : 'border'));
  const text = clip(node.text, row.columns - x, theme.glyphs.more);
  row.text(x, 0, text, theme.attr(isCursor ? 'cursorRow' : node.role));
}

function leadOf({ hasChildren, isOpen, depth, isLast }: TreeNode, { glyphs }: Theme): string {
  if (hasChildren) return `${'  '.repeat(depth)}${isOpen ? glyphs.unfolded : glyphs.folded} `;
  if (depth === 0) return '  ';
  return `${'  '.repeat(depth - 1)}${isLast ? glyphs.lastBranch : glyphs.branch} `;
}
