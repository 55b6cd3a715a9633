/** The cluster as a tree: LRP, its instances, where they are; of a cell the reverse. Branches fold. */
import { type Severity, stateSeverity } from '../../../api/core/view-columns.ts';
import type { ViewMessage, ViewQuery, ViewRow } from '../../../api/core/view-shapes.ts';
import type { ActionId } from '../actions.ts';
import type { Canvas } from '../frame.ts';
import type { DrawContext, Effect, Page, PageContext, PageEvent, Turn } from '../page.ts';
import type { PageFactories } from '../pages.ts';
import { instanceNamed, type Subject, subjectName } from '../subject.ts';
import { moved, settled, type Viewport } from '../table-cursor.ts';
import { clip } from '../text.ts';
import type { Role, Theme } from '../theme.ts';

/** Instances that a tree holds; of more, the filter or a smaller subject chooses. */
const rowsMax = 500;

interface Node {
  /** Tells branches apart, for folding and the cursor. */
  readonly key: string;
  readonly depth: number;
  readonly text: string;
  readonly role: Role;
  readonly subject: Subject | undefined;
  readonly hasChildren: boolean;
  readonly isLast: boolean;
}

interface State {
  readonly subject: Subject | undefined;
  readonly pages: PageFactories;
  readonly rows: readonly ViewRow[];
  readonly matched: number;
  readonly filter: string;
  readonly folded: ReadonlySet<string>;
  readonly view: Viewport;
  readonly problem: string;
}

export function treePage(subject: Subject | undefined, pages: PageFactories): Page {
  return pageOf({
    subject: subject?.kind === 'instance' ? { kind: 'lrp', guid: subject.guid } : subject,
    pages,
    rows: [],
    matched: 0,
    filter: '',
    folded: new Set(),
    view: { at: 0, top: 0 },
    problem: '',
  });
}

function pageOf(state: State): Page {
  const { subject, matched, rows, filter } = state;
  const name = subject === undefined ? 'all' : subjectName(subject);
  const cut = matched > rows.length ? `, the first ${rows.length} of ${matched} instances` : '';
  return {
    kind: 'tree',
    crumb: `tree(${name})`,
    title: `tree of ${name}${cut}`,
    filter,
    typing: false,
    wants: [{ kind: 'view', id: 'rows', query: queryOf(state) }],
    actions: () => treeActions,
    on: (event, context) => turnOf(state, event, context),
    draw: (canvas, context) => draw(state, canvas, context),
    command: () =>
      subject?.kind === 'cell'
        ? `skep cell show ${name}`
        : `skep ps ${subject === undefined ? '' : name}`.trim(),
    lines: () => nodesOf(state).map(({ depth, text }) => '  '.repeat(depth) + text),
  };
}

const treeActions: readonly ActionId[] = [
  'enter',
  'mark',
  'describe',
  'why',
  'logs',
  'events',
  'copy',
  'escape',
  'up',
  'down',
  'left',
  'right',
  'pageUp',
  'pageDown',
  'top',
  'bottom',
  'filter',
];

function queryOf({ subject, filter }: State): ViewQuery {
  const scope =
    subject === undefined
      ? {}
      : subject.kind === 'cell'
        ? { cell: subject.id }
        : { guid: subjectName(subject) };
  return { kind: 'instances', scope, filter, window: { start: 0, count: rowsMax } };
}

function turnOf(state: State, event: PageEvent, context: PageContext): Turn {
  switch (event.kind) {
    case 'data':
      if (event.data.kind === 'broken')
        return { page: pageOf({ ...state, problem: event.data.error.message }) };
      return {
        page: event.data.kind === 'view' ? pageOf(withMessage(state, event.data.message)) : pageOf(state),
      };
    case 'filter':
      return { page: pageOf({ ...state, filter: event.text, view: { at: 0, top: 0 } }) };
    case 'action':
      return acted(state, event.action, context);
    default:
      return { page: pageOf(state) };
  }
}

function withMessage(state: State, message: ViewMessage): State {
  if (message.type === 'refused') return { ...state, problem: message.message };
  if (message.type !== 'rows') return state;
  const rows = message.rows.filter((row): row is ViewRow => typeof row !== 'string');
  return { ...state, rows, matched: message.matched, problem: '' };
}

function acted(state: State, action: ActionId, { size }: PageContext): Turn {
  const nodes = nodesOf(state);
  const node = nodes[settled(state.view, nodes.length, size.rows).at];
  const next = moved(action, state.view, nodes.length, size.rows);
  if (next !== undefined) return { page: pageOf({ ...state, view: next }) };
  if (node !== undefined && ['mark', 'left', 'right'].includes(action))
    return { page: pageOf(folded(state, node, action)) };
  return { page: pageOf(state), effects: effectsOf(state, node, action) };
}

