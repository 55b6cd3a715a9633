/** What a cell has left, by its claims. */
import { describe, expect, test } from 'vitest';
import {
  buildActual,
  buildCell,
  buildDesired,
  buildDrained,
  buildState,
  buildTask,
  builtAt,
} from '../../../test/kit/builders.ts';
import { brainSettingsSchema } from '../../model/cell-spec.ts';
import type { CellId } from '../../model/ids.ts';
import { placementSchema } from '../../model/placement.ts';
import { auctionCells } from './usage.ts';

describe('a cell', () => {
  const retire = { reason: 'stop', since: builtAt };
  const state = buildState({
    desired: [
      buildDesired({ instances: 4, memoryMb: 100, diskMb: 10 }),
      buildDesired({ guid: 'unlimited', memoryMb: 0, diskMb: 0 }),
    ],
    actual: [
      buildActual({ index: 0, state: 'CLAIMED', cellId: 'a' }),
      buildActual({ index: 1, state: 'RUNNING', cellId: 'a' }),
      buildActual({ index: 2, state: 'RUNNING', cellId: 'a', retire }),
      buildActual({ index: 3, state: 'RUNNING', cellId: 'a', presence: 'SUSPECT' }),
      buildActual({ index: 4, state: 'RUNNING', cellId: 'elsewhere' }),
      buildActual({ guid: 'orphan', state: 'RUNNING', cellId: 'a' }),
      buildActual({ guid: 'unlimited', state: 'RUNNING', cellId: 'a' }),
    ],
    tasks: [
      buildTask({ guid: 't1', memoryMb: 7, diskMb: 1, cellId: 'a' }),
      buildTask({ guid: 't2', memoryMb: 7, diskMb: 1, cellId: 'a', state: 'RUNNING' }),
      buildTask({ guid: 't3', memoryMb: 7, diskMb: 1, cellId: 'a', state: 'COMPLETED' }),
    ],
    cells: ['a'],
  });

  test('is used by ordinary, suspect and stopping instances and by tasks, until they are gone', () => {
    const [cell] = auctionCells(state);
    expect(cell).toMatchObject({
      cellId: 'a',
      used: { memoryMb: 4 * 100 + 2 * 7, diskMb: 4 * 10 + 2, containers: 8 },
      startingCount: 2,
      taskCount: 2,
    });
    expect(Object.fromEntries(cell?.instancesByProcess ?? [])).toEqual({ web: 4, orphan: 1, unlimited: 1 });
    expect(cell?.unusable).toBeUndefined();
  });
  test('whose engine is down is unusable, with the reason', () => {
    const engine = { ok: false, name: 'docker', reason: 'connection refused' };
    expect(auctionCells(buildState({ cells: [buildCell('a', { engine })] }))[0]?.unusable).toBe(
      'connection refused',
    );
    const mute = { ok: false, name: 'podman' };
    expect(auctionCells(buildState({ cells: [buildCell('a', { engine: mute })] }))[0]?.unusable).toBe(
      'podman does not answer',
    );
  });
  test('[A.8 20] that is drained or cordoned takes nothing, says by whom, and knows what takes that back', () => {
    const cordon = { by: 'uid 0', at: builtAt, reason: '' };
    const specs = [buildDrained('a'), { v: 1, cellId: 'b' as CellId, cordon } as const];
    const cells = auctionCells(buildState({ cells: ['a', 'b'], specs }));
    expect(cells.map(({ unusable, undo }) => [unusable, undo])).toEqual([
      ['drained by uid 0: disk swap', 'skep cell undrain a'],
      ['cordoned by uid 0', 'skep cell uncordon b'],
    ]);
  });
  test('that has no presence is none', () => {
    expect(auctionCells(buildState({ actual: [buildActual({ state: 'RUNNING', cellId: 'a' })] }))).toEqual(
      [],
    );
  });
});

describe('rules', () => {
  const placement = placementSchema.parse({ notWith: ['noisy'] });
  const desired = [buildDesired({ placement, priority: 3, memoryMb: 1, diskMb: 1 })];
  const actual = [buildActual({ state: 'RUNNING', cellId: 'a' })];
  test('of what runs on a cell keep others off it', () => {
    expect(auctionCells(buildState({ desired, actual, cells: ['a'] }))[0]?.repels).toEqual(
      new Set(['noisy']),
    );
  });
  test('what may be displaced is listed only while preemption is on; tasks never are', () => {
    const tasks = [buildTask({ cellId: 'a', state: 'RUNNING' })];
    const records = { desired, actual, tasks, cells: ['a'] };
    expect(auctionCells(buildState(records))[0]?.evictable).toBeUndefined();
    const settings = brainSettingsSchema.parse({ v: 1, preemption: true });
    expect(auctionCells(buildState({ ...records, settings }))[0]?.evictable).toEqual([
      {
        guid: 'web',
        index: 0,
        priority: 3,
        resources: { memoryMb: 1, diskMb: 1, containers: 1 },
        leaving: false,
      },
    ]);
  });
});
