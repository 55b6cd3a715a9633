/** What is due comes out when it is due, in order, and the same news twice comes out once. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ProcessGuid, TaskGuid } from '../../model/ids.ts';
import { createAgenda } from './agenda.ts';
import type { DueKey } from './converge.ts';

const task = (guid: string): DueKey => ({ kind: 'task', guid: guid as TaskGuid });

test('nothing comes out before its time, all of it then', () => {
  const agenda = createAgenda();
  expect(agenda.next).toBeUndefined();
  agenda.add({ at: 30, what: task('late') });
  agenda.add({ at: 10, what: { kind: 'index', guid: 'web' as ProcessGuid, index: 2 } });
  agenda.add({ at: 20, what: task('middle') });
  expect(agenda.next).toBe(10);
  expect(agenda.take(9)).toEqual([]);
  expect(agenda.take(20)).toEqual([{ kind: 'index', guid: 'web', index: 2 }, task('middle')]);
  expect(agenda.next).toBe(30);
});

test('the same news again adds nothing; a new time for the same thing does', () => {
  const agenda = createAgenda();
  for (const at of [10, 10, 20, 20]) agenda.add({ at, what: task('job') });
  expect(agenda.take(10)).toHaveLength(1);
  expect(agenda.take(20)).toHaveLength(1);
  agenda.add({ at: 20, what: task('job') });
  expect(agenda.take(20)).toHaveLength(1);
});

test('what comes out is in order of its time, whatever the order in which it went in', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 1_000 })), (times) => {
      const agenda = createAgenda();
      for (const at of times) agenda.add({ at, what: task(String(at)) });
      const taken = agenda.take(1_000).map(({ guid }) => Number(guid));
      expect(taken).toEqual(times.toSorted((a, b) => a - b));
    }),
  );
});
