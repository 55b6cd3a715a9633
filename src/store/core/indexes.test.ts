import { expect, test } from 'vitest';
import type { ProcessGuid } from '../../model/ids.ts';
import { addIndex, addIndexes } from './indexes.ts';

const [web, api] = ['web', 'api'] as ProcessGuid[] as [ProcessGuid, ProcessGuid];

test('what is marked of one LRP, in one map, is marked of no other', () => {
  const [one, other] = [new Map<ProcessGuid, ReadonlySet<number>>(), new Map()];
  for (const index of [-1, 0, 14, 15, 3_000]) {
    one.clear();
    other.clear();
    addIndex(one, web, index);
    addIndex(one, api, index);
    addIndexes(other, web, one.get(web) as ReadonlySet<number>);
    addIndex(one, web, index);
    addIndex(one, web, 7);
    addIndex(one, web, 8);
    addIndexes(other, api, one.get(web) as ReadonlySet<number>);
    addIndexes(other, web, new Set([9, 10]));
    expect([...(one.get(web) ?? [])]).toEqual([index, 7, 8]);
    expect([...(one.get(api) ?? [])]).toEqual([index]);
    expect([...other.get(web)]).toEqual([index, 9, 10]);
    expect([...other.get(api)]).toEqual([index, 7, 8]);
  }
});
