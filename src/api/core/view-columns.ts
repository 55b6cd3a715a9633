/**
 * The columns of every view: what the server fills and sorts by, what the terminal shows and in which order it lets
 * go of them when it is narrow. One table for both ends; `-o wide`, the column chooser and the docs read it too.
 */
import type { ViewKind } from './view-shapes.ts';

export interface ViewColumn {
  readonly id: string;
  readonly title: string;
  /** How a value is written: `mb` mebibytes, `age` epoch milliseconds shown as time since, `percent` 0 to 100. */
  readonly format: 'text' | 'count' | 'mb' | 'age' | 'percent' | 'yesno' | 'state';
  /** 1 is shown always; larger ones go first when there is no room; 9 only on demand. */
  readonly priority: number;
  /** Cells of text it takes at least and at most. */
  readonly width: readonly [number, number];
}

const column = (
  id: string,
  title: string,
  format: ViewColumn['format'],
  priority: number,
  min: number,
  max = min,
): ViewColumn => ({ id, title, format, priority, width: [min, max] });

/** In the order they are shown; the first names the row and is what it is sorted by unless told otherwise. */
export const viewColumns: Readonly<Record<ViewKind, readonly ViewColumn[]>> = {
  cells: [
    column('cell', 'CELL', 'text', 1, 10, 40),
    column('state', 'STATE', 'state', 1, 11),
    column('zone', 'ZONE', 'text', 3, 6, 16),
    column('instances', 'INST', 'count', 1, 5),
    column('tasks', 'TASKS', 'count', 4, 5),
    column('evacuating', 'LEAVING', 'count', 5, 7),
    column('memoryPercent', 'MEM%', 'percent', 2, 5),
    column('memoryUsedMb', 'MEM', 'mb', 5, 7),
    column('memoryMb', 'MEM-CAP', 'mb', 6, 7),
    column('diskPercent', 'DISK%', 'percent', 6, 5),
    column('containersPercent', 'SLOTS%', 'percent', 6, 6),
    column('address', 'ADDRESS', 'text', 4, 9, 24),
    column('engine', 'ENGINE', 'text', 6, 8, 20),
    column('version', 'VERSION', 'text', 7, 7, 12),
    column('platform', 'PLATFORM', 'text', 8, 11, 16),
    column('labels', 'LABELS', 'text', 8, 8, 40),
    column('reason', 'REASON', 'text', 3, 8, 80),
    column('since', 'AGE', 'age', 2, 4, 5),
  ],
  lrps: [
    column('lrp', 'LRP', 'text', 1, 10, 48),
    column('state', 'STATE', 'state', 1, 9),
    column('running', 'RUN', 'count', 1, 5, 7),
    column('desired', 'WANT', 'count', 1, 5, 7),
    column('ready', 'READY', 'count', 4, 5, 7),
    column('claimed', 'STARTING', 'count', 4, 8),
    column('unclaimed', 'UNPLACED', 'count', 3, 8),
    column('crashed', 'CRASHED', 'count', 2, 7),
    column('suspect', 'SUSPECT', 'count', 5, 7),
    column('leaving', 'LEAVING', 'count', 6, 7),
    column('memoryMb', 'MEM', 'mb', 5, 7),
    column('image', 'IMAGE', 'text', 4, 10, 48),
    column('domain', 'DOMAIN', 'text', 6, 6, 20),
    column('labels', 'LABELS', 'text', 8, 8, 40),
    column('since', 'AGE', 'age', 2, 4, 5),
  ],
  instances: [
    column('instance', 'INSTANCE', 'text', 1, 12, 52),
    column('state', 'STATE', 'state', 1, 10),
    column('ready', 'READY', 'yesno', 3, 5),
    column('cell', 'CELL', 'text', 1, 8, 32),
    column('crashes', 'CRASHES', 'count', 3, 7),
    column('ports', 'PORTS', 'text', 4, 10, 40),
    column('reason', 'REASON', 'text', 2, 10, 120),
    column('zone', 'ZONE', 'text', 6, 6, 16),
    column('domain', 'DOMAIN', 'text', 8, 6, 20),
    column('instanceGuid', 'GUID', 'text', 9, 12, 40),
    column('since', 'AGE', 'age', 2, 4, 5),
  ],
  tasks: [
    column('task', 'TASK', 'text', 1, 10, 48),
    column('state', 'STATE', 'state', 1, 9),
    column('result', 'RESULT', 'text', 2, 7, 40),
    column('cell', 'CELL', 'text', 2, 8, 32),
    column('memoryMb', 'MEM', 'mb', 5, 7),
    column('image', 'IMAGE', 'text', 4, 10, 48),
    column('reason', 'REASON', 'text', 3, 10, 120),
    column('domain', 'DOMAIN', 'text', 6, 6, 20),
    column('since', 'AGE', 'age', 2, 4, 5),
  ],
  routes: [
    column('route', 'ROUTE', 'text', 1, 12, 60),
    column('lrp', 'LRP', 'text', 1, 10, 48),
    column('port', 'PORT', 'count', 2, 5),
    column('ready', 'BACKENDS', 'count', 1, 8),
    column('desired', 'WANT', 'count', 3, 5),
  ],
  events: [
    column('at', 'AGE', 'age', 1, 5),
    column('type', 'TYPE', 'text', 1, 18, 20),
    column('subject', 'SUBJECT', 'text', 1, 12, 40),
    column('message', 'MESSAGE', 'text', 1, 20, 400),
    column('cell', 'CELL', 'text', 3, 8, 32),
    column('actor', 'WHO', 'text', 4, 8, 32),
  ],
};

/** What a state says at a glance: `bad` needs somebody, `warn` is on its way or held up, `idle` is at rest on purpose. */
export type Severity = 'ok' | 'warn' | 'bad' | 'idle';

/**
 * The states that the `state` column of a view may have. `faults` shows the rows that are `warn` or `bad`. Kinds
 * without a state column (routes, events) have an empty table.
 */
export const stateSeverity: Readonly<Record<ViewKind, Readonly<Record<string, Severity>>>> = {
  cells: {
    ready: 'ok',
    cordoned: 'idle',
    draining: 'warn',
    drained: 'idle',
    'engine down': 'bad',
    lost: 'bad',
  },
  lrps: { ok: 'ok', starting: 'warn', degraded: 'bad', stopping: 'warn', stopped: 'idle' },
  instances: {
    RUNNING: 'ok',
    'NOT READY': 'warn',
    CLAIMED: 'warn',
    UNCLAIMED: 'warn',
    UNPLACED: 'bad',
    CRASHED: 'bad',
    SUSPECT: 'bad',
    EVACUATING: 'warn',
    STOPPING: 'warn',
  },
  tasks: { PENDING: 'warn', RUNNING: 'ok', SUCCEEDED: 'idle', FAILED: 'bad', RESOLVING: 'warn' },
  routes: {},
  events: {},
};
