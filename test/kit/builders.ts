/**
 * Records for tests, complete from the few fields that a test is about, and a cluster's state made of them
 * the way the replica makes it: from text, by key and revision.
 */
import { type ActualLrp, newActualLrp, type Presence } from '../../src/model/actual-lrp.ts';
import type { AuctionCell, LrpWork, TaskWork } from '../../src/model/auction.ts';
import type { CellPresence, Domain } from '../../src/model/cell.ts';
import type { BrainSettings, CellSpec, Drain } from '../../src/model/cell-spec.ts';
import { type DesiredLrp, desiredLrpSpecSchema, desireLrp } from '../../src/model/desired-lrp.ts';
import type { CellId, InstanceGuid, ProcessGuid, TaskGuid } from '../../src/model/ids.ts';
import { type PlacementRules, placementSchema } from '../../src/model/placement.ts';
import { noResources, type Resources } from '../../src/model/resources.ts';
import type { Roster } from '../../src/model/roster.ts';
import { desireTask, type Task, taskSpecSchema } from '../../src/model/task.ts';
import { encode, type Noun } from '../../src/store/core/codec.ts';
import { MutableState } from '../../src/store/core/fold.ts';
import {
  type ActualSlot,
  actualKey,
  cellSpecKey,
  desiredKey,
  domainKey,
  presenceKey,
  rosterKey,
  settingsKey,
  taskKey,
} from '../../src/store/core/keys.ts';

/** When the records of a test were made. */
export const builtAt = 1_700_000_000_000;

/** A desired LRP; `web` with one instance unless told. */
export function buildDesired(
  change: Partial<Omit<DesiredLrp, 'guid'>> & { readonly guid?: string } = {},
): DesiredLrp {
  const spec = desiredLrpSpecSchema.parse({ guid: change.guid ?? 'web', image: 'busybox:latest' });
  return { ...desireLrp(spec, builtAt, 'epoch'), ...change, guid: spec.guid };
}

/** Where an instance is: the fields that a claim sets, by state. */
export interface ActualChange extends Partial<Omit<ActualLrp, 'guid' | 'cellId' | 'instanceGuid'>> {
  readonly guid?: string;
  readonly cellId?: string;
  readonly instanceGuid?: string;
  readonly presence?: Presence;
}

/** An instance of `web`, index 0, UNCLAIMED unless told; claimed ones get an instance guid of their own. */
export function buildActual({ guid = 'web', cellId, instanceGuid, ...change }: ActualChange = {}): ActualLrp {
  const index = change.index ?? 0;
  const fresh = newActualLrp({ guid: guid as ProcessGuid, index, domain: 'default' }, builtAt, 'epoch');
  const claimed = change.state === 'CLAIMED' || change.state === 'RUNNING';
  const name = instanceGuid ?? `i-${guid}-${index}-${cellId ?? 'none'}`;
  return {
    ...fresh,
    ...change,
    index,
    ...(cellId === undefined ? {} : { cellId: cellId as CellId }),
    ...(claimed ? { instanceGuid: name as InstanceGuid } : {}),
  };
}

/** A task, PENDING and given to nobody unless told. */
export function buildTask(
  change: Partial<Omit<Task, 'guid' | 'cellId'>> & { readonly guid?: string; readonly cellId?: string } = {},
): Task {
  const { guid, cellId, ...rest } = change;
  const spec = taskSpecSchema.parse({ guid: guid ?? 'job', image: 'busybox:latest' });
  return {
    ...desireTask(spec, builtAt),
    ...rest,
    ...(cellId === undefined ? {} : { cellId: cellId as CellId }),
  };
}

/** A cell's presence: 1,000 MiB of memory and disk and 100 container slots unless told. */
export function buildCell(
  cellId: string,
  change: Partial<Omit<CellPresence, 'cellId' | 'capacity'>> & {
    readonly capacity?: Partial<Resources>;
  } = {},
): CellPresence {
  const { capacity, ...rest } = change;
  return {
    v: 1,
    cellId: cellId as CellId,
    bootId: `boot-${cellId}`,
    zone: 'default',
    labels: {},
    requiredTags: [],
    optionalTags: [],
    volumeDrivers: [],
    runtimes: ['runc'],
    os: 'linux',
    arch: 'x64',
    address: '127.0.0.1',
    version: '0.0.0',
    engine: { ok: true, name: 'docker' },
    registeredAt: builtAt,
    ...rest,
    capacity: { memoryMb: 1_000, diskMb: 1_000_000, containers: 100, ...capacity },
  };
}

