/** Rows of instances: one a record, so an index whose cell is lost or drained has two for a while. */
import type { ActualLrp } from '../../model/actual-lrp.ts';
import type { CellId, ProcessGuid } from '../../model/ids.ts';
import type { RosterMember } from '../../model/roster.ts';
import type { ActualSlot } from '../../store/core/keys.ts';
import type { ClusterState } from '../../store/core/state.ts';
import { explainRefusal } from '../core/why-instance.ts';
import { InstanceKeys } from './instance-keys.ts';
import { clipText, noLabels, type Scope, type ViewSource } from './source.ts';

/** Asked for every row of a list that is made: no array is made of the key. */
function instanceOf(state: ClusterState, key: string): ActualLrp | undefined {
  const slash = key.indexOf('/');
  const second = key.indexOf('/', slash + 1);
  const index = Number(second < 0 ? key.slice(slash + 1) : key.slice(slash + 1, second));
  const held = state.actual.get(key.slice(0, slash) as ProcessGuid)?.get(index);
  const slot = second < 0 ? 'ordinary' : (key.slice(second + 1) as ActualSlot);
  return held?.[slot]?.value;
}

/** As stateSeverity of view-columns.ts spells it. */
export function instanceState(actual: ActualLrp): string {
  if (actual.presence === 'SUSPECT') return 'SUSPECT';
  if (actual.presence === 'EVACUATING') return 'EVACUATING';
  if (actual.retire !== undefined) return 'STOPPING';
  if (actual.state === 'RUNNING' && !actual.routable) return 'NOT READY';
  if (actual.state === 'UNCLAIMED' && actual.placementError !== undefined) return 'UNPLACED';
  return actual.state;
}

function reasonOf(actual: ActualLrp): string {
  if (actual.retire !== undefined) {
    const overdue = actual.retire.overdueAt === undefined ? '' : '; the cell has not done it in time';
    return actual.retire.reason + overdue;
  }
  if (actual.presence === 'SUSPECT') return `cell ${actual.cellId} is lost; kept until its replacement runs`;
  if (actual.presence === 'EVACUATING') return 'its cell is drained; kept until its replacement is ready';
  if (actual.state === 'UNCLAIMED' && actual.placementError !== undefined) {
    return explainRefusal(actual.placementError).summary;
  }
  if (actual.state === 'CRASHED') return actual.crashReason ?? '';
  if (actual.checkOutput !== undefined && !actual.routable) return actual.checkOutput;
  return actual.crashCount > 0 ? (actual.crashReason ?? '') : '';
}

function portsOf({ netInfo }: ActualLrp): string {
  if (netInfo === undefined || netInfo.ports.length === 0) return '';
  const ports = netInfo.ports.map(({ containerPort, hostPort }) => `${hostPort}→${containerPort}`);
  return clipText(`${netInfo.address}:${ports.join(',')}`);
}

/** What the brain remembers of a cell that it counts on. A cell may be called as something every object has. */
export function memberOf(state: ClusterState, cellId: CellId): RosterMember | undefined {
  const cells = state.roster?.value.cells ?? {};
  return Object.hasOwn(cells, cellId) ? cells[cellId] : undefined;
}

/** The zone of a cell, also of one that is away but still counted on. */
export function zoneOf(state: ClusterState, cellId: CellId | undefined): string {
  if (cellId === undefined) return '';
  return state.cells.get(cellId)?.value.zone ?? memberOf(state, cellId)?.zone ?? '';
}

function isInScope(actual: ActualLrp, { guid, cell, domain }: Scope): boolean {
  if (guid !== undefined && actual.guid !== guid) return false;
  if (cell !== undefined && actual.cellId !== cell) return false;
  return domain === undefined || actual.domain === domain;
}

export function instancesSource(): ViewSource {
  const keys = new InstanceKeys();

  return {
    keyColumn: 'instance',
    scopes: ['guid', 'cell', 'domain'],
    keys: (state, scope) => keys.all(state, scope),
    touched: (touched, state, scope) => keys.touched(touched, state, scope),
    estimate: (state, { guid, cell }) => {
      if (guid !== undefined) return state.actual.get(guid as ProcessGuid)?.size ?? 0;
      if (cell !== undefined) return state.claimsByCell.get(cell as CellId)?.size ?? 0;
      let count = 0;
      for (const indexes of state.actual.values()) count += indexes.size;
      return count;
    },
    stateOf(state, key, scope) {
      const actual = instanceOf(state, key);
      if (actual === undefined || !isInScope(actual, scope)) return undefined;
      if (actual.presence !== 'ORDINARY') keys.noteExtra(key);
      return instanceState(actual);
    },
    values(state, key) {
      const actual = instanceOf(state, key);
      if (actual === undefined) return undefined;
      return {
        instance: key,
        state: instanceState(actual),
        ready: actual.state === 'RUNNING' ? actual.routable : null,
        cell: actual.cellId ?? '',
        crashes: actual.crashCount,
        ports: portsOf(actual),
        reason: clipText(reasonOf(actual)),
        zone: zoneOf(state, actual.cellId),
        domain: actual.domain,
        instanceGuid: actual.instanceGuid ?? '',
        since: actual.since,
      };
    },
    labels(state, key) {
      const actual = instanceOf(state, key);
      return actual === undefined ? noLabels : keys.labelsOf(state, actual.guid);
    },
  };
}
