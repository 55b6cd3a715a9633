/**
 * This server's copy of the state as keys and values, page by page: what an engineer is sent with a report, and
 * what the simulation loads (test/kit/load-dump.ts). It holds everything that LRPs say, their environment too.
 */
import {
  eventPrefix,
  leaderKey,
  parseKey,
  quorumKey,
  rebalanceKey,
  restoredKey,
  rosterKey,
  settingsKey,
  trustKey,
} from '../../store/core/keys.ts';
import type { ClusterState, Versioned } from '../../store/core/state.ts';
import { currentState, type Handler } from '../context.ts';
import { keysInOrder, pageOf } from '../paging.ts';

/** In order of the key. Pages are of the revision that each names: a cluster that changes meanwhile shows both. */
export const debugState: Handler<'debugState'> = async (context, { query }, call) => {
  const state = await currentState(context, call.signal);
  const page = pageOf(entries(state, query.after), query.limit, (row) => row);
  const { clusterId, server, clock } = context;
  return { v: 1, clusterId, server, at: clock.now(), revision: state.revision, ...page };
};

interface Row {
  readonly key: string;
  readonly value: unknown;
}

function* entries(state: ClusterState, after: string | undefined): Generator<readonly [string, Row]> {
  for (const key of keysInOrder(() => keysOf(state), after, false)) {
    const value = valueAt(state, key);
    if (value !== undefined) yield [key, { key, value }];
  }
}

/** Every key that the state has a readable record of. */
function* keysOf(state: ClusterState): Generator<string> {
  for (const map of [
    state.desired,
    state.tasks,
    state.cells,
    state.cellSpecs,
    state.domains,
    state.servers,
    state.revoked,
  ]) {
    for (const { key } of map.values()) yield key;
  }
  for (const indexes of state.actual.values()) {
    for (const { ordinary, suspect, evacuating } of indexes.values()) {
      for (const record of [ordinary, suspect, evacuating]) if (record !== undefined) yield record.key;
    }
  }
  for (const id of state.events.keys()) yield `${eventPrefix}${id}`;
  if (state.leader !== undefined) yield leaderKey;
  if (state.settings !== undefined) yield settingsKey;
  if (state.roster !== undefined) yield rosterKey;
  if (state.rebalance !== undefined) yield rebalanceKey;
  if (state.restored !== undefined) yield restoredKey;
  if (state.quorum !== undefined) yield quorumKey;
  if (state.trust !== undefined) yield trustKey;
}

function valueAt(state: ClusterState, text: string): unknown {
  const key = parseKey(text);
  if (key?.kind === 'event') return state.events.get(key.id);
  return key === undefined ? undefined : recordAt(state, key)?.value;
}

function recordAt(
  state: ClusterState,
  key: Exclude<ReturnType<typeof parseKey>, undefined | { kind: 'event' }>,
): Versioned<unknown> | undefined {
  switch (key.kind) {
    case 'desired':
      return state.desired.get(key.guid);
    case 'actual':
      return state.actual.get(key.guid)?.get(key.index)?.[key.slot];
    case 'task':
      return state.tasks.get(key.guid);
    case 'presence':
      return state.cells.get(key.cellId);
    case 'cellSpec':
      return state.cellSpecs.get(key.cellId);
    case 'domain':
      return state.domains.get(key.name);
    case 'server':
      return state.servers.get(key.server);
    case 'revoked':
      return state.revoked.get(key.serial);
    case 'leader':
      return state.leader;
    case 'settings':
      return state.settings;
    case 'roster':
      return state.roster;
    case 'rebalance':
      return state.rebalance;
    case 'trust':
      return state.trust;
    case 'restored':
      return state.restored;
    case 'quorum':
      return state.quorum;
    default:
      return undefined;
  }
}
