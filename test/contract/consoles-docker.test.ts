/** Console sessions in real containers: what a person sees, leaves and comes back to. */
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { Consoles } from '../../src/agent/console/consoles.ts';
import type { ConsoleEvent } from '../../src/agent/console/journal.ts';
import { dockerRuntime } from '../../src/agent/docker/docker-runtime.ts';
import type { Container, Runtime } from '../../src/agent/runtime.ts';
import { xtermEmulator } from '../../src/agent/terminal/xterm-emulator.ts';
import { silentLog } from '../../src/base/log.ts';
import { systemClock } from '../../src/base/node/system-clock.ts';
import { systemRng } from '../../src/base/node/system-rng.ts';
import { openConsole, type TestConsole } from '../kit/console-client.ts';
import { type Containers, docker, dockerContainers } from '../kit/docker.ts';

const prompt = /[#$]$/m;
const waiting = { timeout: 20_000, interval: 20 };
const { signal } = new AbortController();
const runtime: Runtime = dockerRuntime({ clock: systemClock, log: silentLog });
let containers: Containers;
let idle: Container;
let stop: AbortController;
let consoles: Consoles;
let events: ConsoleEvent[];

beforeAll(async () => {
  containers = await dockerContainers(runtime);
  idle = await runContainer('sleep', '3600');
});
afterEach(async () => {
  stop?.abort();
  await consoles?.done;
});
afterAll(() => containers.removeAll());

async function runContainer(...args: string[]): Promise<Container> {
  const id = await containers.run(args);
  return (await runtime.inspect(id, { signal })) as Container;
}

function newConsoles(container = idle): Consoles {
  stop = new AbortController();
  events = [];
  consoles = new Consoles({
    cellId: 'cell-1',
    runtime,
    createEmulator: xtermEmulator,
    journal: { add: (event) => events.push(event), retry: () => undefined, done: Promise.resolve() },
    clock: systemClock,
    rng: systemRng,
    log: silentLog,
    signal: stop.signal,
    find: () => container,
  });
  return consoles;
}

const open = (
  args: readonly string[] = [],
  more: Parameters<typeof openConsole>[1] | object = {},
): TestConsole =>
  openConsole(consoles, { instanceGuid: idle.identity.instanceGuid, args: [...args], ...more });

const sees = (console: TestConsole, pattern: RegExp): Promise<string> =>
  vi.waitFor(async () => {
    const grid = await console.grid();
    expect(grid).toMatch(pattern);
    return grid;
  }, waiting);

const commands = async (container = idle): Promise<string> => docker('top', container.id, '-eo', 'pid,args');
const untilGone = (words: string): Promise<void> =>
  vi.waitFor(async () => expect(await commands()).not.toContain(words), waiting);

test('a login shell has the right size in its first command', async () => {
  newConsoles();
  const console = open([], { size: { columns: 101, rows: 31 } });
  await console.type('stty size; echo $TERM\r');
  expect(await sees(console, /^31 101$/m)).toMatch(/xterm-256color/);
});

test('a command has the right size when it asks at once', async () => {
  newConsoles();
  for (let i = 0; i < 5; i++) {
    const console = open(['stty', 'size'], { size: { columns: 90 + i, rows: 33 } });
    await sees(console, new RegExp(`^33 ${90 + i}$`, 'm'));
    await vi.waitFor(() => expect(console.controls.at(-1)).toEqual({ kind: 'exit', code: 0 }), waiting);
  }
});

test('a resize reaches the program, and its exit status comes back', async () => {
  newConsoles();
  const console = open(['sh']);
  await sees(console, prompt);
  await console.resize(60, 20);
  await console.type('stty size\r');
  await sees(console, /^20 60$/m);
  await console.type('exit 7\r');
  await vi.waitFor(() => expect(console.controls.at(-1)).toEqual({ kind: 'exit', code: 7 }), waiting);
  expect(consoles.list()).toEqual([]);
});

test('vi is left and found again as it was', async () => {
  newConsoles();
  const first = open([]);
  await sees(first, prompt);
  await first.type('vi /tmp/notes\r');
  await sees(first, /alternate/);
  await first.type('ihello\rworld\u001b');
  const before = await sees(first, /hello\nworld[^]*alternate/);
  first.leave();
  await vi.waitFor(() => expect(consoles.list()[0]?.clients).toBe(0), waiting);
  const again = open([], { session: first.session });
  expect(await sees(again, /hello\nworld[^]*alternate/)).toBe(before);
  expect(again.controls[0]).toMatchObject({ kind: 'opened', resumed: true, session: first.session });
  await again.type(':q!\r');
  await sees(again, /normal/);
});

test('what was written while nobody looked is there, at the size of who comes', async () => {
  newConsoles();
  const first = open(['sh']);
  await sees(first, prompt);
  await first.type('(sleep 0.3; seq 1 100000; echo the-end) &\r');
  await sees(first, /seq/);
  first.leave();
  await vi.waitFor(() => expect(consoles.list()[0]?.detachedAt).toBeDefined(), waiting);
  await untilGone('seq 1 100000');
  const again = open([], { session: first.session, size: { columns: 50, rows: 12 } });
  const grid = await sees(again, /99999\n100000\nthe-end/);
  expect(grid.split('\n')).toHaveLength(13);
  await again.type('stty size\r');
  await sees(again, /^12 50$/m);
});

test('two clients see the same; who only watches cannot type', async () => {
  newConsoles();
  const one = open(['sh']);
  await sees(one, prompt);
  const two = open([], { session: one.session, by: 'other' });
  await two.type('echo from-two\r');
  await sees(one, /^from-two$/m);
  const watcher = open([], { session: one.session, watch: true, size: { columns: 20, rows: 5 } });
  await sees(watcher, /^from-two$/m);
  await watcher.type('echo never\r');
  await vi.waitFor(
    () => expect(watcher.controls.at(-1)).toMatchObject({ kind: 'notice', code: 'Unauthorized' }),
    waiting,
  );
  await one.type('echo still\r');
  for (const each of [one, two, watcher]) await sees(each, /^still$/m);
  expect(await one.grid()).not.toContain('never');
  expect(await watcher.grid()).toBe(await one.grid());
  expect(consoles.list()[0]).toMatchObject({ clients: 3, columns: 80, rows: 24 });
});

test('closing ends everything that was begun, also what ignores the hang-up', async () => {
  newConsoles();
  const console = open(['sh']);
  await sees(console, prompt);
  await console.type('trap "" HUP; sleep 7771 & sleep 7772\r');
  await vi.waitFor(async () => expect(await commands()).toMatch(/7771[^]*7772/), waiting);
  await console.control({ kind: 'close' });
  await vi.waitFor(
    () => expect(console.controls.at(-1)).toMatchObject({ kind: 'exit', reason: 'closed by tester' }),
    waiting,
  );
  await untilGone('sleep 777');
  expect(events.map(({ type }) => type)).toEqual(['console.opened', 'console.closed']);
});

test('an instance that stops ends its consoles with the reason', async () => {
  const brief = await runContainer('sleep', '3600');
  newConsoles(brief);
  const console = open(['sh']);
  await sees(console, prompt);
  await runtime.stop(brief.id, { graceMs: 0, signal });
  await vi.waitFor(
    () =>
      expect(console.controls.at(-1)).toMatchObject({
        kind: 'exit',
        reason: expect.stringContaining('its container has ended'),
      }),
    waiting,
  );
});

test('a container without any shell is refused with what to do instead', async () => {
  const bare = await runContainer('sleep', '3600');
  await docker('exec', '-u', '0', bare.id, 'sh', '-c', 'cd /bin && rm -f ash bash busybox sh');
  newConsoles(bare);
  const console = open([]);
  await vi.waitFor(
    () =>
      expect(console.controls.at(-1)).toMatchObject({
        kind: 'error',
        code: 'NotRunning',
        hint: expect.stringContaining('skep exec web/0 -- COMMAND'),
      }),
    waiting,
  );
  expect(console.output()).toBe('');
});

test('what an agent left that was killed is ended by the next one', async () => {
  newConsoles();
  const left = open(['sleep', '7773'], {});
  await vi.waitFor(() => expect(left.session).not.toBe(''), waiting);
  await vi.waitFor(async () => expect(await commands()).toContain('sleep 7773'), waiting);
  const dead = { consoles, stop };
  newConsoles();
  await consoles.sweep([idle]);
  await untilGone('sleep 7773');
  dead.stop.abort();
  await dead.consoles.done;
});

test('sessions end with the agent', async () => {
  newConsoles();
  const console = open(['sleep', '7774']);
  await vi.waitFor(async () => expect(await commands()).toContain('sleep 7774'), waiting);
  stop.abort();
  await consoles.done;
  await untilGone('sleep 7774');
  expect(console.controls.at(-1)).toMatchObject({ kind: 'exit', reason: expect.stringContaining('agent') });
});
