import { describe, expect, it } from 'vitest';
import { buildActual } from '../../../test/kit/builders.ts';
import { type InstancesSeen, instancesFate } from './upgrade-instances.ts';

type Change = Parameters<typeof buildActual>[0];
const running = (change: Change = {}) =>
  buildActual({ state: 'RUNNING', cellId: 'a', instanceGuid: 'first', containerId: 'c1', ...change });
const one = new Map([['web', 1]]);
const fate = (after: InstancesSeen['after'], more: Partial<InstancesSeen> = {}) =>
  instancesFate({
    before: [running()],
    after,
    generationsBefore: one,
    generationsAfter: one,
    isDrained: false,
    ...more,
  });
const left = { ranOn: 0, restarted: [], undecided: undefined };

describe('what ran before an upgrade', () => {
  it('ran on, when it is the same instance in the same container', () => {
    expect(fate([running()])).toEqual({ ...left, ranOn: 1 });
  });

  it.each([
    ['in another container', running({ containerId: 'c2' }), 'web/0 (it is in another container)'],
    [
      'restarted by its cell while no server answered',
      running({ containerId: 'c2', crashReason: 'Exited with status 1' }),
      'web/0 (Exited with status 1)',
    ],
    [
      'crashed and running again',
      running({
        instanceGuid: 'second',
        containerId: 'c2',
        crashCount: 1,
        crashReason: 'container vanished',
      }),
      'web/0 (container vanished)',
    ],
    ['crashed', buildActual({ state: 'CRASHED', crashCount: 3, crashReason: 'gone' }), 'web/0 (gone)'],
    [
      'replaced',
      running({ instanceGuid: 'second', cellId: 'b' }),
      'web/0 (another one is on b: was the host away for longer than its lease?)',
    ],
    [
      'without a place',
      buildActual(),
      'web/0 (has no place yet: was the host away for longer than its lease?)',
    ],
  ])('was started anew: %s', (_what, after, said) => {
    expect(fate([after])).toEqual({ ...left, restarted: [said] });
  });

  it('is waited for while it is suspect, or on its way', () => {
    const suspect = running({ presence: 'SUSPECT' });
    const replacement = buildActual({ state: 'CLAIMED', cellId: 'b' });
    expect(fate([suspect, replacement]).undecided).toBe('web/0 (suspect: its host was away)');
    expect(fate([running({ state: 'CLAIMED' })]).undecided).toBe('web/0 (claimed)');
  });

  it('left on purpose: stopped, rolled out anew, removed, or moved by a drain', () => {
    const elsewhere = [running({ instanceGuid: 'second', cellId: 'b' })];
    expect(fate([])).toEqual(left);
    expect(fate([running({ retire: { reason: 'scaled down', since: 0 } })])).toEqual(left);
    expect(fate([running({ presence: 'EVACUATING' }), ...elsewhere])).toEqual(left);
    expect(fate(elsewhere, { generationsAfter: new Map([['web', 2]]) })).toEqual(left);
    expect(fate(elsewhere, { generationsAfter: new Map() })).toEqual(left);
    expect(fate(elsewhere, { isDrained: true })).toEqual(left);
  });
});
