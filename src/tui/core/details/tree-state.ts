/**
 * What the tree page knows and asks for. The tree of everything asks for the LRPs, and for instances only of those that
 * are unfolded; the tree of one LRP or of a cell asks for its instances.
 */
import type { ViewMessage, ViewQuery, ViewRow } from '../../../api/core/view-shapes.ts';
import { grouped } from '../columns-format.ts';
import type { Data, Want } from '../page.ts';
import type { PageFactories } from '../pages.ts';
import { type Subject, subjectName } from '../subject.ts';
import type { Viewport } from '../table-cursor.ts';
import { byLrp, countedNode, instanceNodes, lrpNode, noteNode, type TreeNode } from './tree-nodes.ts';

/** Rows of one feed; of more, the filter or a smaller subject chooses. */
const rowsMax = 500;
/** LRPs of the tree of everything that are unfolded at one time: each is a feed. The one unfolded first folds. */
export const openMax = 8;
const rootWant = 'rows';

export interface TreeState {
  readonly subject: Subject | undefined;
  readonly pages: PageFactories;
  /** What the feeds have brought, by their id. */
  readonly feeds: Readonly<Record<string, { readonly rows: readonly ViewRow[]; readonly matched: number }>>;
  readonly filter: string;
  /** Nodes that were turned over: closed ones of a single subject, open ones of the tree of everything. Oldest first. */
  readonly turned: readonly string[];
  /** Key of the node under the cursor; it is followed when others come and go. */
  readonly cursor: string;
  readonly view: Viewport;
  /** Why a feed is broken, by its id; '' when it is not. */
  readonly problems: Readonly<Record<string, string>>;
}

export function treeWants(state: TreeState): readonly Want[] {
  const { subject, filter } = state;
  const window = { start: 0, count: rowsMax };
  const view = (id: string, query: ViewQuery): Want => ({ kind: 'view', id, query });
  if (subject === undefined)
    return [
      view(rootWant, { kind: 'lrps', filter, window }),
      ...openGuids(state).map((guid) => view(`lrp ${guid}`, { kind: 'instances', scope: { guid }, window })),
    ];
  const scope = subject.kind === 'cell' ? { cell: subject.id } : { guid: subjectName(subject) };
  return [view(rootWant, { kind: 'instances', scope, filter, window })];
}

/** Of those that are turned over, the ones that are LRPs of the tree of everything. */
const openGuids = ({ turned }: TreeState): readonly string[] => turned.map((key) => key.slice('lrp '.length));

export function treeWithData(state: TreeState, want: string, data: Data): TreeState {
  if (data.kind === 'broken') return withProblem(state, want, data.error.message);
  if (data.kind !== 'view') return state;
  const { message } = data;
  if (message.type === 'refused') return withProblem(state, want, message.message);
  return message.type === 'rows' ? withRows(withProblem(state, want, ''), want, message) : state;
}

const withProblem = (state: TreeState, want: string, problem: string): TreeState => ({
  ...state,
  problems: { ...state.problems, [want]: problem },
});

function withRows(
  state: TreeState,
  want: string,
  message: Extract<ViewMessage, { type: 'rows' }>,
): TreeState {
  const rows = message.rows.filter((row): row is ViewRow => typeof row !== 'string');
  const next = { ...state, feeds: { ...state.feeds, [want]: { rows, matched: message.matched } } };
  const at = treeNodes(next).findIndex(({ key }) => key === state.cursor);
  return at < 0 ? next : { ...next, view: { ...state.view, at } };
}

/** Space turns a branch over; left folds, right unfolds. */
export function folded(state: TreeState, node: TreeNode, way: 'fold' | 'left' | 'right'): TreeState {
  const opens = way === 'right' || (way === 'fold' && !node.isOpen);
  if (!node.hasChildren || opens === node.isOpen) return state;
  const isAll = state.subject === undefined;
  const without = state.turned.filter((key) => key !== node.key);
  const turned = opens === isAll ? [...without, node.key].slice(isAll ? -openMax : 0) : without;
  const kept = new Set(turned);
  const feeds = Object.entries(state.feeds).filter(([want]) => !isAll || want === rootWant || kept.has(want));
  return { ...state, turned, feeds: Object.fromEntries(feeds) };
}

/** From top to bottom. */
export function treeNodes(state: TreeState): readonly TreeNode[] {
  const { subject, feeds, turned } = state;
  const root = feeds[rootWant];
  if (root === undefined) return [];
  const closed = new Set(turned);
  const nodes = subject === undefined ? allNodes(state) : subjectNodes(subject, root.rows, closed);
  return root.matched > root.rows.length
    ? [...nodes, noteNode('cut', 0, cutText(root.rows.length, root.matched), 'warn')]
    : nodes;
}

const cutText = (shown: number, matched: number): string =>
  `the first ${grouped(shown)} of ${grouped(matched)}: / narrows`;

function allNodes({ feeds, turned }: TreeState): readonly TreeNode[] {
  const open = new Set(turned);
  return (feeds[rootWant]?.rows ?? []).flatMap((row) => {
    const node = lrpNode(row, open.has(`lrp ${row.key}`));
    return node.isOpen ? [node, ...openedNodes(node.key, feeds[node.key])] : [node];
  });
}

function openedNodes(key: string, feed: TreeState['feeds'][string] | undefined): readonly TreeNode[] {
  if (feed === undefined) return [noteNode(key, 1, 'asking the cluster')];
  if (feed.rows.length === 0) return [noteNode(key, 1, 'no instances')];
  const nodes = instanceNodes(feed.rows, 1, { namesCell: true });
  if (feed.matched <= feed.rows.length) return nodes;
  return [...nodes, noteNode(key, 1, cutText(feed.rows.length, feed.matched), 'warn')];
}

function subjectNodes(
  subject: Subject,
  rows: readonly ViewRow[],
  closed: ReadonlySet<string>,
): readonly TreeNode[] {
  const name = subjectName(subject);
  const isOpen = (key: string): boolean => !closed.has(key);
  const root = countedNode(name, subject, rows, { depth: 0, isOpen: isOpen(`${subject.kind} ${name}`) });
  if (!root.isOpen) return [root];
  if (subject.kind !== 'cell') return [root, ...instanceNodes(rows, 1, { namesCell: true })];
  const branches = [...byLrp(rows)].flatMap(([guid, group]) => {
    const branch = countedNode(guid, { kind: 'lrp', guid }, group, {
      depth: 1,
      isOpen: isOpen(`lrp ${guid}`),
    });
    return branch.isOpen ? [branch, ...instanceNodes(group, 2, { namesCell: false })] : [branch];
  });
  return [root, ...branches];
}
