/** The converger's tables for LRPs: reference/diego.md 1.4 to 1.6 and 2.14 to 2.15, row by row. */
import { describe, expect, test } from 'vitest';
import {
  buildActual,
  buildDesired,
  buildState,
  builtAt,
  type ClusterRecords,
} from '../../../test/kit/builders.ts';
import { defaults } from '../../model/defaults.ts';
import { desiredKey } from '../../store/core/keys.ts';
import { type ConvergeResult, converge } from './converge.ts';
import type { Decision } from './decision.ts';
import { fullScope } from './scope.ts';

const now = builtAt + 1_000;
const minutes = (count: number): number => count * 60_000;

function run(records: ClusterRecords, at = now): ConvergeResult {
  return converge({ state: buildState(records), scope: fullScope(), now: at });
}

/** `create 2`, `retire 0`, … in words: what the decisions are and which index they are about. */
function words({ decisions }: ConvergeResult): string[] {
  return decisions.map(word);
}

function word(decision: Decision): string {
  if (decision.kind === 'create') return `create ${decision.index}`;
  if (decision.kind === 'recover') return `recover ${decision.suspect.value.index}`;
  if ('record' in decision) {
    const { presence, index } = decision.record.value;
    return `${decision.kind} ${presence === 'SUSPECT' ? 'suspect ' : ''}${index}`;
  }
  return decision.kind;
}

const waiting = ({ work }: ConvergeResult): string[] =>
  work.map((item) => (item.kind === 'lrp' ? `${item.guid}/${item.index}` : item.guid));

const web = (instances: number) => buildDesired({ instances });
const running = (index: number, cellId: string) => buildActual({ index, state: 'RUNNING', cellId });
const claimed = (index: number, cellId: string) => buildActual({ index, state: 'CLAIMED', cellId });
const suspect = (index: number, cellId: string, state: 'CLAIMED' | 'RUNNING' = 'RUNNING') =>
  buildActual({ index, state, cellId, presence: 'SUSPECT' });

describe('indexes', () => {
  test.each([
    ['fresh', ['default']],
    ['expired', []],
  ])('[diego 267] a missing index is created, its domain %s', (_word, domains) => {
    const result = run({ desired: [web(3)], actual: [running(1, 'a')], cells: ['a'], domains });
    expect(words(result)).toEqual(['create 0', 'create 2']);
  });
  test('[diego 110] of an LRP with no instances nothing is created', () => {
    expect(words(run({ desired: [web(0)] }))).toEqual([]);
  });
  test('[diego 281] a record that was lost is created anew', () => {
    expect(words(run({ desired: [web(1)], cells: ['a'] }))).toEqual(['create 0']);
  });
  test('[diego 117] extra indexes are told to stop, also when the request was made long ago', () => {
    const actual = [0, 1, 2].map((index) => running(index, 'a'));
    expect(words(run({ desired: [web(1)], actual, cells: ['a'] }))).toEqual(['retire 1', 'retire 2']);
  });
  test('[diego 268] extra indexes are retired, domain fresh or not: the smaller number is an explicit request', () => {
    const records = { desired: [web(0)], actual: [running(0, 'a')], cells: ['a'], domains: [] };
    expect(words(run(records))).toEqual(['retire 0']);
  });
  test.each(['UNCLAIMED', 'CRASHED'] as const)('[diego 106] an extra %s index goes at once', (state) => {
    const result = run({ desired: [web(0)], actual: [buildActual({ state, crashCount: 3 })] });
    expect(words(result)).toEqual(['delete 0']);
  });
  test('[diego 107] an extra index goes at once when its cell is gone', () => {
    const result = run({ desired: [web(0)], actual: [running(0, 'lost')], cells: ['a'] });
    expect(words(result)).toEqual(['delete 0']);
  });
  test('an extra index that is told to stop already is not told again', () => {
    const retire = { reason: 'scaled', since: builtAt };
    const actual = [buildActual({ state: 'RUNNING', cellId: 'a', retire })];
    expect(words(run({ desired: [web(0)], actual, cells: ['a'] }))).toEqual([]);
  });
  test.each(['a', 'lost'])('the suspect of an extra index goes, its cell being %s', (cellId) => {
    expect(words(run({ desired: [web(0)], actual: [suspect(0, cellId)], cells: ['a'] }))).toEqual([
      'delete suspect 0',
    ]);
  });
});

