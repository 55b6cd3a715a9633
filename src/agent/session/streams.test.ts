/** Logs, exec and attach as a client sees them, through the cell's own socket. */
import { expect, test } from 'vitest';
import { type CellWorld, cellWorld } from '../../../test/kit/cell-world.ts';
import type { StreamRequest } from '../../api/core/cell-protocol.ts';
import { type InstanceDoing, instanceDoingSchema } from '../../api/core/instance-doing.ts';
import { type ChannelName, type Control, packFrame, unpackFrame } from '../../api/core/stream-frames.ts';
import type { Socket } from '../../base/socket.ts';

interface Seen {
  readonly channel: ChannelName;
  readonly text: string;
}

/** Reads a client's end in the background. */
function watch(socket: Socket): Seen[] {
  const seen: Seen[] = [];
  void (async () => {
    for await (const data of socket.messages) {
      const frame = typeof data === 'string' ? undefined : unpackFrame(data);
      if (frame !== undefined) {
        seen.push({ channel: frame.channel, text: new TextDecoder().decode(frame.payload) });
      }
    }
  })();
  return seen;
}

const controls = (seen: readonly Seen[]): Control[] =>
  seen.filter(({ channel }) => channel === 'control').map(({ text }) => JSON.parse(text) as Control);

async function running(
  images: Parameters<typeof cellWorld>[0],
): Promise<{ world: CellWorld; instanceGuid: string }> {
  const world = await cellWorld(images);
  world.servers.desire({ guid: 'web', image: 'app' });
  const instanceGuid = world.servers.claim('web');
  await world.until(() => world.servers.actual('web').state === 'RUNNING');
  return { world, instanceGuid };
}

async function open(world: CellWorld, request: StreamRequest): Promise<{ socket: Socket; seen: Seen[] }> {
  const dialled = world.servers.open(request);
  await world.clock.settle();
  const socket = await dialled;
  const seen = watch(socket);
  await world.clock.settle();
  return { socket, seen };
}

const send = (socket: Socket, message: Control): Promise<void> =>
  socket.send(packFrame('control', new TextEncoder().encode(JSON.stringify(message))));

test('logs come as JSON lines on their own channel, then the end', async () => {
  const { world, instanceGuid } = await running({ images: { app: { writes: ['one', 'two', 'three'] } } });
  const request = { kind: 'logs', instanceGuid, follow: false, tail: 2, previous: false } as const;
  const { seen } = await open(world, request);
  const lines = seen.filter(({ channel }) => channel === 'stdout').map(({ text }) => JSON.parse(text).text);
  expect(lines).toEqual(['two', 'three']);
  expect(controls(seen).map(({ kind }) => kind)).toEqual(['opened', 'exit']);
  await world.stopAgent();
});

test('a log that is followed ends with the exit status of its container', async () => {
  const app = { writes: ['last words'], exits: { afterMs: 60_000, code: 3 } };
  const { world, instanceGuid } = await running({ images: { app } });
  const { seen } = await open(world, { kind: 'logs', instanceGuid, follow: true, previous: false });
  await world.until(() => controls(seen).some(({ kind }) => kind === 'exit'));
  expect(controls(seen).at(-1)).toEqual({ kind: 'exit', code: 3 });
  await world.stopAgent();
});

test('the log of the container that crashed before can be read', async () => {
  const app = { writes: ['last words'], exits: { afterMs: 1_000, code: 1 } };
  const { world } = await running({ images: { app } });
  await world.until(() => world.servers.actual('web').crashCount === 1);
  const instanceGuid = world.servers.claim('web');
  await world.until(() => world.servers.actual('web').state === 'RUNNING');
  const { seen } = await open(world, { kind: 'logs', instanceGuid, follow: false, previous: true });
  expect(seen.find(({ channel }) => channel === 'stdout')?.text).toContain('last words');
  await world.stopAgent();
});

test('the log of what crashed can be read while nothing is claimed for its index', async () => {
  const app = { writes: ['last words'], exits: { afterMs: 1_000, code: 1 } };
  const { world } = await running({ images: { app } });
  await world.until(() => world.servers.actual('web').crashCount === 1);
  const instance = { guid: 'web', index: 0 };
  const { seen } = await open(world, {
    kind: 'logs',
    instanceGuid: '',
    instance,
    follow: false,
    previous: true,
  });
  expect(seen.find(({ channel }) => channel === 'stdout')?.text).toContain('last words');
  await world.stopAgent();
});

test('no earlier container is said in words', async () => {
  const { world, instanceGuid } = await running({});
  const { seen } = await open(world, { kind: 'logs', instanceGuid, follow: false, previous: true });
  expect(controls(seen)).toEqual([
    expect.objectContaining({
      kind: 'error',
      code: 'ResourceNotFound',
      message: expect.stringContaining('earlier'),
    }),
  ]);
  await world.stopAgent();
});

test('[diego 228] exec carries output and the exit status', async () => {
  const execs = () => ({ code: 42, output: 'hello' });
  const { world, instanceGuid } = await running({ images: { app: { execs } } });
  const { seen, socket } = await open(world, {
    kind: 'exec',
    instanceGuid,
    args: ['sh', '-c', 'x'],
    tty: false,
    stdin: false,
  });
  expect(seen).toContainEqual({ channel: 'stdout', text: 'hello' });
  expect(controls(seen)).toEqual([{ kind: 'opened' }, { kind: 'exit', code: 42 }]);
  expect((await socket.closed).code).toBe(1000);
  await world.stopAgent();
});

