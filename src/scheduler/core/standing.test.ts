/** Why an instance is where it is, by the state as it is now. */
import { describe, expect, test } from 'vitest';
import { buildActual, buildCell, buildDesired, buildState, builtAt } from '../../../test/kit/builders.ts';
import type { CellId, ProcessGuid } from '../../model/ids.ts';
import { placementSchema } from '../../model/placement.ts';
import { standingOf } from './standing.ts';

const web = 'web' as ProcessGuid;
const at = (index: number, cellId: string, guid = 'web') =>
  buildActual({ guid, index, state: 'RUNNING', cellId });

describe('an instance', () => {
  test('on the best cell is told what made the difference, with the terms of the next ones', () => {
    const state = buildState({
      desired: [buildDesired({ instances: 2, memoryMb: 100 })],
      actual: [at(0, 'a'), at(1, 'b')],
      cells: [buildCell('a', { zone: 'x' }), buildCell('b', { zone: 'y' }), buildCell('c', { zone: 'x' })],
    });
    const standing = standingOf(state, web, 0, builtAt);
    expect(standing).toMatchObject({ cells: 3, candidates: 3, rules: [] });
    expect(standing?.summary).toBe(
      'cell a is the best place for it also now: compared with c, it is first by name among equals',
    );
    expect(standing?.ranking.map(({ cellId, inZone, isHere }) => [cellId, inZone, isHere])).toEqual([
      ['a', 0, true],
      ['c', 0, false],
      ['b', 1, false],
    ]);
    expect(standing?.ranking[2]?.terms.locality).toBe(1_000);
  });
  test('that could be better off is told where and why', () => {
    const state = buildState({
      desired: [buildDesired({ instances: 2, memoryMb: 100 })],
      actual: [at(0, 'a'), at(1, 'a')],
      cells: ['a', 'b'],
    });
    expect(standingOf(state, web, 1, builtAt)?.summary).toBe(
      'by now cell b would be better: it runs fewer of its instances; what runs is not moved by itself',
    );
  });
  test('with rules lists them, and only cells that obey them compete', () => {
    const placement = placementSchema.parse({ tags: ['gpu'], maxPerCell: 1 });
    const state = buildState({
      desired: [buildDesired({ placement, fixedPorts: [{ containerPort: 8_080, hostPort: 80 }] })],
      actual: [at(0, 'a')],
      cells: [buildCell('a', { optionalTags: ['gpu'] }), 'b'],
    });
    expect(standingOf(state, web, 0, builtAt)).toMatchObject({
      summary: 'no other cell would take it',
      rules: ['tag gpu', 'max per cell 1', 'host port 80'],
      candidates: 1,
    });
  });
  test('is told which cell is its last resort, because its LRP crashed there again and again', () => {
    const crashes = [1, 2, 3, 4, 5].map((ms) => ({ cellId: 'a' as CellId, at: builtAt - ms }));
    const state = buildState({
      desired: [buildDesired({ memoryMb: 100 })],
      actual: [buildActual({ state: 'RUNNING', cellId: 'b', crashes })],
      cells: ['a', 'b'],
    });
    const standing = standingOf(state, web, 0, builtAt);
    expect(standing?.summary).toBe(
      'cell b is the best place for it also now: compared with a, a is the last resort after 5 crashes there in five minutes',
    );
    expect(standing?.ranking.map(({ cellId, crashes: count }) => [cellId, count])).toEqual([
      ['b', undefined],
      ['a', 5],
    ]);
  });
  test('on a cell that would not take it now says so; one without a cell has no standing', () => {
    const placement = placementSchema.parse({ tags: ['gpu'] });
    const desired = [buildDesired({ placement })];
    const moved = buildState({ desired, actual: [at(0, 'a')], cells: ['a'] });
    expect(standingOf(moved, web, 0, builtAt)?.summary).toMatch('would not take it any more');
    expect(
      standingOf(buildState({ desired, actual: [buildActual()], cells: ['a'] }), web, 0, builtAt),
    ).toBeUndefined();
    expect(
      standingOf(buildState({ desired, actual: [at(0, 'gone')], cells: ['a'] }), web, 0, builtAt),
    ).toBeUndefined();
  });
});