describe('removal', () => {
  const removed = buildDesired({ instances: 2, removedAt: builtAt });
  test('[diego 99] all instances of a removed LRP are told to stop', () => {
    const result = run({ desired: [removed], actual: [running(0, 'a'), claimed(1, 'a')], cells: ['a'] });
    expect(words(result)).toEqual(['retire 0', 'retire 1']);
  });
  test('[diego 123] a crashed instance of a removed LRP goes', () => {
    const actual = [buildActual({ state: 'CRASHED', crashCount: 3 })];
    expect(words(run({ desired: [removed], actual }))).toEqual(['delete 0']);
  });
  test('[diego 96] the record of a removed LRP goes once nothing of it is left, and not before', () => {
    expect(words(run({ desired: [removed] }))).toEqual(['forget']);
    const retire = { reason: 'removed', since: builtAt };
    const last = buildActual({ state: 'RUNNING', cellId: 'a', retire });
    expect(words(run({ desired: [removed], actual: [last], cells: ['a'] }))).toEqual([]);
  });
});

describe('instances that nobody desires', () => {
  const records = { actual: [running(0, 'a'), buildActual({ index: 1 }), suspect(2, 'lost')], cells: ['a'] };
  test('[diego 269] go when their domain is fresh', () => {
    expect(words(run(records))).toEqual(['retire 0', 'delete 1', 'delete suspect 2']);
  });
  test('[diego 269] stay when it is not', () => {
    expect(words(run({ ...records, domains: ['other'] }))).toEqual([]);
  });
  test('stay when the desired record is there and cannot be read, whatever else changes', () => {
    const raw = { [desiredKey(web(1).guid)]: '{broken' };
    const result = run({ ...records, cells: [], raw });
    expect([words(result), waiting(result)]).toEqual([[], []]);
  });
});

describe('records that cannot be read', () => {
  test('an index with one is left alone, the others are not', () => {
    const raw = { '/skep/v1/actual/web/0': '{}', '/skep/v1/actual/web/1/suspect': 'x' };
    expect(words(run({ desired: [web(3)], raw }))).toEqual(['create 2']);
  });
  test('a cell with one is not lost', () => {
    const raw = { '/skep/v1/cell/a/presence': '{}' };
    expect(words(run({ desired: [web(1)], actual: [running(0, 'a')], raw }))).toEqual([]);
  });
});

describe('a lost cell', () => {
  test.each(['RUNNING', 'CLAIMED'] as const)('[diego 258] its %s instance is replaced', (state) => {
    const actual = [buildActual({ state, cellId: 'lost' })];
    expect(words(run({ desired: [web(1)], actual, cells: ['a'] }))).toEqual(['replace 0']);
  });
  test('[diego 273] is found domain fresh or not; with no cell at all everything claimed is lost', () => {
    const actual = [running(0, 'a'), claimed(1, 'b'), buildActual({ index: 2 })];
    const result = run({ desired: [web(3)], actual, domains: [] });
    expect([words(result), waiting(result)]).toEqual([['replace 0', 'replace 1'], ['web/2']]);
  });
  test('[diego 261] the replacement that loses its cell too is placed anew, the suspect stays', () => {
    const actual = [suspect(0, 'lost'), claimed(0, 'lost-too')];
    expect(words(run({ desired: [web(1)], actual, cells: ['a'] }))).toEqual(['unclaim 0']);
  });
  test('[diego 261] a running replacement that loses its cell too is placed anew', () => {
    const actual = [suspect(0, 'lost'), running(0, 'lost-too')];
    expect(words(run({ desired: [web(1)], actual, cells: ['a'] }))).toEqual(['unclaim 0']);
  });
  test('an instance that was told to stop is not replaced but gone', () => {
    const retire = { reason: 'stopped on request', since: builtAt };
    const actual = [buildActual({ state: 'RUNNING', cellId: 'lost', retire })];
    const result = run({ desired: [web(1)], actual, cells: ['a'] });
    expect(words(result)).toEqual(['delete 0']);
    expect(result.decisions[0]?.because).toBe('stopped on request; cell lost is lost');
  });
  test('[diego 278] what is decided for its sake holds only while it is lost', () => {
    const [decision] = run({ desired: [web(1)], actual: [running(0, 'lost')] }).decisions;
    expect(decision?.lostCell).toBe('lost');
  });
});

