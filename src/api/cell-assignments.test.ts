import { beforeEach, expect, test } from 'vitest';
import { type ActualLrp, newActualLrp } from '../model/actual-lrp.ts';
import { desiredLrpSpecSchema, desireLrp } from '../model/desired-lrp.ts';
import type { CellId, InstanceGuid, ProcessGuid } from '../model/ids.ts';
import { encode } from '../store/core/codec.ts';
import { MutableState } from '../store/core/fold.ts';
import { actualKey, desiredKey } from '../store/core/keys.ts';
import type { Change } from '../store/core/records.ts';
import { ToldAssignments } from './cell-assignments.ts';
import type { AssignmentDifference } from './core/assignments.ts';

const web = 'web' as ProcessGuid;
const cell = 'cell-1' as CellId;
let state: MutableState;
let told: ToldAssignments;

beforeEach(() => {
  state = new MutableState();
  told = new ToldAssignments(cell);
});

const put = (key: string, value: string): Change => ({
  key,
  record: { key, value, revision: state.revision + 1 },
});
const gone = (key: string): Change => ({ key, record: undefined });
const claimed = (index: number, more: Partial<ActualLrp> = {}): string =>
  encode({
    ...newActualLrp({ guid: web, index, domain: 'default' }, 1, 'e'),
    state: 'CLAIMED',
    cellId: cell,
    instanceGuid: `i-${index}` as InstanceGuid,
    ...more,
  });
const desired = (env: string): string =>
  encode({
    ...desireLrp(desiredLrpSpecSchema.parse({ guid: 'web', image: 'busybox', annotation: env }), 1, 'e'),
    generation: env.length + 1,
  });

/** What the cell is told after these changes, by the records that they touched. */
function tell(...changes: Change[]): AssignmentDifference {
  const touched = state.apply(changes, state.revision + 1);
  return told.tellChanged(state, touched.assignments.get(cell) ?? new Set());
}
const ids = ({ lrps }: AssignmentDifference) => lrps.map(({ actual }) => actual.instanceGuid);

function begin(): void {
  state.apply(
    [
      put(desiredKey(web), desired('')),
      put(actualKey(web, 0), claimed(0)),
      put(actualKey(web, 1), claimed(1)),
    ],
    1,
  );
  expect(ids(told.tellAll(state))).toEqual(['i-0', 'i-1']);
}

test('only what changed is told, and what went', () => {
  begin();
  expect(ids(tell(put(actualKey(web, 1), claimed(1, { routable: true }))))).toEqual(['i-1']);
  expect(ids(tell(put(actualKey(web, 2), claimed(2))))).toEqual(['i-2']);
  expect(tell(gone(actualKey(web, 0)))).toMatchObject({ lrps: [], gone: ['i-0'] });
  expect(told.tellAll(state)).toMatchObject({ changed: false });
});

test('another instance at the same index replaces the one before', () => {
  begin();
  const other = { instanceGuid: 'i-new' as InstanceGuid };
  const difference = tell(put(actualKey(web, 0), claimed(0, other)));
  expect(ids(difference)).toEqual(['i-new']);
  expect(difference.gone).toEqual(['i-0']);
});

test('an instance that moves to another slot stays', () => {
  begin();
  const evacuating = actualKey(web, 0, 'evacuating');
  const moved = tell(put(evacuating, claimed(0, { presence: 'EVACUATING' })), gone(actualKey(web, 0)));
  expect(ids(moved)).toEqual(['i-0']);
  expect(moved.gone).toEqual([]);
  expect(tell(gone(evacuating)).gone).toEqual(['i-0']);
});

test('a definition that changes is told for each of its instances', () => {
  begin();
  expect(ids(tell(put(desiredKey(web), desired('x'))))).toEqual(['i-0', 'i-1']);
});

test('a record that cannot be read takes nothing away, until it is gone', () => {
  begin();
  expect(tell(put(actualKey(web, 0), '{broken')).gone).toEqual([]);
  expect(tell(gone(actualKey(web, 0)), put(actualKey(web, 1), claimed(1, { routable: true }))).gone).toEqual([
    'i-0',
  ]);
});

const runs = (index: number, more: Partial<ActualLrp> = {}): string =>
  claimed(index, { state: 'RUNNING', containerId: 'c-1', since: 5, ...more });

/** Whether the cell is to hear of these changes at once. */
function isNews(...changes: Change[]): boolean {
  const touched = state.apply(changes, state.revision + 1);
  return told.isNews(state, touched.assignments.get(cell) ?? new Set());
}

test('what came of its own report is no news to a cell, and is told with the next message', () => {
  begin();
  expect(isNews(put(actualKey(web, 0), runs(0)))).toBe(false);
  expect(isNews(put(actualKey(web, 0), runs(0, { routable: true })))).toBe(false);
  expect(ids(told.tellChanged(state, new Set([actualKey(web, 0)])))).toEqual(['i-0']);
});

test.each<[string, () => Change[]]>([
  ['a new claim', () => [put(actualKey(web, 2), claimed(2))]],
  ['an instance that is gone', () => [gone(actualKey(web, 0))]],
  ['one of another name', () => [put(actualKey(web, 0), runs(0, { instanceGuid: 'i-9' as InstanceGuid }))]],
  ['one that is to stop', () => [put(actualKey(web, 0), runs(0, { retire: { reason: 'r', since: 1 } }))]],
  ['another definition', () => [put(desiredKey(web), desired('x'))]],
  ['one of two that is none of its doing', () => [put(actualKey(web, 0), runs(0)), gone(actualKey(web, 1))]],
  ['a record that cannot be read', () => [put(actualKey(web, 0), '{')]],
])('%s is news to a cell', (_name, changes) => {
  begin();
  expect(isNews(...changes())).toBe(true);
});
