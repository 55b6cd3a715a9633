/** Where an LRP crashed lately: what is kept, and when a cell counts as faulty. */
import { describe, expect, test } from 'vitest';
import { buildActual, builtAt } from '../../test/kit/builders.ts';
import { type ActualLrp, actualLrpSchema, claim, crash } from './actual-lrp.ts';
import { faultyCells, withCrash } from './crash-history.ts';
import type { CellId, InstanceGuid } from './ids.ts';

const a = 'a' as CellId;
const minute = 60_000;
const history = (...agoMs: number[]) => agoMs.map((ago) => ({ cellId: a, at: builtAt - ago }));

describe('the history of an instance', () => {
  test('grows with each crash, and every new claim keeps it', () => {
    let lrp: ActualLrp = buildActual();
    for (let count = 1; count <= 3; count++) {
      const key = { cellId: a, instanceGuid: `i-${count}` as InstanceGuid };
      const claimed = claim({ ...lrp, state: 'UNCLAIMED' }, key, builtAt);
      const crashed = claimed.ok ? crash(claimed.next, key, 'exited with 1', builtAt + count) : claimed;
      if (!crashed.ok) throw new Error(crashed.refusal);
      lrp = crashed.next;
    }
    expect(lrp.crashes).toEqual([1, 2, 3].map((ms) => ({ cellId: 'a', at: builtAt + ms })));
    expect(actualLrpSchema.parse(lrp).crashes).toEqual(lrp.crashes);
  });
  test('forgets what is older than five minutes, and keeps no more than five', () => {
    expect(withCrash(history(6 * minute, 5 * minute), a, builtAt)).toEqual(history(5 * minute, 0));
    expect(withCrash(history(5, 4, 3, 2, 1), a, builtAt)).toEqual(history(4, 3, 2, 1, 0));
  });
});

describe('a cell is faulty for an LRP', () => {
  test.each([
    ['after five crashes of one instance', [history(5, 4, 3, 2, 1)], 1],
    ['after five crashes of several', [history(3, 2), undefined, history(3, 2, 1)], 1],
    ['not after four', [history(4, 3, 2, 1)], 0],
    ['not when one of the five is too old', [history(5 * minute + 1, 4, 3, 2, 1)], 0],
  ])('%s', (_name, histories, count) => {
    expect(faultyCells(histories, builtAt).size).toBe(count);
  });
});
