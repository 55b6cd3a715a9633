import { describe, expect, it } from 'vitest';
import {
  type ActualLrp,
  type ActualMove,
  actualLrpSchema,
  awaitingHome,
  claim,
  crash,
  failPlacement,
  type InstanceKey,
  newActualLrp,
  retire,
  type StartReport,
  start,
  unclaim,
  withPresence,
} from './actual-lrp.ts';
import type { CellId, InstanceGuid, ProcessGuid } from './ids.ts';

const alpha: InstanceKey = { instanceGuid: 'ig-a' as InstanceGuid, cellId: 'cell-a' as CellId };
const omega: InstanceKey = { instanceGuid: 'ig-o' as InstanceGuid, cellId: 'cell-o' as CellId };
const netInfo = { address: '127.0.0.1', instanceAddress: '172.17.0.2', ports: [] };
const report = (key: InstanceKey): StartReport => ({ ...key, netInfo, containerId: 'c1', routable: true });

const next = (move: ActualMove): ActualLrp => {
  if (!move.ok) throw new Error(`refused: ${move.refusal}`);
  return move.next;
};
const outcome = (move: ActualMove): string => {
  if (!move.ok) return move.refusal;
  return move.changed ? move.next.state : 'unchanged';
};

const unclaimed = newActualLrp({ guid: 'web' as ProcessGuid, index: 0, domain: 'd' }, 1, 'e1');
const claimed = next(claim(unclaimed, alpha, 2));
const running = next(start(claimed, report(alpha), 3));
const crashed: ActualLrp = next(crash({ ...running, crashCount: 2 }, alpha, 'boom', 4));
const refusal = { message: 'insufficient resources: memory', cells: 1, counts: { memory: 1 } };

