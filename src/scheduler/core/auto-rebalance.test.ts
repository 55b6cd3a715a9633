/** What the brain asks of itself; that it must be switched on is in brain-rebalance.test.ts. */
import { expect, test } from 'vitest';
import { buildActual, buildDesired, buildState, builtAt } from '../../../test/kit/builders.ts';
import { allAtOnce } from '../../base/core/steps.ts';
import { defaults } from '../../model/defaults.ts';
import { encode } from '../../store/core/codec.ts';
import { rebalanceKey } from '../../store/core/keys.ts';
import { autoRebalanceSteps } from './auto-rebalance.ts';

const count = 60;
const lump = {
  desired: Array.from({ length: count }, (_, index) => buildDesired({ guid: `lrp-${index}`, memoryMb: 15 })),
  actual: Array.from({ length: count }, (_, index) =>
    buildActual({ guid: `lrp-${index}`, cellId: 'c1', state: 'RUNNING' }),
  ),
  cells: ['c1', 'c2'],
};

test('some moves at a time', () => {
  const wanted = allAtOnce(autoRebalanceSteps(buildState({ ...lump }), builtAt));
  expect(wanted).toMatchObject({ by: 'the brain', at: builtAt, asked: defaults.autoRebalanceMoves });
  expect(wanted?.moves[0]).toMatchObject({
    from: 'c1',
    to: 'c2',
    instanceGuid: expect.stringMatching(/^i-lrp-/),
  });
});

const underWay = encode({ v: 1, by: 'x', at: 1, asked: 0, moves: [] });
test.each([
  ['the cells are even', buildState({ ...lump, actual: [] })],
  ['one is under way', buildState({ ...lump, raw: { [rebalanceKey]: underWay } })],
  ['the last one cannot be read', buildState({ ...lump, raw: { [rebalanceKey]: '{' } })],
])('not when %s', (_, state) => {
  expect(allAtOnce(autoRebalanceSteps(state, builtAt))).toBeUndefined();
});
