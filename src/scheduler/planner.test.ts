import { expect, test } from 'vitest';
import { builtAt } from '../../test/kit/builders.ts';
import { crowd } from '../../test/kit/plan-world.ts';
import { type VirtualClock, virtualClock } from '../../test/kit/virtual-clock.ts';
import { seededRng } from '../base/core/rng.ts';
import type { CellId } from '../model/ids.ts';
import { encode } from '../store/core/codec.ts';
import type { MutableState } from '../store/core/fold.ts';
import { plan, planSteps, type WhatIf } from './core/plan.ts';
import { createPlanner } from './planner.ts';

const forever = new AbortController().signal;
const question: WhatIf = { kind: 'loseZone', zone: 'z0' };

/** A clock by which every step takes longer than a slice may. */
function slowClock(): VirtualClock & { readonly rests: () => number } {
  const clock = virtualClock(builtAt);
  let askedCount = 0;
  let restCount = 0;
  return {
    ...clock,
    now: () => clock.now() + 10 * askedCount++,
    sleep: (ms, signal) => {
      restCount += 1;
      return clock.sleep(ms, signal);
    },
    rests: () => restCount,
  };
}

/** Lets what was begun go on to its end. */
async function ended<T>(clock: VirtualClock, begun: Promise<T>): Promise<T> {
  begun.catch(() => undefined);
  await clock.runAll(1_000);
  return begun;
}

/** Makes a state the same as another. */
function become(state: MutableState, other: MutableState): void {
  const slots = [...other.actual.values()].flatMap((indexes) => [...indexes.values()]);
  const actual = slots.flatMap(({ ordinary }) => ordinary ?? []);
  const records = [...other.cells.values(), ...other.desired.values(), ...actual];
  state.replace({
    revision: state.revision + 1,
    records: records.map(({ key, value, revision }) => ({ key, value: encode(value), revision })),
  });
}

test('a question is played in slices, and comes to the same', async () => {
  const clock = slowClock();
  const state = crowd(3);
  const answer = await ended(clock, createPlanner().plan(state, question, clock, forever));
  expect(answer).toEqual(plan(state, question, builtAt));
  expect(clock.rests()).toBeGreaterThan(5);
});

test('another one is refused meanwhile, and played afterwards', async () => {
  const clock = slowClock();
  const state = crowd(3);
  const planner = createPlanner();
  const first = planner.plan(state, question, clock, forever);
  await expect(planner.plan(state, question, clock, forever)).rejects.toMatchObject({
    code: 'Busy',
    hint: expect.stringContaining('try again in 5 s'),
  });
  const answer = await ended(clock, first);
  expect(await ended(clock, planner.plan(state, question, clock, forever))).toEqual(answer);
});

test('who gives a question up, or asks for what is not there, frees the planner', async () => {
  const clock = slowClock();
  const state = crowd(3);
  const planner = createPlanner();
  const asker = new AbortController();
  const first = planner.plan(state, question, clock, asker.signal);
  asker.abort(new Error('the client has gone'));
  await expect(ended(clock, first)).rejects.toThrow('the client has gone');
  const unknown = planner.plan(state, { kind: 'loseZone', zone: 'nowhere' }, clock, forever);
  await expect(ended(clock, unknown)).rejects.toMatchObject({ code: 'ResourceNotFound' });
  await expect(ended(clock, planner.plan(state, question, clock, forever))).resolves.toBeDefined();
});

test.each(['loseZone', 'drain', 'scale', 'rebalance'] as const)(
  'the state may become another one between two steps (%s)',
  (kind) => {
    for (let seed = 0; seed < 15; seed++) {
      const rng = seededRng(seed);
      const state = crowd(seed);
      const guid = [...state.desired.keys()][0];
      if (guid === undefined) throw new Error('the crowd has no LRP');
      const what: Record<typeof kind, WhatIf> = {
        loseZone: question,
        drain: { kind: 'drain', cells: ['c0', 'c1'] as CellId[] },
        scale: { kind: 'scale', guid, instances: 40 },
        rebalance: { kind: 'rebalance', maxMoves: 100 },
      };
      const steps = planSteps(state, what[kind], builtAt);
      for (let step = steps.next(); step.done !== true; step = steps.next()) {
        if (rng.next() < 0.3) become(state, crowd(1_000 + Math.floor(rng.next() * 50)));
      }
    }
  },
);
