/** Counts kept up record by record equal counts made of all records, whatever came and went. */
import { expect, test } from 'vitest';
import { buildActual, buildDesired, buildTask, clusterRecords } from '../../../test/kit/builders.ts';
import { intBetween, type Rng, seededRng } from '../../base/core/rng.ts';
import { wantedInstances } from '../../model/desired-lrp.ts';
import type { CellId } from '../../model/ids.ts';
import type { ClusterCounts } from './counts.ts';
import { MutableState } from './fold.ts';
import type { ClusterState } from './state.ts';

const pick = <T>(rng: Rng, items: readonly T[]): T => items[intBetween(rng, 0, items.length - 1)] as T;

function record(rng: Rng): readonly [key: string, value: string] {
  const [guid, index] = [pick(rng, ['web', 'api']), intBetween(rng, 0, 2)];
  const placementError = { message: 'insufficient resources', cells: 1, counts: {} };
  const state = pick(rng, ['UNCLAIMED', 'CLAIMED', 'RUNNING', 'CRASHED'] as const);
  const presence = pick(rng, ['ORDINARY', 'SUSPECT', 'EVACUATING'] as const);
  const claimed = state === 'CLAIMED' || state === 'RUNNING';
  const actual = buildActual({
    guid,
    index,
    state,
    presence,
    ...(claimed ? { cellId: pick(rng, ['a', 'b']) } : {}),
    ...(rng.next() < 0.5 ? { placementError } : {}),
    ...(rng.next() < 0.3 ? { retire: { reason: 'stop', since: 1, overdueAt: 2 } } : {}),
  });
  const desired = buildDesired({ guid, instances: index, ...(rng.next() < 0.3 ? { removedAt: 5 } : {}) });
  const task = buildTask({
    guid: `t${index}`,
    state: pick(rng, ['PENDING', 'RUNNING', 'COMPLETED', 'RESOLVING']),
    ...(rng.next() < 0.5 ? { placementError } : {}),
  });
  const records = pick(rng, [{ actual: [actual] }, { desired: [desired] }, { tasks: [task] }]);
  return clusterRecords({ domains: [], ...records })[0] as readonly [string, string];
}

/** By a walk over everything. */
function counted(state: ClusterState): ClusterCounts {
  const actual = [...state.actual.values()].flatMap((slots) => [...slots.values()]);
  const ordinary = actual.flatMap((slots) => slots.ordinary ?? []);
  const suspects = actual.flatMap((slots) => slots.suspect ?? []);
  const stoppable = actual.flatMap((slots) => [slots.ordinary ?? [], slots.evacuating ?? []].flat());
  const tasks = [...state.tasks.values()];
  const inState = (name: string): number => ordinary.filter(({ value }) => value.state === name).length;
  const pending = tasks.filter(({ value }) => value.state === 'PENDING');
  const running = tasks.filter(({ value }) => value.state === 'RUNNING').length;
  const byCell = new Map<CellId, number>();
  for (const { cellId } of suspects.map(({ value }) => value)) {
    if (cellId !== undefined) byCell.set(cellId, (byCell.get(cellId) ?? 0) + 1);
  }
  const keysOf = (records: readonly { readonly key: string }[]) => new Set(records.map(({ key }) => key));
  return {
    instancesDesired: [...state.desired.values()].reduce((sum, { value }) => sum + wantedInstances(value), 0),
    instancesRunning: inState('RUNNING'),
    crashed: inState('CRASHED'),
    suspect: suspects.length,
    unplaced: keysOf(
      ordinary.filter(({ value }) => value.state === 'UNCLAIMED' && value.placementError !== undefined),
    ),
    stuck: keysOf(stoppable.filter(({ value }) => value.retire?.overdueAt !== undefined)),
    suspectsByCell: byCell,
    tasksPending: pending.length,
    tasksRunning: running,
    tasksCompleted: tasks.length - pending.length - running,
    tasksUnplaced: keysOf(pending.filter(({ value }) => value.placementError !== undefined)),
  };
}

test.each(Array.from({ length: 20 }, (_, seed) => seed))(
  'what is kept is what a walk finds: seed %i',
  (seed) => {
    const rng = seededRng(seed);
    const state = new MutableState();
    for (let revision = 1; revision <= 120; revision++) {
      const [key, value] = record(rng);
      const text = rng.next() < 0.05 ? '{' : value;
      const after = rng.next() < 0.2 ? undefined : { key, value: text, revision };
      state.apply([{ key, record: after }], revision);
      expect({ ...state.counts }).toEqual(counted(state));
      expect([...state.order.actual.from(undefined)]).toEqual([...state.actual.keys()].sort());
      expect([...state.order.desired.from(undefined)]).toEqual([...state.desired.keys()].sort());
      expect([...state.order.tasks.from(undefined)]).toEqual([...state.tasks.keys()].sort());
    }
  },
);
