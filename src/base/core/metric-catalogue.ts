/**
 * Every metric of Skep: its name, type, labels and what it means. docs/metrics.md lists the same, which a test
 * checks. Names follow Prometheus: units are seconds and bytes, counters end in `_total`. Labels have few values,
 * known beforehand: never a guid, an instance or a cell's name; which agent it is, Prometheus knows.
 */

/** Which agents have it: all, those that serve, or those that run containers. */
export type MetricPart = 'agent' | 'server' | 'cell';

export interface MetricDefinition {
  readonly part: MetricPart;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  readonly help: string;
  /** Upper bounds of a histogram's buckets, in rising order. */
  readonly buckets?: readonly number[];
}

/** A request, or a call of the engine. */
const callSeconds = [0.001, 0.005, 0.02, 0.1, 0.5, 1, 2, 5, 10, 30] as const;
const passSeconds = [0.001, 0.005, 0.02, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 60] as const;
const startSeconds = [0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 120, 300] as const;

export const metricCatalogue = {
  process_cpu_seconds_total: {
    part: 'agent',
    type: 'counter',
    labels: [],
    help: 'CPU time of the agent itself, without etcd and the container engine.',
  },
  process_resident_memory_bytes: {
    part: 'agent',
    type: 'gauge',
    labels: [],
    help: 'Resident memory of the agent itself.',
  },
  process_start_time_seconds: {
    part: 'agent',
    type: 'gauge',
    labels: [],
    help: 'When the agent started, since the epoch.',
  },
  process_open_fds: {
    part: 'agent',
    type: 'gauge',
    labels: [],
    help: 'Open file descriptors of the agent.',
  },
  nodejs_heap_size_used_bytes: {
    part: 'agent',
    type: 'gauge',
    labels: [],
    help: "Used heap of the agent's JavaScript.",
  },
  skep_build_info: {
    part: 'agent',
    type: 'gauge',
    labels: ['version', 'node'],
    help: 'Always 1; the labels say which versions of Skep and Node run.',
  },

  skep_brain_leader: {
    part: 'server',
    type: 'gauge',
    labels: [],
    help: '1 while this server leads; exactly one of a cluster does.',
  },
  skep_brain_leaderships_total: {
    part: 'server',
    type: 'counter',
    labels: [],
    help: 'How often this server began to lead.',
  },
  skep_brain_passes_total: {
    part: 'server',
    type: 'counter',
    labels: ['outcome', 'scope'],
    help: 'Passes of the brain by how they ended (done, failed: the store did not answer, fenced: another server leads) and what they looked at (full, changes).',
  },
  skep_brain_pass_duration_seconds: {
    part: 'server',
    type: 'histogram',
    labels: [],
    help: 'How long passes took, their writes included.',
    buckets: passSeconds,
  },
  skep_brain_decisions_total: {
    part: 'server',
    type: 'counter',
    labels: ['rule'],
    help: 'What convergence decided and wrote, by rule, such as create, restart, replace and retire.',
  },
  skep_brain_conflicts_total: {
    part: 'server',
    type: 'counter',
    labels: [],
    help: 'Decisions and placements that were made again because a record had changed meanwhile.',
  },
  skep_brain_placements_total: {
    part: 'server',
    type: 'counter',
    labels: ['kind'],
    help: 'Instances (lrp) and tasks (task) that were given a cell.',
  },
  skep_brain_placement_refusals_total: {
    part: 'server',
    type: 'counter',
    labels: ['reason'],
    help: 'Instances and tasks that an auction found no place for, each time it tried, by the filter or resource that kept most cells out.',
  },
  skep_brain_fenced_writes_total: {
    part: 'server',
    type: 'counter',
    labels: [],
    help: 'Writes that were refused because another server led by then.',
  },
  skep_brain_waiting: {
    part: 'server',
    type: 'gauge',
    labels: [],
    help: 'Instances and tasks that wait for a place. Only the leader has it.',
  },
  skep_brain_draining_cells: {
    part: 'server',
    type: 'gauge',
    labels: [],
    help: 'Cells that are being drained. Only the leader has it.',
  },
  skep_brain_storm_cells: {
    part: 'server',
    type: 'gauge',
    labels: [],
    help: 'Lost cells that the storm guard keeps from being replaced. Only the leader has it.',
  },

  skep_server_records: {
    part: 'server',
    type: 'gauge',
    labels: ['kind'],
    help: "Records in this server's copy of the state: lrp, instance, task, cell, domain, event, unreadable.",
  },
  skep_server_replica_revision: {
    part: 'server',
    type: 'gauge',
    labels: [],
    help: "Revision of this server's copy of the state; servers of one cluster differ by what is on its way.",
  },
  skep_server_replica_stale: {
    part: 'server',
    type: 'gauge',
    labels: [],
    help: "1 while this server's copy may be old, or is not there yet.",
  },
  skep_server_cell_sessions: {
    part: 'server',
    type: 'gauge',
    labels: [],
    help: 'Present cells that hold a session with this server.',
  },
  skep_server_sockets: {
    part: 'server',
    type: 'gauge',
    labels: ['kind'],
    help: 'Open WebSockets: watch, view, events, streams (logs, exec, attach, consoles), cell (sessions and streams of cells).',
  },
  skep_backup_newest_timestamp_seconds: {
    part: 'server',
    type: 'gauge',
    labels: [],
    help: 'When the newest backup that this server keeps was made, in seconds since 1970; 0: there is none.',
  },
  skep_server_slow_consumers_total: {
    part: 'server',
    type: 'counter',
    labels: [],
    help: 'Watchers that were disconnected because they did not keep up.',
  },
  skep_server_requests_total: {
    part: 'server',
    type: 'counter',
    labels: ['route', 'status'],
    help: 'Answered API requests by route and HTTP status.',
  },
  skep_server_request_duration_seconds: {
    part: 'server',
    type: 'histogram',
    labels: ['route'],
    help: 'How long API requests took.',
    buckets: callSeconds,
  },
  skep_store_up: {
    part: 'server',
    type: 'gauge',
    labels: [],
    help: "1 while this server's etcd serves; always 1 with an etcd of your own.",
  },
  skep_store_db_bytes: {
    part: 'server',
    type: 'gauge',
    labels: ['member'],
    help: "Size of etcd's database by member, for those that answer; its limit is 8 GiB. Not with an etcd of your own.",
  },

  skep_cell_instances: {
    part: 'cell',
    type: 'gauge',
    labels: ['state'],
    help: 'Instances on this cell: starting, running, crashed, stopping, unclaimed (nobody claims the container).',
  },
  skep_cell_tasks: {
    part: 'cell',
    type: 'gauge',
    labels: [],
    help: 'Attempts at tasks on this cell that are not over.',
  },
  skep_cell_starts_total: {
    part: 'cell',
    type: 'counter',
    labels: [],
    help: 'Instances that became healthy after this agent launched them.',
  },
  skep_cell_crashes_total: {
    part: 'cell',
    type: 'counter',
    labels: [],
    help: 'Instances that crashed, could not be started or failed their checks.',
  },
  skep_cell_start_duration_seconds: {
    part: 'cell',
    type: 'histogram',
    labels: [],
    help: 'From the launch of an instance, its image pull included, until it was healthy.',
    buckets: startSeconds,
  },
  skep_cell_engine_up: {
    part: 'cell',
    type: 'gauge',
    labels: [],
    help: '1 while the container engine answers.',
  },
  skep_cell_engine_call_duration_seconds: {
    part: 'cell',
    type: 'histogram',
    labels: ['call'],
    help: 'How long calls of the container engine took, failed ones included: info, list, inspect, pull, create, start, stop, remove.',
    buckets: callSeconds,
  },
  skep_cell_engine_failures_total: {
    part: 'cell',
    type: 'counter',
    labels: ['call'],
    help: 'Calls of the container engine that failed.',
  },
  skep_cell_sessions: {
    part: 'cell',
    type: 'gauge',
    labels: ['state'],
    help: 'Servers that this cell knows: live (it holds a session) and lost.',
  },
  skep_cell_registered: {
    part: 'cell',
    type: 'gauge',
    labels: [],
    help: '1 while this cell holds its presence lease, as far as it knows.',
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;
