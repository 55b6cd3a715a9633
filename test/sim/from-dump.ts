/**
 * A real cluster as the simulation begins with it: what `skep debug state` wrote, made into hosts, records and
 * containers. Who served and led is left behind, as are the leases: agents of the simulation register anew.
 */
import type { ContainerSpec } from '../../src/agent/core/container.ts';
import { lrpSpec, taskSpec } from '../../src/agent/core/container-spec.ts';
import { type ActualLrp, actualLrpSchema } from '../../src/model/actual-lrp.ts';
import { type CellPresence, cellPresenceSchema } from '../../src/model/cell.ts';
import { type DesiredLrp, desiredLrpSchema } from '../../src/model/desired-lrp.ts';
import type { CellId, ProcessGuid } from '../../src/model/ids.ts';
import { type Task, taskSchema } from '../../src/model/task.ts';
import { desiredKey, parseKey } from '../../src/store/core/keys.ts';
import { dumpPages } from '../kit/load-dump.ts';
import type { Images } from './images.ts';
import { clusterId } from './server.ts';

export interface DumpedContainer {
  readonly cellId: CellId;
  readonly spec: ContainerSpec;
}

export interface DumpedCluster {
  /** When it was taken: the simulation's time begins there. */
  readonly at: number;
  /** How many servers it had; at least 1. */
  readonly servers: number;
  readonly cells: readonly CellPresence[];
  readonly records: readonly { readonly key: string; readonly value: string }[];
  /** What ran, in the order in which the engines are to number it. */
  readonly containers: readonly DumpedContainer[];
  /** Every image of an LRP; what runs works. */
  readonly images: Images;
  readonly guids: readonly ProcessGuid[];
}

type Row = { readonly key: string; readonly value: unknown };

/** What ends by itself, whatever the task's own image would do. */
const jobImage = 'dumped-job';
const worksAtOnce = { pullMs: 500, answers: () => 200, execs: () => ({ code: 0 }) } as const;

/** Where a simulated host is reached. */
export const addressOf = (place: number): string => `10.${place >> 16}.${(place >> 8) & 255}.${place & 255}`;

/** Throws on what is not a dump, or has no cell. */
export function readDump(text: string): DumpedCluster {
  const pages = dumpPages(text);
  const rows = pages.flatMap((page) => page.rows);
  const cells = valuesOf(rows, 'presence').map((value) => cellPresenceSchema.parse(value));
  if (cells.length === 0) throw new Error('the dump holds no cell: nothing could run');
  const desired = valuesOf(rows, 'desired').map((value) => desiredLrpSchema.parse(value));
  const engines = new Engines(cells, desired);
  const records = rows.flatMap((row) => {
    const value = engines.take(row);
    return value === undefined ? [] : [{ key: row.key, value: JSON.stringify(value) }];
  });
  return {
    at: pages[0]?.at ?? 0,
    servers: Math.max(1, valuesOf(rows, 'server').length),
    cells,
    records,
    containers: engines.containers,
    images: {
      [jobImage]: { pullMs: 300, exits: { afterMs: 4_000, code: 0 } },
      ...Object.fromEntries(desired.map(({ image }) => [image, worksAtOnce])),
    },
    guids: desired.flatMap(({ guid, removedAt }) => (removedAt === undefined ? [guid] : [])),
  };
}

const valuesOf = (rows: readonly Row[], kind: string): unknown[] =>
  rows.flatMap(({ key, value }) => (parseKey(key)?.kind === kind ? [value] : []));

/** Gives every record that runs its container, by the id that the host's engine will give it. */
class Engines {
  readonly containers: DumpedContainer[] = [];
  readonly #desired: ReadonlyMap<string, DesiredLrp>;
  readonly #addresses: ReadonlyMap<CellId, string>;
  readonly #counts = new Map<CellId, number>();

  constructor(cells: readonly CellPresence[], desired: readonly DesiredLrp[]) {
    this.#desired = new Map(desired.map((lrp) => [desiredKey(lrp.guid), lrp]));
    this.#addresses = new Map(cells.map(({ cellId }, place) => [cellId, addressOf(place)]));
  }

  /** The record as the simulation has it; undefined: it has none of that kind. */
  take({ key, value }: Row): unknown {
    const kind = parseKey(key)?.kind;
    if (kind === undefined) throw new Error(`the dump holds ${key}, which is no key of this version`);
    switch (kind) {
      case 'presence':
      case 'leader':
      case 'server':
        return undefined;
      case 'actual':
        return this.#instance(actualLrpSchema.parse(value));
      case 'task':
        return this.#task(taskSchema.parse(value));
      default:
        return value;
    }
  }

  #instance({ containerId: _was, ...record }: ActualLrp): ActualLrp {
    const { cellId, guid, index, instanceGuid, state } = record;
    const lrp = this.#desired.get(desiredKey(guid));
    const address = cellId === undefined ? undefined : this.#addresses.get(cellId);
    if (state !== 'RUNNING' || cellId === undefined || instanceGuid === undefined) return record;
    if (lrp === undefined || address === undefined) return record;
    const ports = record.netInfo?.ports ?? [];
    const spec = lrpSpec({ clusterId, cellId, address }, lrp, { index, instanceGuid }, ports);
    return { ...record, containerId: this.#add(cellId, spec) };
  }

  #task({ containerId: _was, ...task }: Task): Task {
    const { cellId, attempt, state } = task;
    const job = { ...task, image: jobImage };
    if (state === 'COMPLETED' || state === 'RESOLVING') return task;
    const address = cellId === undefined ? undefined : this.#addresses.get(cellId);
    if (state !== 'RUNNING' || cellId === undefined || address === undefined || attempt === undefined)
      return job;
    return { ...job, containerId: this.#add(cellId, taskSpec({ clusterId, cellId, address }, job, attempt)) };
  }

  #add(cellId: CellId, spec: ContainerSpec): string {
    const count = (this.#counts.get(cellId) ?? 0) + 1;
    this.#counts.set(cellId, count);
    this.containers.push({ cellId, spec });
    return `c${count}`;
  }
}
