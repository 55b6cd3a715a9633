/**
 * Everything that an operator can do in the terminal UI, once: default keys, what is said about it. Keys, hints, the
 * help page, completion after `:`, docs/tui.md and the check of keys.yaml are made from this table and nothing else.
 * The keys are k9s's where it has them; operator-ux.md 4.4 has the reasons for what differs.
 */
import type { PageKind } from './page-kind.ts';

export interface Action {
  /** Said in hints, in one or two words. */
  readonly hint: string;
  /** Said in help and docs, in a sentence. */
  readonly help: string;
  /** Default keys; the first is shown. */
  readonly keys: readonly string[];
  /** Where it is bound; absent: on every page. A page takes part only by naming it in its `actions`, or if it is global. */
  readonly pages?: readonly PageKind[];
  /** It changes something in the cluster: refused in read-only mode. */
  readonly changes?: true;
  /** The word after `:` that does it, if there is one. */
  readonly command?: string;
}

const lists: readonly PageKind[] = [
  'cells',
  'lrps',
  'instances',
  'tasks',
  'routes',
  'events',
  'messages',
  'consoles',
  'help',
  'tree',
  'brain',
  'drain',
];
const scrolled: readonly PageKind[] = [...lists, 'text', 'logs', 'cell', 'instance', 'task', 'pulses'];
const views: readonly PageKind[] = ['cells', 'lrps', 'instances', 'tasks', 'routes', 'events'];
const cells: readonly PageKind[] = ['cells', 'cell'];
const lrps: readonly PageKind[] = ['lrps'];
const instances: readonly PageKind[] = ['instances', 'instance'];
const tasks: readonly PageKind[] = ['tasks', 'task'];
const workloads: readonly PageKind[] = [...lrps, ...instances, ...tasks, 'tree'];
const objects: readonly PageKind[] = [...cells, ...workloads];
const texts: readonly PageKind[] = ['text', 'task', 'drain', 'logs'];

