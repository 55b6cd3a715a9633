/** The decision trace of a brain over the store in memory: what its lines say, and that it costs nothing while off. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { type BrainBench, brainBench, runAll, soonMs } from '../../test/kit/brain-bench.ts';
import {
  buildActual,
  buildAuctionCell,
  buildCell,
  buildDesired,
  buildLrpWork,
  buildTask,
} from '../../test/kit/builders.ts';
import { auction } from './core/auction.ts';
import type { Decision } from './core/decision.ts';
import { DecisionTrace, linesMax } from './decision-trace.ts';

type Line = Record<string, unknown>;

/** A brain that leads, with a trace whose lines are kept. */
async function traced(records: Parameters<typeof brainBench>[1], isOn = true) {
  const lines: Line[] = [];
  const sink = { isOn, write: (line: string) => void lines.push(JSON.parse(line) as Line) };
  const bench: BrainBench = await brainBench(onTestFinished, records, {
    observers: [new DecisionTrace(sink)],
  });
  await bench.lead();
  await bench.clock.advance(soonMs);
  const of = (kind: string): Line[] => lines.filter((line) => line['kind'] === kind);
  return { bench, sink, lines, of };
}

describe('the decision trace', () => {
  test('tells where things were placed, with both scores, and closes the pass with its size', async () => {
    const { bench, lines, of } = await traced({
      desired: [buildDesired({ instances: 2 })],
      tasks: [buildTask()],
      cells: [buildCell('a', { zone: 'z1' }), buildCell('b', { zone: 'z2' })],
    });
    expect(of('decided').map(({ rule, subject }) => `${rule} ${subject}`)).toEqual([
      'create web/0',
      'create web/1',
    ]);
    expect(of('placed').map(({ subject }) => subject)).toEqual(
      expect.arrayContaining(['web/0', 'web/1', 'job']),
    );
    expect(of('placed').find(({ subject }) => subject === 'web/1')).toMatchObject({
      chosen: { inZone: 0, terms: { locality: 0 } },
      runnerUp: { inZone: 1, terms: { locality: 1_000 } },
    });
    expect(of('pass')[0]).toMatchObject({
      outcome: 'done',
      full: true,
      decisions: 2,
      placed: 3,
      waiting: 0,
      cells: 2,
    });
    expect(
      lines.every(({ at, term, pass }) => at !== undefined && term !== undefined && pass !== undefined),
    ).toBe(true);
    // A quiet cluster writes nothing.
    await runAll(bench);
    await bench.clock.advance(soonMs);
    const before = lines.length;
    await bench.clock.advance(65_000);
    expect(lines.length).toBe(before);
  });

  test('tells what was refused once for all that share the reasons, with counts, nearest cell and remedy', async () => {
    const { of } = await traced({
      desired: [buildDesired({ instances: 30, memoryMb: 5_000 })],
      cells: ['a', 'b'],
    });
    const [line] = of('refused');
    expect(of('refused')).toHaveLength(1);
    expect(line).toMatchObject({
      count: 30,
      reason: 'insufficient resources: memory',
      cells: 2,
      counts: { memory: 2 },
      nearest: { cellId: 'a' },
    });
    expect(line?.['change']).toMatch(/MiB/);
    expect(line?.['subjects']).toHaveLength(20);
    expect(of('pass')[0]).toMatchObject({ refused: 30, waiting: 30 });
  });

  test('tells what the converger did and by which rule', async () => {
    const { of } = await traced({
      desired: [buildDesired()],
      actual: [
        buildActual({ state: 'RUNNING', cellId: 'gone' }),
        buildActual({ index: 7, state: 'RUNNING', cellId: 'a' }),
      ],
      cells: ['a'],
    });
    const told = of('decided').map(({ rule, subject, cell }) => `${rule} ${subject} ${cell}`);
    expect(told).toEqual(expect.arrayContaining(['replace web/0 gone', 'retire web/7 a']));
    expect(of('decided').every(({ because }) => typeof because === 'string' && because !== '')).toBe(true);
  });

  test('asks nothing of the auction and writes nothing while it is off, and begins when it is switched on', async () => {
    const { bench, sink, lines } = await traced({ desired: [buildDesired()], cells: ['a'] }, false);
    expect(lines).toEqual([]);
    expect(new DecisionTrace(sink).explainMax).toBe(0);
    sink.isOn = true;
    await bench.put({ desired: [buildDesired({ guid: 'late' })] });
    await bench.clock.advance(soonMs);
    expect(lines.map(({ subject }) => subject)).toContain('late/0');
  });

  test('looks at nothing it is told while it is off', () => {
    const untouchable = new Proxy([], {
      get: (_, name) => {
        throw new Error(`it looks at ${String(name)}`);
      },
    });
    const trace = new DecisionTrace({ isOn: false, write: () => undefined });
    trace.decided(untouchable, untouchable);
    trace.placed(untouchable);
    trace.refused(untouchable);
    expect(trace.explainMax).toBe(0);
  });

  test('a pass that decides more than it may tell says how much it left out, and marks conflicts', () => {
    const lines: Line[] = [];
    const trace = new DecisionTrace({
      isOn: true,
      write: (line) => void lines.push(JSON.parse(line) as Line),
    });
    const decision = (index: number): Decision => ({
      kind: 'create',
      guid: 'web' as never,
      index,
      domain: 'default',
      because: 'it is wanted',
    });
    const decided = Array.from({ length: linesMax - 1 }, (_, index) => decision(index));
    trace.decided(decided, decided.slice(1));
    expect(trace.explainMax).toBe(1);
    const cells = [buildAuctionCell('a')];
    trace.placed(
      auction(
        cells,
        [0, 1, 2].map((index) => buildLrpWork('web', index, 1)),
      ).placements,
    );
    trace.passed({
      at: 0,
      raftTerm: 3,
      number: 9,
      outcome: 'done',
      sweep: false,
      full: false,
      looked: 1,
      durationMs: 5,
      decisions: 1,
      conflicts: 1,
      placed: 3,
      waiting: 0,
      cells: 1,
    });
    expect(lines).toHaveLength(linesMax + 1);
    expect(lines[0]).toMatchObject({ at: '1970-01-01T00:00:00.000Z', term: 3, pass: 9, conflict: true });
    expect(lines[1]).not.toHaveProperty('conflict');
    expect(lines.at(-1)).toMatchObject({ kind: 'pass', omitted: 2 });
    expect(trace.explainMax).toBe(linesMax);
  });
});