describe('the states of an instance, reference/diego.md 1.3', () => {
  it.each([
    ['UNCLAIMED → CLAIMED', claim(unclaimed, alpha, 9), 'CLAIMED'],
    ['CLAIMED → CLAIMED by the same key is no change', claim(claimed, alpha, 9), 'unchanged'],
    ['CLAIMED → CLAIMED by another is refused', claim(claimed, omega, 9), 'ActualLRPCannotBeClaimed'],
    ['RUNNING is not claimed', claim(running, alpha, 9), 'ActualLRPCannotBeClaimed'],
    ['CRASHED is not claimed', claim(crashed, alpha, 9), 'ActualLRPCannotBeClaimed'],
    ['CLAIMED → RUNNING', start(claimed, report(alpha), 9), 'RUNNING'],
    [
      '[diego 291] RUNNING → RUNNING with nothing new is no change',
      start(running, report(alpha), 9),
      'unchanged',
    ],
    [
      'another container may not take a claim over',
      start(claimed, report(omega), 9),
      'ActualLRPCannotBeStarted',
    ],
    ['nor a running one', start(running, report(omega), 9), 'ActualLRPCannotBeStarted'],
    ['UNCLAIMED is not started', start(unclaimed, report(alpha), 9), 'ActualLRPCannotBeStarted'],
    ['CRASHED is not started', start(crashed, report(alpha), 9), 'ActualLRPCannotBeStarted'],
    ['[diego 141] CLAIMED crashes', crash(claimed, alpha, 'x', 9), 'UNCLAIMED'],
    ['RUNNING crashes', crash(running, alpha, 'x', 9), 'UNCLAIMED'],
    ['only its own container can crash it', crash(running, omega, 'x', 9), 'ActualLRPCannotBeCrashed'],
    ['[diego 141] UNCLAIMED cannot crash', crash(unclaimed, alpha, 'x', 9), 'ActualLRPCannotBeCrashed'],
    ['[diego 141] CRASHED cannot crash', crash(crashed, alpha, 'x', 9), 'ActualLRPCannotBeCrashed'],
    ['CLAIMED → UNCLAIMED', unclaim(claimed, 9), 'UNCLAIMED'],
    ['CRASHED → UNCLAIMED', unclaim(crashed, 9), 'UNCLAIMED'],
    ['UNCLAIMED cannot be unclaimed', unclaim(unclaimed, 9), 'ActualLRPCannotBeUnclaimed'],
    ['only UNCLAIMED fails placement', failPlacement(claimed, refusal, 9), 'ActualLRPCannotBeFailed'],
    ['UNCLAIMED fails placement', failPlacement(unclaimed, refusal, 9), 'UNCLAIMED'],
  ])('%s', (_name, move, expected) => {
    expect(outcome(move)).toBe(expected);
  });

  it('every record that a verb makes is one that the store accepts', () => {
    const records = [
      unclaimed,
      claimed,
      running,
      crashed,
      next(unclaim(running, 9)),
      next(retire(running, 'r', 9)),
    ];
    for (const record of records) expect(actualLrpSchema.safeParse(record).success).toBe(true);
  });

  it('a claim clears the placement error', () => {
    const failed = next(failPlacement(unclaimed, refusal, 2));
    expect(failed.placementError?.message).toBe(refusal.message);
    expect(next(claim(failed, alpha, 3)).placementError).toBeUndefined();
  });

  it('the same placement error again is no change, whenever it is found', () => {
    const failed = next(failPlacement(unclaimed, refusal, 2));
    expect(outcome(failPlacement(failed, { ...refusal }, 50))).toBe('unchanged');
  });

  it('[diego 121] crashes 1 and 2 restart at once, the third waits in CRASHED', () => {
    const first = next(crash(running, alpha, 'Exited with status 3', 10));
    const second = next(crash({ ...running, crashCount: 1 }, alpha, 'Exited with status 3', 10));
    expect([first, second, crashed].map((lrp) => [lrp.state, lrp.crashCount])).toEqual([
      ['UNCLAIMED', 1],
      ['UNCLAIMED', 2],
      ['CRASHED', 3],
    ]);
  });

  it('[diego 120] a crash keeps its reason over the restart and drops the container', () => {
    const again = next(crash(running, alpha, 'Exited with status 17', 10));
    expect(again).toMatchObject({ crashReason: 'Exited with status 17', routable: false });
    expect([again.instanceGuid, again.cellId, again.netInfo, again.containerId]).toEqual(
      Array(4).fill(undefined),
    );
    expect(next(start(next(claim(again, omega, 11)), report(omega), 12)).crashReason).toBe(
      'Exited with status 17',
    );
  });

  it('[diego 142] a reason above 1,024 characters is cut and says so', () => {
    const reason = next(crash(running, alpha, 'x'.repeat(5_000), 10)).crashReason ?? '';
    expect([reason.length, reason.endsWith('(truncated)')]).toEqual([1_024, true]);
  });

  it('[diego 159] a change of readiness is a change, and keeps the time of the start', () => {
    const move = start(running, { ...report(alpha), routable: false, checkOutput: 'refused' }, 50);
    expect(next(move)).toMatchObject({ routable: false, since: 3, checkOutput: 'refused', updatedAt: 50 });
    expect(next(start(next(move), report(alpha), 60)).checkOutput).toBeUndefined();
  });

  it('restarts that the cell did by itself show in the count and the time', () => {
    const restarted = next(start(running, { ...report(alpha), crashCount: 2, crashReason: 'offline' }, 70));
    expect(restarted).toMatchObject({ crashCount: 2, crashReason: 'offline', since: 70 });
  });

  it('retiring twice changes nothing, and a retired instance is still claimed', () => {
    const retiring = next(retire(running, 'scaled down', 20));
    expect(retiring).toMatchObject({ state: 'RUNNING', retire: { reason: 'scaled down', since: 20 } });
    expect(outcome(retire(retiring, 'again', 30))).toBe('unchanged');
  });

  it('every write raises the modification index and keeps the epoch', () => {
    const indexes = [unclaimed, claimed, running, withPresence(running, 'SUSPECT', 9)].map(
      (l) => l.modificationIndex,
    );
    expect(indexes).toEqual([0, 1, 2, 3]);
    expect(running.epoch).toBe('e1');
  });
});

describe('a home', () => {
  it('is remembered by sticky indexes only, and outlives claims, crashes and stops', () => {
    const fresh = newActualLrp({ guid: 'web' as ProcessGuid, index: 0, domain: 'default' }, 0, 'epoch');
    expect(next(claim(fresh, alpha, 1))).not.toHaveProperty('home');
    const claimed = next(claim(fresh, alpha, 1, true));
    expect(claimed.home).toBe(alpha.cellId);
    expect(next(crash(claimed, alpha, 'boom', 2)).home).toBe(alpha.cellId);
    expect(next(unclaim(claimed, 2)).home).toBe(alpha.cellId);
    const waiting = awaitingHome(next(retire(claimed, 'told to', 2)), 3);
    expect(waiting).toMatchObject({ state: 'UNCLAIMED', home: alpha.cellId, crashCount: 0, epoch: 'epoch' });
    expect(waiting.modificationIndex).toBeGreaterThan(claimed.modificationIndex);
    expect(actualLrpSchema.parse(waiting)).toEqual(waiting);
  });
});
