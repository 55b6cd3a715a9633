/** What a scrape asks of a server: its copy of the state, its cells, its store. Called once by the composition root. */
import type { Clock } from '../base/clock.ts';
import type { Metrics } from '../base/core/metrics.ts';
import type { ClusterState } from '../store/core/state.ts';
import type { MemberStatus } from '../store/members.ts';
import type { Replica } from '../store/replica.ts';
import type { Dispatcher } from './dispatcher-port.ts';

export interface ServerMetricsOptions {
  readonly replica: Replica;
  readonly dispatcher: Pick<Dispatcher, 'hasSession'>;
  /** Why the store cannot serve now; '' when it can. */
  health(): string;
  /** What each member that answers says of itself; undefined with an outside etcd. */
  readonly memberStatuses:
    | ((options: { readonly signal: AbortSignal }) => Promise<ReadonlyMap<string, MemberStatus>>)
    | undefined;
  readonly clock: Clock;
}

/** A scrape must end before the next one, whatever etcd does. */
const storeDeadlineMs = 2_000;

export function readServer(metrics: Metrics, options: ServerMetricsOptions): void {
  const { replica, dispatcher, health } = options;
  metrics.read('skep_server_records', () => {
    const counts = Object.entries(recordCounts(replica.state));
    return counts.map(([kind, value]) => ({ labels: { kind }, value }));
  });
  metrics.read('skep_server_replica_revision', () => replica.state.revision);
  metrics.read('skep_server_replica_stale', () => (replica.staleReason === '' ? 0 : 1));
  metrics.read('skep_server_cell_sessions', () => {
    return [...replica.state.cells.keys()].filter((cellId) => dispatcher.hasSession(cellId)).length;
  });
  metrics.read('skep_store_up', () => (health() === '' ? 1 : 0));
  metrics.read('skep_store_db_bytes', async () => await databaseSizes(options));
}

/** Sizes of maps: what it costs grows with LRPs, not with instances. */
function recordCounts(state: ClusterState): Readonly<Record<string, number>> {
  let instances = 0;
  for (const indexes of state.actual.values()) instances += indexes.size;
  return {
    lrp: state.desired.size,
    instance: instances,
    task: state.tasks.size,
    cell: state.cells.size,
    domain: state.domains.size,
    event: state.events.size,
    unreadable: state.corrupt.size,
  };
}

async function databaseSizes({ memberStatuses, clock }: ServerMetricsOptions) {
  if (memberStatuses === undefined) return undefined;
  const late = new AbortController();
  const timer = clock.after(storeDeadlineMs, () => late.abort(new Error('etcd does not answer')));
  try {
    const statuses = await memberStatuses({ signal: late.signal });
    return [...statuses].map(([member, { dbSizeBytes }]) => ({ labels: { member }, value: dbSizeBytes }));
  } finally {
    timer.cancel();
  }
}
