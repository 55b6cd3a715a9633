/** The mix of mix.ts as the records of a store in which every instance runs. */
import { claim, newActualLrp, start } from '../src/model/actual-lrp.ts';
import type { CellPresence } from '../src/model/cell.ts';
import type { DesiredLrp } from '../src/model/desired-lrp.ts';
import type { InstanceGuid } from '../src/model/ids.ts';
import { encode } from '../src/store/core/codec.ts';
import { actualKey, desiredKey, domainKey, presenceKey } from '../src/store/core/keys.ts';
import type { StoredRecord } from '../src/store/core/records.ts';
import { mixBuiltAt, mixCells, mixLrps } from './mix.ts';

/** Cells first, then LRPs, then instances, dealt to the cells in turn. */
export function runningCluster(units: number): StoredRecord[] {
  const cells = mixCells(units);
  const lrps = mixLrps(units);
  const domain = { v: 1, name: 'default', ttlSeconds: 0, updatedAt: mixBuiltAt } as const;
  const texts: (readonly [string, string])[] = [[domainKey('default'), encode(domain)]];
  for (const cell of cells) texts.push([presenceKey(cell.cellId), encode(cell)]);
  for (const lrp of lrps) texts.push([desiredKey(lrp.guid), encode(lrp)]);
  let dealt = 0;
  for (const lrp of lrps) {
    for (let index = 0; index < lrp.instances; index++) {
      texts.push(running(lrp, index, cells[dealt++ % cells.length] as CellPresence));
    }
  }
  return texts.map(([key, value], place) => ({ key, value, revision: place + 1 }));
}

function running({ guid, domain, epoch }: DesiredLrp, index: number, cell: CellPresence) {
  const key = { instanceGuid: `${guid}-${index}` as InstanceGuid, cellId: cell.cellId };
  const netInfo = { address: '127.0.0.1', instanceAddress: '10.0.0.1', ports: [] };
  const claimed = claim(newActualLrp({ guid, index, domain }, mixBuiltAt, epoch), key, mixBuiltAt);
  if (!claimed.ok) throw new Error(claimed.refusal);
  const report = { ...key, netInfo, containerId: `c-${guid}-${index}`, routable: true };
  const started = start(claimed.next, report, mixBuiltAt);
  if (!started.ok) throw new Error(started.refusal);
  return [actualKey(guid, index), encode(started.next)] as const;
}