test('input goes in and its end ends the process', async () => {
  const { world, instanceGuid } = await running({});
  const { seen, socket } = await open(world, {
    kind: 'exec',
    instanceGuid,
    args: ['cat'],
    tty: false,
    stdin: true,
  });
  await socket.send(packFrame('stdin', new TextEncoder().encode('echo me')));
  await send(socket, { kind: 'resize', size: { columns: 80, rows: 24 } });
  await send(socket, { kind: 'endInput' });
  await world.clock.settle();
  expect(world.runtime.processes[0]?.sizes).toEqual([{ columns: 80, rows: 24 }]);
  expect(seen).toContainEqual({ channel: 'stdout', text: 'echo me' });
  expect(controls(seen).at(-1)).toEqual({ kind: 'exit', code: 0 });
  await world.stopAgent();
});

test('a signal reaches the process', async () => {
  const { world, instanceGuid } = await running({});
  const { seen, socket } = await open(world, {
    kind: 'exec',
    instanceGuid,
    args: ['cat'],
    tty: true,
    stdin: true,
  });
  await send(socket, { kind: 'signal', name: 'SIGKILL' });
  await world.clock.settle();
  expect(controls(seen).at(-1)).toEqual({ kind: 'exit', code: 137 });
  await world.stopAgent();
});

test('a frame that is no control message ends nothing', async () => {
  const { world, instanceGuid } = await running({});
  const { socket } = await open(world, {
    kind: 'exec',
    instanceGuid,
    args: ['cat'],
    tty: false,
    stdin: true,
  });
  await socket.send(packFrame('control', new TextEncoder().encode('{')));
  await world.clock.settle();
  expect(world.log.some((line) => line.startsWith('stream.input_ended'))).toBe(true);
  socket.close();
  await world.stopAgent();
});

test('exec into an instance that does not run is refused with a reason', async () => {
  const { world } = await running({});
  const request = { kind: 'exec', instanceGuid: 'nosuch', args: ['sh'], tty: false, stdin: false } as const;
  const { seen } = await open(world, { ...request, args: ['sh'] });
  expect(controls(seen)).toEqual([expect.objectContaining({ kind: 'error', code: 'NotRunning' })]);
  await world.stopAgent();
});

test('what is being done with an instance is told while it is claimed', async () => {
  const images = { app: { pullMs: 20_000, startMs: 5_000, answers: () => undefined } };
  const world = await cellWorld({ images });
  world.servers.desire({ guid: 'web', image: 'app', checks: [{ kind: 'tcp', port: 80 }], ports: [80] });
  const instanceGuid = world.servers.claim('web');
  const ask = async (): Promise<InstanceDoing> => {
    const { seen } = await open(world, { kind: 'consoles', instanceGuid, doing: true });
    return instanceDoingSchema.parse(JSON.parse(seen[0]?.text ?? ''));
  };
  const begunAt = world.clock.now();
  await world.clock.advance(3_000);
  expect(await ask()).toEqual({
    cellId: 'cell-a',
    at: begunAt + 3_000,
    phase: 'pulling',
    since: expect.any(Number),
    image: 'app',
    progress: '1 of 2 layers, 3 of 9 MB',
  });
  await world.clock.advance(20_000);
  expect(await ask()).toMatchObject({ phase: 'starting' });
  await world.clock.advance(25_000);
  const checking = await ask();
  expect(checking).toMatchObject({
    phase: 'checking',
    checks: [{ check: 'tcp:80', purpose: 'liveness', output: expect.stringContaining('refused') }],
  });
  expect(checking.checks?.[0]?.failures).toBeGreaterThan(5);
  expect(checking.nextAt).toBeGreaterThan(checking.at);
  world.runtime.fault('down');
  await world.clock.advance(20_000);
  expect(await ask()).toMatchObject({ engineAway: expect.any(String) });
  expect(world.servers.actual('web').state).toBe('CLAIMED');
  await world.stopAgent();
});

test('an instance that the cell has not heard of is a refusal in words', async () => {
  const { world } = await running({});
  const { seen } = await open(world, { kind: 'consoles', instanceGuid: 'nosuch', doing: true });
  expect(controls(seen)).toEqual([expect.objectContaining({ kind: 'error', code: 'ResourceNotFound' })]);
  await world.stopAgent();
});

test('a request of a newer server is refused on its stream, and the session goes on', async () => {
  const { world } = await running({});
  const { seen } = await open(world, { kind: 'weather', of: 'tomorrow' } as never);
  expect(controls(seen)).toEqual([expect.objectContaining({ kind: 'error', code: 'InvalidRequest' })]);
  expect(world.log.filter((line) => line.startsWith('session.down'))).toEqual([]);
  await world.stopAgent();
});

test('a client that goes away hangs its process up', async () => {
  const { world, instanceGuid } = await running({});
  const { socket } = await open(world, { kind: 'exec', instanceGuid, args: ['cat'], tty: true, stdin: true });
  socket.close();
  await world.clock.advance(5_000);
  expect(world.runtime.processes.map(({ signals }) => signals)).toEqual([['SIGHUP']]);
  await world.stopAgent();
  expect(world.clock.pendingTimers).toBe(0);
});
