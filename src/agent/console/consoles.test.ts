/** Consoles of a cell with fakes for engine and terminal, on a virtual clock. */
import { expect, onTestFinished, test } from 'vitest';
import { type CellWorld, type CellWorldOptions, cellWorld } from '../../../test/kit/cell-world.ts';
import { openConsole, type TestConsole } from '../../../test/kit/console-client.ts';
import type { FakeProcess } from '../../../test/kit/fake-process.ts';
import type { StreamRequest } from '../../api/core/cell-protocol.ts';
import { consoleGraceMs, consoleListSchema, consoleSessionsMax } from '../../api/core/console-shapes.ts';
import { unpackFrame } from '../../api/core/stream-frames.ts';
import type { Socket } from '../../base/socket.ts';

type OpenRequest = Extract<StreamRequest, { kind: 'console' }>;

interface Scene {
  readonly world: CellWorld;
  readonly instanceGuid: string;
  open(request?: Partial<OpenRequest>): Promise<TestConsole>;
  process(at?: number): FakeProcess;
  list(): Promise<ReturnType<typeof consoleListSchema.parse>['consoles']>;
  events(): unknown[];
}

async function scene(options: CellWorldOptions = {}): Promise<Scene> {
  const world = await cellWorld(options);
  onTestFinished(() => world.stopAgent());
  world.servers.desire({ guid: 'web', image: 'app' });
  const instanceGuid = world.servers.claim('web');
  await world.until(() => world.servers.actual('web').state === 'RUNNING');
  const dial = async (request: StreamRequest): Promise<Socket> => {
    const dialled = world.servers.open(request);
    await world.clock.settle();
    return await dialled;
  };
  return {
    world,
    instanceGuid,
    async open(request = {}) {
      // The cell's end is served by the agent: this end is only joined to it.
      const console = openConsole(
        {
          async serve(socket, whole) {
            const far = await dial({
              ...whole,
              instanceGuid: request.session === undefined ? instanceGuid : '',
            } as StreamRequest);
            const pass = async (from: Socket, to: Socket): Promise<void> => {
              for await (const data of from.messages) await to.send(data);
              to.close();
            };
            await Promise.all([pass(socket, far), pass(far, socket)]).catch(() => undefined);
          },
        },
        { instanceGuid, ...request },
      );
      for (let i = 0; i < 10; i++) await world.clock.settle();
      return console;
    },
    process: (at = 0) => world.runtime.processes[at] as FakeProcess,
    async list() {
      const socket = await dial({ kind: 'consoles' });
      for await (const data of socket.messages) {
        const frame = typeof data === 'string' ? undefined : unpackFrame(data);
        if (frame?.channel === 'stdout') {
          return consoleListSchema.parse(JSON.parse(new TextDecoder().decode(frame.payload))).consoles;
        }
      }
      throw new Error('no list came');
    },
    events: () =>
      world.servers.received.filter(({ method }) => method === 'consoleEvent').map(({ params }) => params),
  };
}

async function settle({ world }: Scene): Promise<void> {
  for (let i = 0; i < 10; i++) await world.clock.settle();
}

test('a console opens with its name, says who began it, and ends with the program’s status', async () => {
  const all = await scene();
  const console = await all.open({ by: 'uid 7', size: { columns: 90, rows: 30 } });
  expect(console.controls).toEqual([
    {
      kind: 'opened',
      session: expect.stringMatching(/^cell-a\.[a-z0-9]{6}$/),
      resumed: false,
      size: { columns: 90, rows: 30 },
    },
  ]);
  all.process().say('\u001b]2;a\u202etitle\u0007hello');
  await settle(all);
  expect(console.output()).toContain('hello');
  expect(await all.list()).toEqual([
    expect.objectContaining({
      target: 'web/0',
      by: 'uid 7',
      clients: 1,
      columns: 90,
      title: 'atitle',
      args: [],
    }),
  ]);
  all.process().endInput();
  await settle(all);
  expect(console.controls.at(-1)).toEqual({ kind: 'exit', code: 0 });
  expect(await all.list()).toEqual([]);
  await all.world.clock.advance(1_000);
  expect(all.events()).toEqual([
    expect.objectContaining({
      type: 'console.opened',
      subject: 'web/0',
      by: 'uid 7',
      message: expect.stringContaining('through server server-a'),
    }),
    expect.objectContaining({
      type: 'console.closed',
      message: expect.stringContaining('ended by itself, status 0'),
    }),
  ]);
});

test('a client that goes leaves it running; who comes sees its screen, and more', async () => {
  const all = await scene();
  const first = await all.open();
  first.leave();
  await settle(all);
  all.process().say('while nobody looked');
  await settle(all);
  expect((await all.list())[0]).toMatchObject({ clients: 0, detachedAt: all.world.clock.now() });
  await all.world.clock.advance(consoleGraceMs - 1_000);
  const again = await all.open({ session: first.session, size: { columns: 70, rows: 20 } });
  expect(again.controls[0]).toMatchObject({ kind: 'opened', session: first.session, resumed: true });
  expect(again.output()).toBe('<70x20>while nobody looked');
  expect(all.process().sizes).toEqual([{ columns: 70, rows: 20 }]);
  await all.world.clock.advance(2 * consoleGraceMs);
  expect(all.process().signals).toEqual([]);
  again.leave();
  await settle(all);
  await all.world.clock.advance(consoleGraceMs + 10_000);
  expect(all.process().signals).toEqual(['SIGHUP', 'SIGKILL']);
  expect(await all.list()).toEqual([]);
  expect(all.events().at(-1)).toMatchObject({
    type: 'console.closed',
    message: expect.stringContaining('nobody came back to it within 10 minutes'),
  });
});