const table = {
  // Everywhere.
  command: { hint: 'command', help: 'Type a command; Tab completes it', keys: [':'] },
  filter: {
    hint: 'filter',
    help: 'Filter: regular expression, !inverse, -f fuzzy, -l label=value, column:value',
    keys: ['/'],
  },
  help: {
    hint: 'help',
    help: 'All keys of this page; Enter runs the chosen one',
    keys: ['?'],
    command: 'help',
  },
  escape: { hint: 'back', help: 'Clear the filter or the marks, then go back', keys: ['escape'] },
  back: { hint: 'back', help: 'Go back', keys: ['q'] },
  historyBack: { hint: 'history back', help: 'Back in the history of pages', keys: ['['] },
  historyForward: { hint: 'history forward', help: 'Forward in the history of pages', keys: [']'] },
  lastPage: { hint: 'last page', help: 'Switch between this page and the one before', keys: ['-'] },
  quit: { hint: 'quit', help: 'Leave; consoles stay for ten minutes', keys: ['ctrl-c'], command: 'quit' },
  suspend: {
    hint: 'suspend',
    help: 'Stop the UI as job control does; fg brings it back',
    keys: [],
    command: 'suspend',
  },
  refresh: {
    hint: 'refresh',
    help: 'Ask the server for everything again',
    keys: ['ctrl-r'],
    command: 'refresh',
  },
  redraw: { hint: 'redraw', help: 'Draw the whole screen again', keys: ['ctrl-l'], command: 'redraw' },
  times: { hint: 'times', help: 'Times as age, local time or UTC', keys: ['T'], command: 'times' },
  readOnly: { hint: 'read-only', help: 'Switch read-only mode on or off', keys: [], command: 'ro' },
  showCommand: {
    hint: 'as command',
    help: 'Show and copy the skep command that does the same',
    keys: ['ctrl-o'],
    command: 'cli',
  },
  save: { hint: 'save', help: 'Save what the page shows to a file', keys: ['ctrl-s'], command: 'save' },
  messages: {
    hint: 'messages',
    help: 'Messages that were shown, errors among them',
    keys: [],
    command: 'messages',
  },
  panes: { hint: 'consoles', help: 'To the console panes and back', keys: ['ctrl-]'], command: 'panes' },

  // Moving.
  up: { hint: 'up', help: 'One row up', keys: ['up', 'k'], pages: scrolled },
  down: { hint: 'down', help: 'One row down', keys: ['down', 'j'], pages: scrolled },
  left: { hint: 'left', help: 'To the left', keys: ['left', 'h'], pages: scrolled },
  right: { hint: 'right', help: 'To the right', keys: ['right'], pages: scrolled },
  pageUp: { hint: 'page up', help: 'One screen up', keys: ['pageup', 'ctrl-b'], pages: scrolled },
  pageDown: { hint: 'page down', help: 'One screen down', keys: ['pagedown', 'ctrl-f'], pages: scrolled },
  top: { hint: 'top', help: 'To the first row', keys: ['g', 'home'], pages: scrolled },
  bottom: {
    hint: 'bottom',
    help: 'To the last row; in logs, follow again',
    keys: ['G', 'end'],
    pages: scrolled,
  },

  // Tables.
  enter: { hint: 'open', help: 'Open what the row is about', keys: ['enter'], pages: scrolled },
  mark: { hint: 'mark', help: 'Mark the row and go on to the next', keys: ['space'], pages: views },
  fold: { hint: 'fold', help: 'Fold the branch, or unfold it', keys: ['space'], pages: ['tree'] },
  markRange: {
    hint: 'mark range',
    help: 'Mark all rows from the last marked one to here',
    keys: ['V', 'ctrl-space'],
    pages: views,
  },
  clearMarks: { hint: 'clear marks', help: 'Unmark all rows', keys: ['M', 'ctrl-\\'], pages: views },
  sortLeft: {
    hint: 'sort column left',
    help: 'Sort by the column to the left',
    keys: ['<', 'shift-left'],
    pages: lists,
  },
  sortRight: {
    hint: 'sort column right',
    help: 'Sort by the column to the right',
    keys: ['>', 'shift-right'],
    pages: lists,
  },
  sortReverse: { hint: 'reverse', help: 'Sort the other way round', keys: ['O'], pages: lists },
  sortName: { hint: 'by name', help: 'Sort by name', keys: ['N'], pages: views },
  sortAge: { hint: 'by age', help: 'Sort by age', keys: ['A'], pages: views },
  sortState: { hint: 'by state', help: 'Sort by state', keys: ['P'], pages: views },
  faults: {
    hint: 'faults',
    help: 'Only rows that are not as they should be',
    keys: ['ctrl-z'],
    pages: views,
    command: 'faults',
  },
  wide: {
    hint: 'wide',
    help: 'All columns; left and right scroll',
    keys: ['ctrl-w'],
    pages: views,
    command: 'wide',
  },
  columns: {
    hint: 'columns',
    help: 'Choose which columns are shown',
    keys: ['C'],
    pages: views,
    command: 'columns',
  },
  copy: {
    hint: 'copy name',
    help: 'Copy the name to the clipboard of your terminal',
    keys: ['c', 'Y'],
    pages: [...lists, ...objects, ...texts].filter((page) => !cells.includes(page)),
  },
  /** On cells `c` is cordon, as k9s has it. */
  copyCell: {
    hint: 'copy name',
    help: "Copy the cell's name to the clipboard of your terminal",
    keys: ['Y'],
    pages: cells,
  },

  // Objects.
  describe: { hint: 'describe', help: 'Everything that is known about it', keys: ['d'], pages: objects },
  raw: {
    hint: 'yaml',
    help: 'The records as YAML; again for JSON',
    keys: ['y'],
    pages: [...objects, 'text'],
  },
  events: { hint: 'events', help: 'What happened to it', keys: ['v'], pages: [...objects, 'text', 'pulses'] },
  why: {
    hint: 'why',
    help: 'Why it is not running, or why it is where it is',
    keys: ['W'],
    pages: [...objects, 'text'],
  },
  tree: {
    hint: 'tree',
    help: 'As a tree: LRP, instances, cells, or the reverse',
    keys: ['x'],
    pages: objects,
    command: 'tree',
  },
  owner: {
    hint: 'owner',
    help: 'To the LRP that it is an instance of',
    keys: ['J'],
    pages: [...instances, 'events'],
  },
  cellOf: {
    hint: 'cell',
    help: 'To the page of the cell: its load, and what runs there',
    keys: ['o'],
    pages: ['cells', ...instances, ...tasks, 'events'],
  },
  routes: { hint: 'routes', help: 'The routes that lead to it', keys: ['o'], pages: lrps },
  logs: {
    hint: 'logs',
    help: 'Its output, of all instances together for an LRP',
    keys: ['l'],
    pages: workloads,
  },
  previousLogs: {
    hint: 'previous logs',
    help: 'The output of the container that crashed before',
    keys: ['p'],
    pages: [...workloads, 'logs'],
  },

  // Changing.
  shell: { hint: 'shell', help: 'A shell in a pane', keys: ['s'], pages: [...instances, ...tasks] },
  shellFull: {
    hint: 'full-screen shell',
    help: 'A shell that takes the whole terminal',
    keys: ['S'],
    pages: [...instances, ...tasks],
  },
  hostShell: {
    hint: 'host shell',
    help: 'A shell on the host itself, where the settings of its cell let admins have one',
    keys: ['s'],
    pages: ['cell'],
  },
  attach: {
    hint: 'attach',
    help: 'The main process, or the session of somebody else, read only',
    keys: ['a'],
    pages: [...instances, ...tasks, 'consoles'],
  },
  scale: {
    hint: 'scale',
    help: 'Change the number of instances; shows the plan first',
    keys: ['s'],
    pages: [...lrps, 'tree'],
    changes: true,
  },
  restart: {
    hint: 'restart',
    help: 'Replace instances one after another',
    keys: ['r'],
    pages: [...lrps, ...instances, 'tree'],
    changes: true,
  },
  stop: { hint: 'stop', help: 'Scale to no instances', keys: ['z'], pages: [...lrps], changes: true },
  edit: {
    hint: 'edit',
    help: 'Change it in $EDITOR; the change is shown before it is made',
    keys: ['e'],
    pages: [...lrps],
    changes: true,
  },
  delete: {
    hint: 'delete',
    help: 'Remove it; asks',
    keys: ['ctrl-d'],
    pages: [...lrps, ...instances, ...tasks, 'consoles'],
    changes: true,
  },
  drain: {
    hint: 'drain',
    help: 'Move everything off the cell; shows first what would not fit',
    keys: ['r'],
    pages: cells,
    changes: true,
  },
  cordon: { hint: 'cordon', help: 'Place nothing new on the cell', keys: ['c'], pages: cells, changes: true },
  uncordon: {
    hint: 'uncordon',
    help: 'Place on the cell again; also ends a drain',
    keys: ['u'],
    pages: [...cells, 'drain'],
    changes: true,
  },
  drainProgress: { hint: 'drain progress', help: 'How far the drain has come', keys: ['R'], pages: cells },

  // Text and logs.
  nextMatch: { hint: 'next', help: 'Next match', keys: ['n'], pages: texts },
  previousMatch: { hint: 'previous', help: 'Previous match', keys: ['N'], pages: texts },
  highlight: {
    hint: 'filter/highlight',
    help: 'Hide lines that do not match, or only highlight those that do',
    keys: ['tab'],
    pages: texts,
  },
  wrap: { hint: 'wrap', help: 'Break long lines, or scroll sideways', keys: ['w'], pages: texts },
  follow: {
    hint: 'follow',
    help: 'Pause and follow; nothing is lost meanwhile',
    keys: ['s'],
    pages: ['logs'],
  },
  logTimes: { hint: 'timestamps', help: 'Times before the lines', keys: ['t'], pages: ['logs'] },
  logPrefix: {
    hint: 'names',
    help: 'Instance and cell before the lines, on screen and when saved',
    keys: ['P'],
    pages: ['logs'],
  },
  logMark: { hint: 'mark', help: 'Draw a line below what is there now', keys: ['m'], pages: ['logs'] },
  logClear: { hint: 'clear', help: 'Forget the lines that are shown', keys: ['ctrl-k'], pages: ['logs'] },
  logStderr: {
    hint: 'stderr only',
    help: 'Only what was written to standard error',
    keys: ['E'],
    pages: ['logs'],
  },
  logInstances: {
    hint: 'instances',
    help: 'One instance after another, then all again',
    keys: ['A'],
    pages: ['logs'],
  },
  logTail: { hint: 'tail', help: 'The last lines', keys: ['0'], pages: ['logs'] },
  logMinute: { hint: '1m', help: 'The last minute', keys: ['2'], pages: ['logs'] },
  logFive: { hint: '5m', help: 'The last 5 minutes', keys: ['3'], pages: ['logs'] },
  logQuarter: { hint: '15m', help: 'The last 15 minutes', keys: ['4'], pages: ['logs'] },
  logHour: { hint: '1h', help: 'The last hour', keys: ['6'], pages: ['logs'] },
} as const satisfies Readonly<Record<string, Action>>;

export type ActionId = keyof typeof table;
export const actions: Readonly<Record<ActionId, Action>> = table;
export const actionIds = Object.keys(table) as readonly ActionId[];

/** What every page with a cursor in it answers to. */
export const moving: readonly ActionId[] = ['up', 'down', 'pageUp', 'pageDown', 'top', 'bottom'];

/** The order of a list. */
export const sorting: readonly ActionId[] = [
  'sortLeft',
  'sortRight',
  'sortReverse',
  'sortName',
  'sortAge',
  'sortState',
];

/** What is done with rows and columns in every list. */
export const tabling: readonly ActionId[] = [
  'faults',
  'mark',
  'markRange',
  'clearMarks',
  ...sorting,
  'wide',
  'columns',
];

/** The same of a page that also goes sideways. */
export const scrolling: readonly ActionId[] = [
  'up',
  'down',
  'left',
  'right',
  'pageUp',
  'pageDown',
  'top',
  'bottom',
];