describe('a suspect', () => {
  const one = [web(1)];
  test('[diego 260] goes once its replacement runs', () => {
    const actual = [suspect(0, 'lost'), running(0, 'a')];
    expect(words(run({ desired: one, actual, cells: ['a'] }))).toEqual(['delete suspect 0']);
  });
  test('[diego 275] goes also when its cell is back by then', () => {
    const actual = [suspect(0, 'b'), running(0, 'a')];
    expect(words(run({ desired: one, actual, cells: ['a', 'b'] }))).toEqual(['delete suspect 0']);
  });
  test.each([
    ['UNCLAIMED', buildActual()],
    ['CLAIMED', claimed(0, 'a')],
    ['CRASHED', buildActual({ state: 'CRASHED', crashCount: 3 })],
    ['CLAIMED on a lost cell', claimed(0, 'lost-too')],
  ])('[diego 259] counts again when its cell is back while the replacement is %s', (_word, replacement) => {
    const result = run({ desired: one, actual: [suspect(0, 'b'), replacement], cells: ['a', 'b'] });
    expect([words(result), waiting(result)]).toEqual([['recover 0'], []]);
  });
  test('counts again when its cell is back and there is no replacement', () => {
    expect(words(run({ desired: one, actual: [suspect(0, 'b', 'CLAIMED')], cells: ['b'] }))).toEqual([
      'recover 0',
    ]);
  });
  test('[diego 262] stays while its replacement waits for a place', () => {
    const result = run({ desired: one, actual: [suspect(0, 'lost'), buildActual()], cells: ['a'] });
    expect([words(result), waiting(result)]).toEqual([[], ['web/0']]);
  });
  test('[diego 264] stays while its replacement waits after a crash', () => {
    const replacement = buildActual({ state: 'CRASHED', crashCount: 3 });
    expect(words(run({ desired: one, actual: [suspect(0, 'lost'), replacement], cells: ['a'] }))).toEqual([]);
  });
  test('without a replacement gets one while its cell is lost', () => {
    expect(words(run({ desired: one, actual: [suspect(0, 'lost')] }))).toEqual(['create 0']);
  });
});

describe('crashes', () => {
  const crashed = (crashCount: number) => buildActual({ state: 'CRASHED', crashCount });
  test.each([
    [3, 30_000],
    [4, 60_000],
    [7, 480_000],
    [8, 960_000],
    [199, 960_000],
  ])('[diego 144] after crash %i an instance waits %i ms and is then restarted', (crashCount, waitMs) => {
    const records = { desired: [web(1)], actual: [crashed(crashCount)], domains: [] };
    const early = run(records, builtAt + waitMs - 1);
    expect(words(early)).toEqual([]);
    expect(early.due).toEqual([{ at: builtAt + waitMs, what: { kind: 'index', guid: 'web', index: 0 } }]);
    expect(words(run(records, builtAt + waitMs))).toEqual(['restart 0']);
  });
  test('[diego 272] after crash 200 it is never restarted', () => {
    const result = run({ desired: [web(1)], actual: [crashed(200)] }, builtAt + minutes(100_000));
    expect([words(result), result.due]).toEqual([[], []]);
  });
});

describe('claims', () => {
  test('[diego 270] an UNCLAIMED instance wants a place, domain fresh or not', () => {
    const result = run({ desired: [web(1)], actual: [buildActual()], domains: [] });
    expect([words(result), waiting(result)]).toEqual([[], ['web/0']]);
  });
  const late = builtAt + defaults.claimDeadlineMs + 1;
  test('[A.8 10] [diego 216] a claim that comes to nothing is given up, with the reason', () => {
    const records = { desired: [web(1)], actual: [claimed(0, 'a')], cells: ['a'] };
    expect(words(run(records, late - 1))).toEqual([]);
    const result = run(records, late);
    expect(words(result)).toEqual(['unclaim 0']);
    expect(result.decisions[0]?.because).toBe('cell a did not start it within 10 minutes');
  });
  test('[diego 134] an LRP that may take for ever to start keeps its claim', () => {
    const desired = [buildDesired({ startTimeoutMs: 0 })];
    expect(words(run({ desired, actual: [claimed(0, 'a')], cells: ['a'] }, late))).toEqual([]);
  });
  test('an LRP that may take longer to start is given that time on top', () => {
    const desired = [buildDesired({ startTimeoutMs: minutes(30) })];
    const records = { desired, actual: [claimed(0, 'a')], cells: ['a'] };
    expect(words(run(records, builtAt + minutes(40)))).toEqual([]);
    expect(words(run(records, builtAt + minutes(40) + 1))).toEqual(['unclaim 0']);
  });
  test('a claim that is to be given back is waited for', () => {
    const retire = { reason: 'stopped on request', since: builtAt };
    const actual = [buildActual({ state: 'CLAIMED', cellId: 'a', retire })];
    expect(words(run({ desired: [web(1)], actual, cells: ['a'] }, late))).toEqual([]);
  });
});