test('who joins in the middle of a sequence gets its beginning after the screen', async () => {
  const all = await scene();
  const first = await all.open();
  all.process().say('text\u001b[3');
  await settle(all);
  const second = await all.open({ session: first.session });
  all.process().say('1mred');
  await settle(all);
  expect(second.output()).toBe('<80x24>text\u001b[3\u001b[31mred');
});

test('the client that typed last decides the size, and others are told', async () => {
  const all = await scene();
  const one = await all.open({ size: { columns: 80, rows: 24 } });
  const two = await all.open({ session: one.session, size: { columns: 60, rows: 20 } });
  expect(one.controls.at(-1)).toEqual({ kind: 'resize', size: { columns: 60, rows: 20 } });
  await one.resize(100, 40);
  await settle(all);
  expect(all.process().sizes).toEqual([{ columns: 60, rows: 20 }]);
  await one.type('a');
  await settle(all);
  expect(all.process().sizes.at(-1)).toEqual({ columns: 100, rows: 40 });
  expect(two.controls.at(-1)).toEqual({ kind: 'resize', size: { columns: 100, rows: 40 } });
  one.leave();
  await settle(all);
  expect(all.process().sizes.at(-1)).toEqual({ columns: 60, rows: 20 });
});

test('each question of the program is answered once', async () => {
  const all = await scene();
  const one = await all.open();
  const two = await all.open({ session: one.session });
  all.process().say('\u001b[c');
  await settle(all);
  await one.type('\u001b[?62c');
  await two.type('\u001b[?1c');
  await settle(all);
  expect(all.process().input).toEqual(['\u001b[?1c']);
  one.leave();
  two.leave();
  await settle(all);
  all.process().say('\u001b[c');
  await settle(all);
  expect(all.process().input.at(-1)).toBe('\u001b[?1;2c');
});

test('who watches types nothing, sets no size and closes nothing', async () => {
  const all = await scene();
  const one = await all.open();
  const watcher = await all.open({ session: one.session, watch: true, size: { columns: 10, rows: 3 } });
  expect(watcher.controls[0]).toMatchObject({ kind: 'opened', size: { columns: 80, rows: 24 } });
  await watcher.type('rm -rf /\r');
  await watcher.resize(11, 4);
  await watcher.control({ kind: 'close' });
  await settle(all);
  expect(watcher.controls.slice(1)).toEqual([
    expect.objectContaining({ kind: 'notice', code: 'Unauthorized' }),
  ]);
  expect(all.process()).toMatchObject({ input: [], sizes: [], signals: [] });
});

test('closing ends it for everybody, and says who did', async () => {
  const all = await scene();
  const one = await all.open();
  const two = await all.open({ session: one.session, by: 'uid 8' });
  await two.control({ kind: 'close' });
  await settle(all);
  for (const each of [one, two]) {
    expect(each.controls.at(-1)).toMatchObject({ kind: 'exit', reason: 'closed by uid 8' });
  }
  await all.world.clock.advance(10_000);
  expect(all.events().at(-1)).toMatchObject({ type: 'console.closed', by: 'uid 8' });
});

test('a shell that the container does not have is replaced by the next one', async () => {
  const execs = (args: readonly string[]) =>
    args[0] === 'bash' ? undefined : { code: 127, refusal: 'OCI runtime exec failed: not found' };
  const all = await scene({ images: { app: { execs } } });
  const console = await all.open();
  all.process(1).say('$ ');
  await settle(all);
  expect(console.output()).toBe('$ ');
});

test('a container without a shell is refused with what to do', async () => {
  const execs = () => ({ code: 127, refusal: 'OCI runtime exec failed: not found' });
  const all = await scene({ images: { app: { execs } } });
  const console = await all.open();
  expect(console.controls.at(-1)).toMatchObject({
    kind: 'error',
    code: 'NotRunning',
    hint: expect.stringContaining('skep exec web/0 -- COMMAND'),
  });
});

test('more consoles than a cell keeps are refused with the oldest that nobody looks at', async () => {
  const all = await scene();
  const first = await all.open();
  first.leave();
  for (let i = 1; i < consoleSessionsMax; i++) await all.open();
  const refused = await all.open();
  expect(refused.controls).toEqual([
    expect.objectContaining({ kind: 'error', code: 'Busy', hint: expect.stringContaining(first.session) }),
  ]);
  expect(await all.list()).toHaveLength(consoleSessionsMax);
});

test('a console that is not there is refused with how to find those that are', async () => {
  const all = await scene();
  const refused = await all.open({ session: 'cell-a.nosuch' });
  expect(refused.controls).toEqual([
    expect.objectContaining({
      kind: 'error',
      code: 'ResourceNotFound',
      hint: expect.stringContaining('skep console ls'),
    }),
  ]);
});

test('the agent ends its consoles when it stops, and looks for those of an earlier one when it starts', async () => {
  const all = await scene();
  expect(all.world.runtime.calls.filter((call) => call.startsWith('endExecs'))).toEqual([]);
  const console = await all.open();
  await all.world.stopAgent();
  expect(all.process().signals).toEqual(['SIGHUP', 'SIGKILL']);
  expect(console.controls.at(-1)).toMatchObject({ kind: 'exit', reason: expect.stringContaining('agent') });
  expect(all.world.clock.pendingTimers).toBe(0);
  all.world.startAgent();
  await all.world.until(() => all.world.runtime.calls.some((call) => call.startsWith('endExecs')));
});

test('what a console tells the journal waits until a server takes it', async () => {
  const all = await scene();
  all.world.servers.mode('no-quorum');
  const console = await all.open();
  await all.world.clock.advance(5_000);
  expect(console.controls).toHaveLength(1);
  all.world.servers.mode('up');
  const before = all.events().length;
  await all.world.until(() => all.events().length > before);
});
