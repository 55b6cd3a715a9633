import { expect, test } from 'vitest';
import { buildActual } from '../../../test/kit/builders.ts';
import { whyGroups } from './why-groups.ts';

const instance = (index: number, summary: string, hint?: string) => ({
  actual: buildActual({ index }),
  summary,
  ...(hint === undefined ? {} : { hint }),
});

test('what is the same but for the name is said once, with the indexes it holds for', () => {
  const full = 'could not be placed for 2 s: no cell has enough memory';
  const crashed = (index: number) => instance(index, 'crashed twice', `skep logs web/${index} --previous`);
  const groups = whyGroups([
    instance(12, full),
    instance(3, full),
    instance(4, full),
    crashed(1),
    instance(5, full),
    crashed(11),
    instance(0, full, 'add a cell'),
  ]);
  expect(groups.map(({ name, count, first }) => [name, count, first.summary])).toEqual([
    ['web/3-5,12', 4, full],
    ['web/1,11', 2, 'crashed twice'],
    ['web/0', 1, full],
  ]);
});

test('one that is suspect is not said with an ordinary one', () => {
  const summary = 'has run on cell a for 5 s';
  const suspect = { actual: buildActual({ index: 1, presence: 'SUSPECT' }), summary };
  expect(whyGroups([instance(0, summary), suspect]).map(({ name }) => name)).toEqual(['web/0', 'web/1']);
});
