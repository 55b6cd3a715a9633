import { expect, test } from 'vitest';
import { buildActual, buildDesired, buildState } from '../../../test/kit/builders.ts';
import type { LrpWork } from '../../model/auction.ts';
import { lrpWork } from './converge.ts';
import { isNowhere, waitingLrp } from './waiting.ts';

const waits = buildActual();
const [web] = [waits.guid];
const asItIs = (work: LrpWork): LrpWork => work;

test.each([
  [[waits], true],
  [[], false],
  [[buildActual({ state: 'CLAIMED', cellId: 'a' })], false],
  [[waits, buildActual({ presence: 'SUSPECT', state: 'RUNNING', cellId: 'a' })], false],
  [[waits, buildActual({ presence: 'EVACUATING', state: 'RUNNING', cellId: 'a' })], false],
  [[waits, buildActual({ index: 1, state: 'RUNNING', cellId: 'a' })], false],
])('an LRP is on no cell if its only record waits: %#', (actual, expected) => {
  expect(isNowhere(buildState({ desired: [buildDesired({ instances: 2 })], actual }), web)).toBe(expected);
});

test.each([
  { memoryMb: 77 },
  { diskMb: 77 },
  { priority: 5 },
  { fixedPorts: [{ containerPort: 80, hostPort: 80 }] },
  { placement: { ...buildDesired().placement, sticky: true } },
  { placement: { ...buildDesired().placement, maxPerCell: 1 } },
])('what was listed before is placed as its LRP says now: %j', (change) => {
  const now = buildDesired(change);
  const state = buildState({ desired: [now], actual: [{ ...waits, home: 'a' as never }] });
  const desired = state.desired.get(web);
  if (desired === undefined) throw new Error('the LRP is not there');
  const asWanted = lrpWork(desired.value, 0, 'a' as never);
  for (const listed of [lrpWork(buildDesired(), 0), lrpWork(desired.value, 0)]) {
    expect(waitingLrp(state, 'web', listed, asItIs)?.work).toEqual(asWanted);
  }
});
