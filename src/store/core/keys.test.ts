import { expect, test } from 'vitest';
import type { CellId, ProcessGuid, TaskGuid } from '../../model/ids.ts';
import {
  actualKey,
  desiredKey,
  domainKey,
  eventKey,
  eventPrefix,
  leaderKey,
  parseKey,
  presenceKey,
  serverKey,
  taskKey,
} from './keys.ts';

const web = 'web' as ProcessGuid;

test.each([
  [desiredKey(web), { kind: 'desired', guid: 'web' }],
  [actualKey(web, 0), { kind: 'actual', guid: 'web', index: 0, slot: 'ordinary' }],
  [actualKey(web, 12, 'suspect'), { kind: 'actual', guid: 'web', index: 12, slot: 'suspect' }],
  [taskKey('t' as TaskGuid), { kind: 'task', guid: 't' }],
  [presenceKey('host.example' as CellId), { kind: 'presence', cellId: 'host.example' }],
  [domainKey('default'), { kind: 'domain', name: 'default' }],
  [leaderKey, { kind: 'leader' }],
  [serverKey('a'), { kind: 'server', server: 'a' }],
  [eventKey(7.9, 'x'), { kind: 'event', id: '0000000000007-x' }],
])('%s means what it was spelled from', (key, meaning) => {
  expect(parseKey(key)).toEqual(meaning);
});

test.each([
  '',
  'desired/web',
  '/skep/v2/desired/web',
  '/skep/v1/',
  '/skep/v1/desired/',
  '/skep/v1/desired/web/0',
  '/skep/v1/actual/web',
  '/skep/v1/actual/web/',
  '/skep/v1/actual/web/-1',
  '/skep/v1/actual/web/01',
  '/skep/v1/actual/web/1e3',
  '/skep/v1/actual/web/1/evicted',
  '/skep/v1/actual/web/1/suspect/x',
  '/skep/v1/cell/a',
  '/skep/v1/cell/a/spec/x',
  '/skep/v1/brain/follower',
  '/skep/v1/auth/ca',
])('%j is none of ours, or not one that this version reads', (key) => {
  expect(parseKey(key)).toBeUndefined();
});

test('events sort by time', () => {
  expect([eventKey(10_000, 'a'), eventKey(9_999, 'b')].toSorted()).toEqual([
    `${eventPrefix}0000000009999-b`,
    `${eventPrefix}0000000010000-a`,
  ]);
});
