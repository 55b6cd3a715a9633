import { expect, test } from 'vitest';
import { buildActual, buildDesired } from '../../../test/kit/builders.ts';
import { stateReplica } from '../../../test/kit/state-replica.ts';
import { actualKey } from '../../store/core/keys.ts';
import { LrpCounter, noCounts } from './lrp-counts.ts';

test('the counts of a large LRP are kept, and equal those that are counted anew', () => {
  const indexes = Array.from({ length: 1_500 }, (_, index) => index);
  const replica = stateReplica({
    desired: [buildDesired()],
    actual: indexes.map((index) => buildActual({ index })),
  });
  const { guid } = buildDesired();
  const kept = new LrpCounter();
  expect(kept.of(replica.state, guid)).toEqual({ ...noCounts(), unclaimed: 1_500 });
  replica.subscribe((touched, state) => kept.touch(touched, state));
  const running = { state: 'RUNNING', cellId: 'c', routable: true } as const;
  replica.put({ actual: indexes.slice(0, 20).map((index) => buildActual({ index, ...running })) });
  replica.put({ actual: [buildActual({ index: 3, ...running, presence: 'SUSPECT' })] });
  replica.write({ [actualKey(guid, 7)]: undefined });
  const expected = { ...noCounts(), unclaimed: 1_480, ready: 19, suspect: 1 };
  expect(kept.of(replica.state, guid)).toEqual(expected);
  expect(new LrpCounter().of(replica.state, guid)).toEqual(expected);
  replica.write({ [actualKey(guid, 3, 'suspect')]: undefined, [actualKey(guid, 3)]: undefined });
  expect(kept.of(replica.state, guid)).toEqual({ ...expected, ready: 18, suspect: 0 });
  replica.replace({ actual: [buildActual()] });
  expect(kept.of(replica.state, guid)).toEqual({ ...noCounts(), unclaimed: 1 });
});
