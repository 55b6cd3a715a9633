/** Stats streams of a cell, with a meter whose counters grow with the clock. */
import { expect, onTestFinished, test } from 'vitest';
import { type CellWorld, cellWorld } from '../../test/kit/cell-world.ts';
import { type StatsSample, statsIntervalMs, statsSampleSchema } from '../api/core/stats-shapes.ts';
import { unpackFrame } from '../api/core/stream-frames.ts';
import type { Socket } from '../base/socket.ts';

async function world(instances = 2): Promise<{ world: CellWorld; guids: string[] }> {
  const made = await cellWorld({});
  onTestFinished(() => made.stopAgent());
  made.servers.desire({ guid: 'web', image: 'app' });
  const guids = Array.from({ length: instances }, (_, index) => made.servers.claim('web', index));
  await made.until(() => guids.every((_, index) => made.servers.actual('web', index).state === 'RUNNING'));
  return { world: made, guids };
}

async function look(
  { servers, clock }: CellWorld,
  instanceGuid?: string,
): Promise<{ socket: Socket; samples: StatsSample[]; controls: { kind: string; code?: string }[] }> {
  const dialled = servers.open({ kind: 'stats', ...(instanceGuid === undefined ? {} : { instanceGuid }) });
  await clock.settle();
  const socket = await dialled;
  const samples: StatsSample[] = [];
  const controls: { kind: string; code?: string }[] = [];
  void (async () => {
    for await (const data of socket.messages) {
      const frame = typeof data === 'string' ? undefined : unpackFrame(data);
      const text = new TextDecoder().decode(frame?.payload);
      if (frame?.channel === 'stdout') samples.push(statsSampleSchema.parse(JSON.parse(text)));
      if (frame?.channel === 'control') controls.push(JSON.parse(text) as { kind: string });
    }
  })();
  await clock.settle();
  return { socket, samples, controls };
}

test('the first sample of a cell comes within half a second, then one an interval', async () => {
  const { world: cell } = await world();
  const { samples, controls } = await look(cell);
  await cell.clock.advance(500);
  expect(controls).toEqual([{ kind: 'opened' }]);
  expect(samples).toEqual([
    expect.objectContaining({
      cellId: 'cell-a',
      problem: '',
      host: expect.objectContaining({ cores: 2, cpuPercent: 25 }),
      containers: [
        expect.objectContaining({ name: 'web/0', cpuPercent: 50, rxBytesPerS: 1_000, pids: 3 }),
        expect.objectContaining({ name: 'web/1' }),
      ],
    }),
  ]);
  await cell.clock.advance(3 * statsIntervalMs);
  expect(samples).toHaveLength(4);
});

test('one instance is shown alone, and nobody looks at the host', async () => {
  const { world: cell, guids } = await world();
  const { samples } = await look(cell, guids[1]);
  await cell.clock.advance(500);
  expect(samples[0]?.host).toBeUndefined();
  expect(samples[0]?.containers.map(({ name }) => name)).toEqual(['web/1']);
});

test('many who look cost as much as one, and nothing is read when nobody does', async () => {
  const { world: cell, guids } = await world();
  expect(cell.meter.reads).toBe(0);
  const looks = [await look(cell)];
  await cell.clock.advance(3 * statsIntervalMs);
  for (let i = 0; i < 5; i++) looks.push(await look(cell), await look(cell, guids[0]));
  const before = cell.meter.reads;
  await cell.clock.advance(10 * statsIntervalMs);
  expect(cell.meter.reads - before).toBe(10);
  for (const { samples } of looks) expect(samples.length).toBeGreaterThan(9);
  for (const { socket } of looks) socket.close();
  await cell.clock.advance(2 * statsIntervalMs);
  const after = cell.meter.reads;
  await cell.clock.advance(20 * statsIntervalMs);
  expect(cell.meter.reads).toBe(after);
});

test('a container that ends is left out from then on', async () => {
  const { world: cell } = await world();
  const { samples } = await look(cell);
  await cell.clock.advance(500);
  cell.runtime.exit(cell.runtime.running()[0]?.id ?? '', 0);
  await cell.clock.advance(2 * statsIntervalMs);
  expect(samples.at(-1)?.containers.map(({ name }) => name)).toEqual(['web/1']);
});

test('an instance that is not there is refused with a reason', async () => {
  const { world: cell } = await world();
  const { controls, samples } = await look(cell, 'nosuch');
  expect(controls).toEqual([expect.objectContaining({ kind: 'error', code: 'NotRunning' })]);
  expect(samples).toEqual([]);
});
