/**
 * Watches: a snapshot of the rows of one kind, then every change, made of this server's copy of the state.
 * Served on `/v1/watch`; a message carries whole rows, so each may be taken as the truth by itself.
 */

import type { Socket } from '../base/socket.ts';
import { defaults } from '../model/defaults.ts';
import type { CellId, ProcessGuid, TaskGuid } from '../model/ids.ts';
import type { ClusterState, Touched } from '../store/core/state.ts';
import type { ApiContext } from './context.ts';
import type { WatchMessage, WatchQuery } from './core/routes.ts';
import { createOutbox } from './outbox.ts';
import { cellView, lrpView } from './views.ts';

/** A message stays far below what a socket takes; the rows of a larger snapshot follow as changes. */
const rowsMax = 5_000;
const staleCheckMs = 1_000;

type Row = { key: string; row?: unknown };

/** Serves one client until its socket ends. */
export async function serveWatch(context: ApiContext, query: WatchQuery, socket: Socket): Promise<void> {
  const { replica, clock, log } = context;
  const outbox = createOutbox(socket, defaults.slowConsumerMaxPending, log);
  const view = views[query.kind];
  const sendSnapshot = (): void => {
    for (const message of snapshotMessages(replica.state, view.all(replica.state, query.guid)))
      outbox.push(message);
  };
  sendSnapshot();
  const unsubscribe = replica.subscribe((touched, state) => {
    if (touched.all) return sendSnapshot();
    const rows = view.changed(state, touched, query.guid);
    if (rows.length > 0)
      outbox.push({ type: 'change', revision: state.revision, rows } satisfies WatchMessage);
  });
  let toldStale = '';
  const checkStale = (): void => {
    const reason = replica.staleReason ?? '';
    if (reason !== toldStale) outbox.push({ type: 'stale', reason } satisfies WatchMessage);
    toldStale = reason;
    timer = clock.after(staleCheckMs, checkStale);
  };
  let timer = clock.after(0, checkStale);
  try {
    await drainUntilClosed(socket);
  } finally {
    timer.cancel();
    unsubscribe();
  }
}

/** A client has nothing to say on a watch: what it sends is read, so that its pings are, and dropped. */
export async function drainUntilClosed(socket: Socket): Promise<void> {
  for await (const _message of socket.messages);
  await socket.closed;
}

function* snapshotMessages(state: ClusterState, rows: Iterable<Row>): Generator<WatchMessage> {
  let type: 'snapshot' | 'change' = 'snapshot';
  let batch: { key: string; row: unknown }[] = [];
  for (const { key, row } of rows) {
    if (batch.length === rowsMax) {
      yield { type, revision: state.revision, rows: batch };
      type = 'change';
      batch = [];
    }
    batch.push({ key, row });
  }
  if (batch.length > 0 || type === 'snapshot') yield { type, revision: state.revision, rows: batch };
}

interface View {
  all(state: ClusterState, guid: string | undefined): Iterable<Row>;
  changed(state: ClusterState, touched: Touched, guid: string | undefined): Row[];
}

const instancesView: View = {
  *all(state, guid) {
    const guids = guid === undefined ? state.actual.keys() : [guid as ProcessGuid];
    for (const each of guids) {
      for (const index of state.actual.get(each)?.keys() ?? []) {
        for (const row of instanceRows(state, each, index)) if (row.row !== undefined) yield row;
      }
    }
  },
  changed(state, touched, guid) {
    const rows: Row[] = [];
    for (const [each, indexes] of touched.lrps) {
      if (guid !== undefined && each !== guid) continue;
      for (const index of indexes) if (index >= 0) rows.push(...instanceRows(state, each, index));
    }
    return rows;
  },
};

/** Every slot of an index; a slot without a record is a row that has gone. */
function instanceRows(state: ClusterState, guid: ProcessGuid, index: number): Row[] {
  const slots = state.actual.get(guid)?.get(index);
  return [
    { key: `${guid}/${index}`, row: slots?.ordinary?.value },
    { key: `${guid}/${index}/suspect`, row: slots?.suspect?.value },
    { key: `${guid}/${index}/evacuating`, row: slots?.evacuating?.value },
  ];
}

/** A view whose rows are one a key. */
function keyedView<K extends string>(
  keys: (state: ClusterState) => Iterable<K>,
  touchedKeys: (touched: Touched) => Iterable<K>,
  row: (state: ClusterState, key: K) => unknown,
): View {
  return {
    *all(state, only) {
      for (const key of keys(state)) {
        if (only === undefined || key === only) yield { key, row: row(state, key) };
      }
    },
    changed(state, touched, only) {
      const mine = [...touchedKeys(touched)].filter((key) => only === undefined || key === only);
      return mine.map((key) => ({ key, row: row(state, key) }));
    },
  };
}

const views: Readonly<Record<WatchQuery['kind'], View>> = {
  instances: instancesView,
  lrps: keyedView<ProcessGuid>(
    (state) => state.desired.keys(),
    (touched) => touched.lrps.keys(),
    (state, guid) => {
      const desired = state.desired.get(guid)?.value;
      return desired && lrpView(state, desired);
    },
  ),
  tasks: keyedView<TaskGuid>(
    (state) => state.tasks.keys(),
    (touched) => touched.tasks,
    (state, guid) => state.tasks.get(guid)?.value,
  ),
  cells: keyedView<CellId>(
    (state) => state.cells.keys(),
    (touched) => new Set([...touched.cells, ...touched.assignments.keys()]),
    (state, id) => cellView(state, id),
  ),
};
