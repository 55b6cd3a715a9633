/** Rows of LRPs: what is wanted, and the counts of what is there. */
import type { DesiredLrp } from '../../model/desired-lrp.ts';
import { wantedInstances } from '../../model/desired-lrp.ts';
import type { CellId, ProcessGuid } from '../../model/ids.ts';
import type { ClusterState } from '../../store/core/state.ts';
import type { LrpCounter, LrpCounts } from './lrp-counts.ts';
import { clipText, labelText, noLabels, type Scope, type ViewSource } from './source.ts';

export const desiredOf = (state: ClusterState, guid: string): DesiredLrp | undefined =>
  state.desired.get(guid as ProcessGuid)?.value;

/** As stateSeverity of view-columns.ts spells it. */
function lrpState(desired: DesiredLrp, counts: LrpCounts): string {
  const wanted = wantedInstances(desired);
  const { ready, notReady, claimed, unclaimed, crashed, suspect, evacuating, stopping } = counts;
  if (wanted === 0) {
    const left = ready + notReady + claimed + unclaimed + crashed + suspect + evacuating + stopping;
    return left === 0 && desired.removedAt === undefined ? 'stopped' : 'stopping';
  }
  if (crashed + suspect + counts.unplaced > 0) return 'degraded';
  return ready >= wanted ? 'ok' : 'starting';
}

function isInScope(state: ClusterState, desired: DesiredLrp, { guid, cell, domain }: Scope): boolean {
  if (guid !== undefined && desired.guid !== guid) return false;
  if (domain !== undefined && desired.domain !== domain) return false;
  return cell === undefined || runsOn(state, cell, desired.guid);
}

function runsOn(state: ClusterState, cell: string, wanted: string): boolean {
  for (const { guid } of state.claimsByCell.get(cell as CellId)?.values() ?? [])
    if (guid === wanted) return true;
  return false;
}

function guidsOn(state: ClusterState, cell: string): Set<string> {
  const guids = new Set<string>();
  for (const { guid } of state.claimsByCell.get(cell as CellId)?.values() ?? []) guids.add(guid);
  return guids;
}

export function lrpsSource(counter: LrpCounter): ViewSource {
  return {
    keyColumn: 'lrp',
    scopes: ['guid', 'cell', 'domain'],
    keys(state, { guid, cell }) {
      if (guid !== undefined) return [guid];
      return cell === undefined ? state.desired.keys() : guidsOn(state, cell);
    },
    touched: (touched) => touched.lrps.keys(),
    estimate: (state, { guid }) => (guid === undefined ? state.desired.size : 1),
    stateOf(state, guid, scope) {
      const desired = desiredOf(state, guid);
      if (desired === undefined || !isInScope(state, desired, scope)) return undefined;
      return lrpState(desired, counter.of(state, desired.guid));
    },
    values(state, guid) {
      const desired = desiredOf(state, guid);
      if (desired === undefined) return undefined;
      const counts = counter.of(state, desired.guid);
      return {
        lrp: guid,
        state: lrpState(desired, counts),
        running: counts.ready + counts.notReady,
        desired: wantedInstances(desired),
        ready: counts.ready,
        claimed: counts.claimed,
        unclaimed: counts.unclaimed,
        crashed: counts.crashed,
        suspect: counts.suspect,
        leaving: counts.evacuating + counts.stopping,
        memoryMb: desired.memoryMb,
        image: clipText(desired.image),
        domain: desired.domain,
        labels: clipText(labelText(desired.labels)),
        since: desired.createdAt,
      };
    },
    labels: (state, guid) => desiredOf(state, guid)?.labels ?? noLabels,
  };
}
