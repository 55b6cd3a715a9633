/**
 * The mix of workloads and cells that every benchmark of scale uses: Diego's 250,000-instance plan
 * (reference/scheduling-and-reliability.md A.9). A unit is ten batches; a batch is 20 LRPs of 25 instances, and
 * 1.25 cells stand for each unit: 1,000 units are 250,000 instances of 200,000 LRPs on 1,250 cells.
 */
import type { CellPresence } from '../src/model/cell.ts';
import { type DesiredLrp, desiredLrpSpecSchema, desireLrp } from '../src/model/desired-lrp.ts';

/** The whole plan; --quick takes a tenth. */
export const fullUnits = 1_000;
export const instancesPerUnit = 250;
/** When every record of the mix was made. */
export const mixBuiltAt = 1_700_000_000_000;

const zones = ['zone-a', 'zone-b', 'zone-c'] as const;
const batchesPerUnit = 10;

/** LRPs of one batch: how many alike, of how many instances, of how much memory each. */
const batch = [
  { name: 'quad', lrps: 1, instances: 4, memoryMb: 32 },
  { name: 'small', lrps: 9, instances: 1, memoryMb: 32 },
  { name: 'triple', lrps: 1, instances: 3, memoryMb: 128 },
  { name: 'medium', lrps: 6, instances: 1, memoryMb: 128 },
  { name: 'large', lrps: 1, instances: 1, memoryMb: 1_024 },
  { name: 'crashing', lrps: 2, instances: 1, memoryMb: 128 },
] as const;

/** 1.25 cells a unit in three zones: 32 GiB of memory, 64 GiB of disk and 250 containers each. */
export function mixCells(units: number): CellPresence[] {
  return Array.from({ length: Math.ceil(units * 1.25) }, (_, index) => ({
    v: 1,
    cellId: cellName(index) as CellPresence['cellId'],
    bootId: 'mix',
    zone: zones[index % zones.length] as string,
    capacity: { memoryMb: 32_768, diskMb: 65_536, containers: 250 },
    labels: {},
    requiredTags: [],
    optionalTags: [],
    volumeDrivers: [],
    runtimes: [],
    os: 'linux',
    arch: 'x64',
    address: '127.0.0.1',
    version: 'bench',
    engine: { ok: true, name: 'none' },
    registeredAt: mixBuiltAt,
  }));
}

export const cellName = (index: number): string => `cell-${String(index).padStart(4, '0')}`;

/** The LRPs of so many units, in the order of their guids' numbers. */
export function mixLrps(units: number): DesiredLrp[] {
  const kinds = batch.map((kind) => desiredLrpSpecSchema.parse({ ...specOf(kind), guid: kind.name }));
  const lrps: DesiredLrp[] = [];
  for (let at = 0; at < units * batchesPerUnit; at++) {
    for (const [place, kind] of batch.entries()) {
      const spec = kinds[place] as (typeof kinds)[number];
      for (let copy = 0; copy < kind.lrps; copy++) {
        const guid = `${kind.name}-${at}-${copy}` as DesiredLrp['guid'];
        lrps.push(desireLrp({ ...spec, guid }, mixBuiltAt, 'mix'));
      }
    }
  }
  return lrps;
}

function specOf({ instances, memoryMb }: (typeof batch)[number]) {
  const action = { kind: 'run', args: ['serve'] };
  return { image: 'mix', instances, memoryMb, diskMb: memoryMb, action };
}
