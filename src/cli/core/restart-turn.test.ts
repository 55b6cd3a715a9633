import { describe, expect, test } from 'vitest';
import { buildActual } from '../../../test/kit/builders.ts';
import { stepOf, type Turn } from './restart-turn.ts';

const now = 1_700_000_100_000;
const limits = { timeoutMs: 60_000, steadyMs: 0 };
const taken: Turn = { index: 0, since: now - 5_000 };
const asked: Turn = { ...taken, before: 'old' };
const up = (instanceGuid: string, change: object = {}) =>
  buildActual({
    state: 'RUNNING',
    cellId: 'a',
    routable: true,
    since: now - 900_000,
    instanceGuid,
    ...change,
  });
const crashed = (since: number) =>
  buildActual({ state: 'CRASHED', crashCount: 3, crashReason: 'exited', since });

describe('one that was not asked to stop yet', () => {
  test('is asked, crashed or not', () => {
    expect(stepOf(taken, up('old'), limits, now)).toEqual({ kind: 'retire', turn: asked });
    expect(stepOf(taken, crashed(now - 9_000), limits, now)).toEqual({
      kind: 'retire',
      turn: { ...taken, before: '' },
    });
  });
  test('is passed over when there is nothing to stop', () => {
    expect(stepOf(taken, undefined, limits, now)).toEqual({ kind: 'skip' });
    expect(stepOf(taken, buildActual({ state: 'UNCLAIMED' }), limits, now)).toEqual({ kind: 'skip' });
  });
});

describe('one that was asked to stop', () => {
  test.each([
    ['still runs', up('old')],
    ['stops', up('old', { retire: { reason: 'asked', since: now } })],
    ['waits for a place', buildActual({ state: 'UNCLAIMED' })],
    ['starts', buildActual({ state: 'CLAIMED', cellId: 'a', instanceGuid: 'new' })],
    ['runs, not ready', up('new', { routable: false })],
    ['had crashed before', crashed(now - 9_000)],
    ['is between two records', undefined],
  ])('%s: is waited for', (_name, record) => {
    expect(stepOf(asked, record, limits, now)).toMatchObject({ kind: 'wait' });
  });
  test('is done when its successor runs, without a check when that has stayed up', () => {
    expect(stepOf(asked, up('new'), limits, now)).toEqual({ kind: 'done' });
    const steady = { ...limits, steadyMs: 2_000 };
    const first = stepOf(asked, up('new'), steady, now);
    if (first.kind !== 'wait') throw new Error(`it is not waited for: ${first.kind}`);
    expect(stepOf(first.turn, up('newer'), steady, now + 2_000)).toMatchObject({ kind: 'wait' });
    expect(stepOf(first.turn, up('new'), steady, now + 1_999)).toMatchObject({ kind: 'wait' });
    expect(stepOf(first.turn, up('new'), steady, now + 2_000)).toEqual({ kind: 'done' });
  });
  test('fails when its successor crashes, or in time comes none', () => {
    expect(stepOf(asked, crashed(now), limits, now)).toEqual({ kind: 'fail', because: 'crashed' });
    expect(stepOf(asked, up('old'), limits, now + 55_000)).toEqual({ kind: 'fail', because: 'late' });
  });
  test('is asked again after a refusal that may pass, unless it stops all the same', () => {
    const refused = { ...asked, isRefused: true };
    expect(stepOf(refused, up('old'), limits, now)).toEqual({
      kind: 'retire',
      turn: { ...asked, isRefused: false },
    });
    const stopping = up('old', { retire: { reason: 'asked', since: now } });
    expect(stepOf(refused, stopping, limits, now)).toMatchObject({ kind: 'wait' });
  });
});