/** Space turns a branch over; left folds, right unfolds. */
function folded(state: State, node: Node, action: ActionId): State {
  if (!node.hasChildren) return state;
  const all = new Set(state.folded);
  const fold = action === 'left' || (action === 'mark' && !all.has(node.key));
  if (fold) all.add(node.key);
  else all.delete(node.key);
  return { ...state, folded: all };
}

function effectsOf(state: State, node: Node | undefined, action: ActionId): readonly Effect[] {
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
      if (subject.kind === 'cell') return [];
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

interface Branch {
  readonly key: string;
  readonly subject: Subject;
  readonly rows: readonly ViewRow[];
}

function grouped(
  rows: readonly ViewRow[],
  keyOf: (row: ViewRow) => string,
  subjectOf: (key: string) => Subject,
): readonly Branch[] {
  const groups = new Map<string, ViewRow[]>();
  for (const row of rows) {
    const key = keyOf(row);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return [...groups].map(([key, group]) => ({ key, subject: subjectOf(key), rows: group }));
}

const guidOf = (row: ViewRow): string => instanceNamed(row.key)?.guid ?? row.key;
const cellOf = ({ values }: ViewRow): string => String(values['cell'] ?? '');

function nodesOf(state: State): readonly Node[] {
  const { subject, rows } = state;
  const byLrp = grouped(rows, guidOf, (guid) => ({ kind: 'lrp', guid }));
  if (subject?.kind !== 'cell') return byLrp.flatMap((branch) => branchNodes(state, branch, 0));
  const root: Branch = { key: subject.id, subject, rows };
  const open = !state.folded.has(`0 ${root.key}`);
  return [branchNode(root, 0), ...(open ? byLrp.flatMap((branch) => branchNodes(state, branch, 1)) : [])];
}

function branchNodes(state: State, branch: Branch, depth: number): readonly Node[] {
  const node = branchNode(branch, depth);
  if (state.folded.has(node.key)) return [node];
  const inCell = state.subject?.kind === 'cell';
  return [
    node,
    ...branch.rows.flatMap((row, at) => rowNodes(row, depth + 1, at === branch.rows.length - 1, inCell)),
  ];
}

function branchNode({ key, subject, rows }: Branch, depth: number): Node {
  const running = rows.filter(({ values }) => values['state'] === 'RUNNING').length;
  const role: Role = running === rows.length ? 'strong' : 'warn';
  const text = `${key}  ${running} of ${rows.length} running`;
  return { key: `${depth} ${key}`, depth, text, role, subject, hasChildren: true, isLast: true };
}

const roleOf: Readonly<Record<Severity, Role>> = { ok: 'text', warn: 'warn', bad: 'bad', idle: 'idle' };

/** An instance, and below it where it is and what holds it up. */
function rowNodes(row: ViewRow, depth: number, isLast: boolean, inCell: boolean): readonly Node[] {
  const state = String(row.values['state'] ?? '');
  const role = roleOf[stateSeverity.instances[state] ?? 'warn'];
  const cell = cellOf(row);
  const reason = row.values['reason'];
  const ports = row.values['ports'];
  const details = [
    inCell || cell === '' ? '' : cell,
    ports ? `ports ${String(ports)}` : '',
    reason ? String(reason) : '',
  ];
  const text = [row.key, state, ...details.filter((part) => part !== '')].join('  ');
  return [{ key: row.key, depth, text, role, subject: instanceNamed(row.key), hasChildren: false, isLast }];
}

function draw(state: State, canvas: Canvas, { theme }: DrawContext): void {
  const nodes = nodesOf(state);
  const { at, top } = settled(state.view, nodes.length, canvas.rows);
  for (const [y, node] of nodes.slice(top, top + canvas.rows).entries()) {
    const isCursor = top + y === at;
    if (isCursor) canvas.fill({ x: 0, y, columns: canvas.columns, rows: 1 }, ' ', theme.attr('cursorRow'));
    const lead = leadOf(node, state, theme);
    const x = canvas.text(1, y, lead, theme.attr(isCursor ? 'cursorRow' : 'border'));
    canvas.text(
      x,
      y,
      clip(node.text, canvas.columns - x, theme.glyphs.more),
      theme.attr(isCursor ? 'cursorRow' : node.role),
    );
  }
  if (nodes.length > 0) return;
  const text = state.problem === '' ? 'nothing runs here' : state.problem;
  canvas.text(2, 1, text, theme.attr(state.problem === '' ? 'dim' : 'bad'));
}

function leadOf(node: Node, { folded: foldedKeys }: State, { glyphs }: Theme): string {
  if (node.hasChildren)
    return `${'  '.repeat(node.depth)}${foldedKeys.has(node.key) ? glyphs.folded : glyphs.unfolded} `;
  return `${'  '.repeat(node.depth - 1)}${node.isLast ? glyphs.lastBranch : glyphs.branch} `;
}
