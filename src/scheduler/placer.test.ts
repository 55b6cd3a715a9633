/** What a portion leaves behind when its writes do not all succeed. */
import { expect, test } from 'vitest';
import { buildActual, buildDesired, buildState } from '../../test/kit/builders.ts';
import { virtualClock } from '../../test/kit/virtual-clock.ts';
import { SkepError } from '../base/core/errors.ts';
import { seededRng } from '../base/core/rng.ts';
import type { Bbs, Mutation, MutationOutcome } from '../store/bbs.ts';
import { lrpWork } from './core/converge.ts';
import { Placer } from './placer.ts';
import { TermWriter } from './term-writer.ts';

/** Two LRPs of 600 MiB each that wait for a place on one cell of 1,000. @param answer of the store to a claim */
function scene(answer: (mutation: Mutation) => MutationOutcome) {
  const desired = ['api', 'web'].map((guid) => buildDesired({ guid, memoryMb: 600 }));
  const actual = ['api', 'web'].map((guid) => buildActual({ guid }));
  const state = buildState({ desired, actual, cells: ['a'] });
  const commit: Bbs['commit'] = (mutations) => Promise.resolve(mutations).then((all) => all.map(answer));
  const clock = virtualClock();
  const { signal } = new AbortController();
  const fence = { key: 'leader', revision: 1 };
  const expectNothing = (): void => undefined;
  const writer = new TermWriter({
    bbs: { commit } as Bbs,
    clock,
    rng: seededRng(1),
    fence,
    expect: expectNothing,
    signal,
  });
  const nothing = (): Promise<void> => Promise.resolve();
  const placer = new Placer({
    clock,
    rng: seededRng(2),
    writer,
    caughtUp: nothing,
    rest: nothing,
    unheard: () => Promise.resolve(new Set()),
    observers: [],
  });
  void placer.add(desired.map((lrp) => lrpWork(lrp, 0)));
  return { placer, state };
}

const written: MutationOutcome = { committed: true, revision: 7 };
const isOf = (guid: string, { puts: [put] }: Mutation): boolean => put?.key.includes(`/${guid}/`) === true;

test('a claim that conflicts gives its room back: what was refused for it is placed with the next', async () => {
  const { placer, state } = scene((mutation) => (isOf('api', mutation) ? { committed: false } : written));
  await placer.place(state, false);
  expect(placer.waitingCount).toBe(1);
  await placer.place(state, false);
  expect([placer.waitingCount, placer.placedCount]).toEqual([0, 1]);
});

test('after a write whose outcome is not known the cells are read anew', async () => {
  let isUp = false;
  const { placer, state } = scene(() => {
    if (!isUp) throw new SkepError('Unavailable', 'no quorum');
    return written;
  });
  await expect(placer.place(state, false)).rejects.toThrow('no quorum');
  isUp = true;
  // Nothing was written: the one place is still free, by the state.
  await placer.place(state, false);
  expect(placer.placedCount).toBe(1);
});
