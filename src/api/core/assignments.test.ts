import { expect, test } from 'vitest';
import { type ActualLrp, claim, newActualLrp } from '../../model/actual-lrp.ts';
import { type DesiredLrp, desiredLrpSpecSchema, desireLrp } from '../../model/desired-lrp.ts';
import type { CellId, InstanceGuid, ProcessGuid } from '../../model/ids.ts';
import { desireTask, taskSpecSchema } from '../../model/task.ts';
import { type AssignmentItem, diffAssignments } from './assignments.ts';

const desired: DesiredLrp = desireLrp(desiredLrpSpecSchema.parse({ guid: 'web', image: 'busybox' }), 1, 'e');
const key = { instanceGuid: 'i-1' as InstanceGuid, cellId: 'cell-1' as CellId };

function claimed(): ActualLrp {
  const move = claim(
    newActualLrp({ guid: 'web' as ProcessGuid, index: 0, domain: 'default' }, 1, 'e'),
    key,
    2,
  );
  if (!move.ok) throw new Error(move.refusal);
  return move.next;
}

const lrp = (id: string, version: string): AssignmentItem => ({
  id,
  key: `/actual/${id}`,
  version,
  content: { lrp: { actual: claimed(), desired } },
});
const task = (id: string, version: string): AssignmentItem => ({
  id,
  key: `/task/${id}`,
  version,
  content: { task: desireTask(taskSpecSchema.parse({ guid: id, image: 'busybox' }), 1) },
});
const items = (...list: AssignmentItem[]): Map<string, AssignmentItem> => new Map(list.map((i) => [i.id, i]));

test('nothing before: everything is new', () => {
  const difference = diffAssignments(items(), items(lrp('a', '1'), task('t', '1')));
  expect(difference.lrps).toHaveLength(1);
  expect(difference.tasks.map((t) => t.guid)).toEqual(['t']);
  expect(difference).toMatchObject({ gone: [], changed: true });
});

test('the same versions: nothing is said', () => {
  const difference = diffAssignments(
    items(lrp('a', '1'), task('t', '1')),
    items(lrp('a', '1'), task('t', '1')),
  );
  expect(difference).toEqual({ lrps: [], tasks: [], gone: [], changed: false });
});

test('only what changed and what went is said', () => {
  const before = items(lrp('a', '1'), lrp('b', '1'), task('t', '1'), task('u', '1'));
  const difference = diffAssignments(before, items(lrp('a', '1'), task('t', '2'), lrp('c', '1')));
  expect(difference.lrps).toHaveLength(1);
  expect(difference.tasks.map((t) => t.guid)).toEqual(['t']);
  expect(difference.gone).toEqual(['b', 'u']);
});