/** A cell that is drained without a deadline, unless told. */
export function buildDrained(cellId: string, change: Partial<Drain> = {}): CellSpec {
  const drain = { by: 'uid 0', at: builtAt, reason: 'disk swap', force: false, ...change };
  return { v: 1, cellId: cellId as CellId, drain };
}

export interface ClusterRecords {
  readonly desired?: readonly DesiredLrp[];
  readonly actual?: readonly ActualLrp[];
  readonly tasks?: readonly Task[];
  /** Names of cells, or their presences. */
  readonly cells?: readonly (string | CellPresence)[];
  readonly specs?: readonly CellSpec[];
  readonly roster?: Roster;
  readonly settings?: BrainSettings;
  /** Names of domains that are fresh; `default` unless told. */
  readonly domains?: readonly string[];
  /** Further text under keys: records that cannot be read. */
  readonly raw?: Readonly<Record<string, string>>;
}

/** Key and text of every record, in no special order. */
export function clusterRecords(records: ClusterRecords): (readonly [key: string, value: string])[] {
  const pair = (key: string, value: Noun): readonly [string, string] => [key, encode(value)];
  return [
    ...(records.desired ?? []).map((lrp) => pair(desiredKey(lrp.guid), lrp)),
    ...(records.actual ?? []).map((lrp) => {
      return pair(actualKey(lrp.guid, lrp.index, lrp.presence.toLowerCase() as ActualSlot), lrp);
    }),
    ...(records.tasks ?? []).map((task) => pair(taskKey(task.guid), task)),
    ...(records.cells ?? []).map((cell) => {
      const presence = typeof cell === 'string' ? buildCell(cell) : cell;
      return pair(presenceKey(presence.cellId), presence);
    }),
    ...(records.specs ?? []).map((spec) => pair(cellSpecKey(spec.cellId), spec)),
    ...(records.roster === undefined ? [] : [pair(rosterKey, records.roster)]),
    ...(records.settings === undefined ? [] : [pair(settingsKey, records.settings)]),
    ...(records.domains ?? ['default']).map((name) => {
      const domain: Domain = { v: 1, name, ttlSeconds: 0, updatedAt: builtAt };
      return pair(domainKey(name), domain);
    }),
    ...Object.entries(records.raw ?? {}),
  ];
}

/** The state that a replica would have of these records; the n-th has revision n. */
export function buildState(records: ClusterRecords): MutableState {
  const state = new MutableState();
  const stored = clusterRecords(records).map(([key, value], index) => ({ key, value, revision: index + 1 }));
  state.replace({ revision: stored.length, records: stored });
  return state;
}

/** A cell as the auction sees it: 100 of each resource, in zone `default`, empty. */
export function buildAuctionCell(
  cellId: string,
  change: Partial<Omit<AuctionCell, 'cellId'>> = {},
): AuctionCell {
  return {
    zone: 'default',
    capacity: { memoryMb: 100, diskMb: 100, containers: 100 },
    used: noResources,
    startingCount: 0,
    instancesByProcess: new Map(),
    taskCount: 0,
    os: 'linux',
    arch: 'x64',
    labels: {},
    requiredTags: [],
    optionalTags: [],
    volumeDrivers: [],
    runtimes: ['runc'],
    fixedPorts: new Set(),
    ...change,
    cellId: cellId as CellId,
  };
}

/** Work for one instance; 1 MiB of disk, as in Diego's simulation, unless told. */
export function buildLrpWork(
  guid: string,
  index: number,
  memoryMb: number,
  diskMb = 1,
  change: Partial<Pick<LrpWork, 'rules' | 'priority' | 'fixedPorts' | 'home' | 'lastResort'>> = {},
): LrpWork {
  const resources = { memoryMb, diskMb, containers: 1 };
  return {
    kind: 'lrp',
    guid: guid as ProcessGuid,
    index,
    resources,
    rules: noRules,
    priority: 0,
    fixedPorts: [],
    ...change,
  };
}

/** Placement rules that allow every cell. */
export const noRules: PlacementRules = placementSchema.parse({});

export function buildTaskWork(guid: string, memoryMb: number, diskMb = 1): TaskWork {
  return {
    kind: 'task',
    guid: guid as TaskGuid,
    resources: { memoryMb, diskMb, containers: 1 },
    rules: noRules,
  };
}
