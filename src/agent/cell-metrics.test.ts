/** A cell on a fake engine, as its metrics tell it. */
import { expect, onTestFinished, test } from 'vitest';
import { fakeEmulator } from '../../test/kit/fake-emulator.ts';
import { fakeMeter } from '../../test/kit/fake-meter.ts';
import { fakeRuntime } from '../../test/kit/fake-runtime.ts';
import { virtualClock } from '../../test/kit/virtual-clock.ts';
import { SkepError } from '../base/core/errors.ts';
import { metricRegistry } from '../base/core/metric-registry.ts';
import { seededRng } from '../base/core/rng.ts';
import { silentLog } from '../base/log.ts';
import { cellIdSchema } from '../model/ids.ts';
import { startCell } from './cell.ts';
import { readCell } from './cell-metrics.ts';
import { meteredRuntime } from './metered-runtime.ts';

const textOf = async (metrics: ReturnType<typeof metricRegistry>): Promise<string[]> => {
  const text = await metrics.text((name, error) => {
    throw new Error(name, { cause: error });
  });
  return text.split('\n');
};

test('engine and servers that are there or not, without a single instance', async () => {
  const clock = virtualClock();
  const metrics = metricRegistry(new Set(['cell']));
  const engine = fakeRuntime({ clock });
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const cell = startCell({
    config: {
      cellId: cellIdSchema.parse('c-1'),
      zone: 'z',
      address: '127.0.0.1',
      servers: ['127.0.0.1:1', '127.0.0.2:1'],
      version: '0',
      allowPrivileged: false,
    },
    runtime: meteredRuntime({ runtime: engine, metrics, clock }),
    host: { facts: async () => ({ memoryMb: 1_000, diskMb: 1_000, os: 'linux', arch: 'x64' }) },
    dial: () => Promise.reject(new SkepError('Unavailable', 'nobody listens')),
    prober: engine.prober,
    meter: fakeMeter(clock),
    createEmulator: fakeEmulator,
    clock,
    rng: seededRng(1),
    log: silentLog,
    metrics,
    signal: stop.signal,
  });
  readCell(metrics, cell);
  await clock.advance(1_000);
  expect(await textOf(metrics)).toEqual(
    expect.arrayContaining([
      'skep_cell_engine_up 1',
      'skep_cell_registered 0',
      'skep_cell_sessions{state="live"} 0',
      'skep_cell_sessions{state="lost"} 2',
      'skep_cell_instances{state="running"} 0',
      'skep_cell_engine_call_duration_seconds_count{call="info"} 1',
      'skep_cell_crashes_total 0',
    ]),
  );
  engine.fault('down');
  await clock.advance(20_000);
  const told = await textOf(metrics);
  expect(told).toContain('skep_cell_engine_up 0');
  expect(told).toContainEqual(expect.stringMatching(/^skep_cell_engine_failures_total\{call="info"\} [1-9]/));
});

test('the engine behind it is the same: results, errors, and methods that are not timed', async () => {
  const clock = virtualClock();
  const metrics = metricRegistry(new Set(['cell']));
  const { signal } = new AbortController();
  const runtime = meteredRuntime({ runtime: fakeRuntime({ clock }), metrics, clock });
  expect(await runtime.list({ clusterId: 'x', cellId: 'y', signal })).toEqual([]);
  await expect(runtime.start('none', { signal })).rejects.toThrow('no such container: none');
  await expect(runtime.readFile('none', '/x', { maxBytes: 1, signal })).rejects.toThrow('no such container');
  const told = await textOf(metrics);
  expect(told).toContain('skep_cell_engine_failures_total{call="start"} 1');
  expect(told.join()).not.toContain('readFile');
});
