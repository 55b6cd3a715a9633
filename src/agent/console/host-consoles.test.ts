/** Shells on a cell's host, with a fake for the shell: whether there is one is the cell's own decision. */
import { expect, onTestFinished, test } from 'vitest';
import { type CellWorld, cellWorld } from '../../../test/kit/cell-world.ts';
import { type FakeProcess, fakeProcess } from '../../../test/kit/fake-process.ts';
import type { StreamRequest } from '../../api/core/cell-protocol.ts';
import { type Control, controlSchema, unpackFrame } from '../../api/core/stream-frames.ts';
import type { Socket } from '../../base/socket.ts';
import type { HostShellOptions } from '../host-shell.ts';

type OpenRequest = Extract<StreamRequest, { kind: 'console' }>;

const asked = {
  kind: 'console',
  instanceGuid: '',
  host: true,
  mayEnterHost: true,
  watch: false,
  args: [],
  by: 'alice (admin+console) from 10.0.0.5',
  via: 'server-a',
} as const satisfies OpenRequest;

interface Scene {
  readonly world: CellWorld;
  readonly shells: (HostShellOptions & { readonly process: FakeProcess })[];
  /** Control frames so far, of a stream that the cell was asked for. */
  open(request?: Partial<OpenRequest>): Promise<{ readonly controls: Control[]; readonly socket: Socket }>;
  settle(): Promise<void>;
  events(): unknown[];
}

async function scene(isAllowed = true): Promise<Scene> {
  const shells: Scene['shells'] = [];
  const world = await cellWorld(
    isAllowed
      ? {
          hostShell: async (options) => {
            const process = fakeProcess({
              outcome: undefined,
              echoes: true,
              tty: true,
              signal: options.signal,
            });
            shells.push({ ...options, process });
            return process;
          },
        }
      : {},
  );
  onTestFinished(() => world.stopAgent());
  await world.until(() => world.servers.presence !== undefined);
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 10; i++) await world.clock.settle();
  };
  return {
    world,
    shells,
    settle,
    async open(request = {}) {
      const dialling = world.servers.open({ ...asked, ...request });
      await world.clock.settle();
      const socket = await dialling;
      const controls: Control[] = [];
      void (async () => {
        for await (const data of socket.messages) {
          const frame = typeof data === 'string' ? undefined : unpackFrame(data);
          if (frame?.channel !== 'control') continue;
          controls.push(controlSchema.parse(JSON.parse(new TextDecoder().decode(frame.payload))));
        }
      })();
      await settle();
      return { controls, socket };
    },
    events: () =>
      world.servers.received.filter(({ method }) => method === 'consoleEvent').map(({ params }) => params),
  };
}

test('without the setting it is refused, whoever asks, with what to set; the presence does not offer it', async () => {
  const { open, world } = await scene(false);
  const { controls } = await open();
  expect(controls).toEqual([
    expect.objectContaining({
      kind: 'error',
      code: 'Unauthorized',
      message: expect.stringContaining('cell-a'),
      hint: expect.stringContaining('hostShell: true'),
    }),
  ]);
  expect(world.servers.presence?.hostShell).toBeUndefined();
});

test('with it the presence says so, the shell has its size at once, and the journal who began and ended it', async () => {
  const { open, shells, settle, events, world } = await scene();
  expect(world.servers.presence?.hostShell).toBe(true);
  const { controls } = await open({ size: { columns: 91, rows: 31 } });
  expect(controls).toEqual([expect.objectContaining({ kind: 'opened', size: { columns: 91, rows: 31 } })]);
  expect(shells[0]).toMatchObject({
    session: expect.stringMatching(/^cell-a\.[a-z0-9]{6}$/),
    size: { columns: 91, rows: 31 },
  });
  shells[0]?.process.endInput();
  await settle();
  await world.clock.advance(1_000);
  expect(events()).toEqual([
    expect.objectContaining({
      type: 'console.opened',
      subject: 'cell-a',
      by: asked.by,
      message: expect.stringContaining('a login shell on the host itself'),
    }),
    expect.objectContaining({ type: 'console.closed', subject: 'cell-a' }),
  ]);
});

test.each(['begun', 'joined', 'watched'])('a caller without the rights is refused: %s', async (how) => {
  const { open, shells } = await scene();
  const { mayEnterHost: _, ...stranger } = asked;
  const opened = how === 'begun' ? undefined : await open();
  const [first] = opened?.controls ?? [];
  const session = first?.kind === 'opened' ? first.session : undefined;
  const { controls } = await open({
    ...stranger,
    mayEnterHost: false,
    watch: how === 'watched',
    ...(session === undefined ? {} : { session, host: false }),
  });
  expect(controls).toEqual([expect.objectContaining({ kind: 'error', code: 'Unauthorized' })]);
  expect(shells).toHaveLength(how === 'begun' ? 0 : 1);
});

test('it ends when the agent stops: hung up first, killed after', async () => {
  const { open, shells, world } = await scene();
  await open();
  const [shell] = shells;
  await world.stopAgent();
  expect(shell?.process.signals).toEqual(['SIGHUP', 'SIGKILL']);
  expect(shell?.signal.aborted).toBe(true);
});
