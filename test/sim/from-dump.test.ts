/**
 * The simulation of a real cluster: three-cells.jsonl is what `skep debug state` wrote of one with sticky,
 * repelled, tagged, crashed and unplaced LRPs, a task and a cordoned cell.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { seededRng } from '../../src/base/core/rng.ts';
import { rebalanceKey } from '../../src/store/core/keys.ts';
import { readDump } from './from-dump.ts';
import { situation } from './liveness.ts';
import { report, simulate } from './simulate.ts';
import { Stage } from './stage.ts';

const text = readFileSync(new URL('dumps/three-cells.jsonl', import.meta.url), 'utf8');
const dump = readDump(text);

describe('a dumped cluster', () => {
  test.each([1, 2, 3, 4, 5, 6])('keeps its promises and heals under faults: seed %i', async (seed) => {
    const result = await simulate({ seed, minutes: 3, dump });
    if (result.failure !== undefined) throw new Error(report(result, 200));
    expect(result.stats.acknowledged).toBeGreaterThan(0);
  });

  test('begins as it was: cells, rules and time are those of the dump, and what runs is adopted', async () => {
    const rng = seededRng(1);
    const stage = new Stage({ rng, servers: 1, cells: 0, duplicates: 0, lostAnswers: 0, dump });
    const { cluster } = stage;
    const startedAt = stage.now;
    await cluster.preload();
    cluster.start();
    const running = (): string[] =>
      [...cluster.checker.actual.values()]
        .filter(({ state }) => state === 'RUNNING')
        .map(({ guid, index, cellId, containerId }) => `${guid}/${index} ${cellId} ${containerId}`)
        .sort();
    const before = running();
    await stage.advance(20_000);
    expect(startedAt).toBe(dump.at);
    expect(cluster.hosts.map(({ cellId }) => cellId)).toEqual(['cell-1', 'cell-2', 'cell-3']);
    expect(before).toHaveLength(11);
    expect(running()).toEqual(expect.arrayContaining(before));
    const created = stage.log.lines.filter((line) => /engine: (create|stop)/.test(line));
    // The preload's own creations are told in the first moment; the one that had crashed is tried again.
    expect(created.filter((line) => !/^ +0\.0/.test(line)).every((line) => line.includes('crashes/0'))).toBe(
      true,
    );
    const { problems } = situation(cluster);
    expect(problems).toEqual([]);
    const unplaced = [...cluster.checker.actual.values()].filter(({ state }) => state === 'UNCLAIMED');
    expect(unplaced.map(({ guid, placementError }) => `${guid}: ${placementError?.message}`).sort()).toEqual([
      'big: insufficient resources: memory',
      'gpu: found no compatible cell with placement tag "gpu"',
    ]);
  });

  test.each([1, 2, 3])('goes on with a rebalance that was under way: seed %i', async (seed) => {
    const web = dump.containers.find(({ spec }) => spec.identity.guid === 'web')?.spec.identity;
    const to = dump.cells.find(({ cellId }) => cellId !== web?.cellId)?.cellId;
    const move = { guid: 'web', index: web?.index, instanceGuid: web?.instanceGuid, from: web?.cellId, to };
    const value = { v: 1, by: 'uid 0', at: dump.at, asked: 1, moves: [move] };
    const page = { v: 1, at: dump.at, rows: [{ key: rebalanceKey, value }] };
    const moving = readDump(`${text}${JSON.stringify(page)}\n`);
    const result = await simulate({ seed, minutes: 2, dump: moving });
    if (result.failure !== undefined) throw new Error(report(result, 200));
    expect(result.lines.join('\n')).toMatch(/rebalance: over/);
  });

  test.each([
    ['{"v":2,"rows":[]}', /no page of a dump/],
    ['{"v":1,"at":1,"rows":[]}', /holds no cell/],
    [text.replaceAll('/skep/v1/task/', '/skep/v9/task/'), /no key of this version/],
  ])('%# what is no dump is refused', (broken, message) => {
    expect(() => readDump(broken)).toThrow(message);
  });
});
