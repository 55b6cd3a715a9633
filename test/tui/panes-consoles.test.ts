/** Console panes against a cell that a script plays: what is opened, resumed, typed, pasted, ended. */
import { describe, expect, test } from 'vitest';
import type { Client } from '../../src/api/client.ts';
import { SkepError } from '../../src/base/core/errors.ts';
import { seededRng } from '../../src/base/core/rng.ts';
import type { ClusterConnection } from '../../src/tui/connection.ts';
import { type Consoles, createConsoles } from '../../src/tui/consoles.ts';
import type { AppMessage } from '../../src/tui/core/app-model.ts';
import { canvasOf, createFrame, frameText } from '../../src/tui/core/frame.ts';
import type { Size } from '../../src/tui/core/key.ts';
import type { ConsoleRequest } from '../../src/tui/core/page.ts';
import { paletteOf } from '../../src/tui/core/palettes.ts';
import { themeOf, unicodeGlyphs } from '../../src/tui/core/theme.ts';
import {
  closePane,
  emptyWorkspace,
  openPane,
  paneSizes,
  type Workspace,
} from '../../src/tui/core/workspace.ts';
import { paneEmulator } from '../../src/tui/terminal/emulator.ts';
import { CellEnd } from '../kit/console-cell.ts';
import { socketPair } from '../kit/socket-pair.ts';
import { type VirtualClock, virtualClock } from '../kit/virtual-clock.ts';

const theme = themeOf('dark', paletteOf('dark', 256), unicodeGlyphs);
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

class World {
  readonly clock: VirtualClock = virtualClock();
  readonly cells: CellEnd[] = [];
  readonly messages: AppMessage[] = [];
  readonly saved: string[] = [];
  /** What the next opening is refused with. */
  refusal: SkepError | undefined;
  dirty = 0;
  bells = 0;
  workspace: Workspace = emptyWorkspace;
  size: Size = { columns: 80, rows: 24 };
  readonly consoles: Consoles;

  constructor() {
    const client: Partial<Client> = {
      openStream: async (query) => {
        if (this.refusal !== undefined) throw this.refusal;
        const pair = socketPair({ maxQueued: 4 });
        this.cells.push(new CellEnd(query, pair.right, pair.cut));
        return pair.left;
      },
    };
    const connection: ClusterConnection = {
      client: client as Client,
      suspect: () => undefined,
      change: (ms, signal) => this.clock.sleep(ms, signal).catch(() => undefined),
    };
    this.consoles = createConsoles({
      connection,
      clock: this.clock,
      rng: seededRng(1),
      createEmulator: paneEmulator(256),
      saveText: async (_name, text) => `/tmp/${this.saved.push(text)}`,
      onDirty: () => {
        this.dirty += 1;
      },
      bell: () => {
        this.bells += 1;
      },
      send: (message) => {
        this.messages.push(message);
        if (message.kind !== 'paneGone') return;
        this.workspace = closePane(this.workspace, message.pane);
        this.sync();
      },
    });
  }
  sync(): void {
    this.consoles.sync(this.workspace, paneSizes(this.workspace, this.size));
  }
  async open(request: Partial<ConsoleRequest> = {}): Promise<CellEnd> {
    this.workspace = openPane(this.workspace, { target: 'web/0', kind: 'shell', ...request });
    this.sync();
    await this.settle();
    return this.last;
  }
  get last(): CellEnd {
    const cell = this.cells.at(-1);
    if (cell === undefined) throw new Error('no stream was opened');
    return cell;
  }
  /** The emulator parses in timers of no length: those that are set later fire later. */
  async settle(): Promise<void> {
    for (let i = 0; i < 10; i += 1) {
      await this.clock.settle();
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }
  type(bytes: string, pane = '1'): void {
    this.consoles.run({ do: 'input', panes: [pane], bytes });
  }
  screen(pane = '1') {
    const screen = this.consoles.screens(pane);
    if (screen === undefined) throw new Error(`pane ${pane} has no screen`);
    return screen;
  }
  text(pane = '1'): string {
    const screen = this.screen(pane);
    const frame = createFrame(screen.size.columns, screen.size.rows);
    screen.draw(canvasOf(frame), { theme, focused: true, top: undefined, search: '' });
    return frameText(frame).trimEnd();
  }
  flashes(): string[] {
    return this.messages.flatMap((message) => (message.kind === 'flash' ? [message.text] : []));
  }
}

describe('a pane', () => {
  test('is opened with its size, told it again, shows output and passes keys on', async () => {
    const world = new World();
    const cell = await world.open({ args: ['sh', '-l'] });
    expect(cell.query).toMatchObject({
      kind: 'console',
      target: 'web/0',
      arg: ['sh', '-l'],
      columns: 80,
      rows: 22,
    });
    expect(world.screen().state).toBe('connecting');
    world.type('early');
    await cell.opens();
    await cell.prints('$ ');
    await world.settle();
    expect(cell.sizes()).toEqual([{ columns: 80, rows: 22 }]);
    expect(world.screen()).toMatchObject({ state: 'open', cell: 'cell-1', message: '' });
    expect(world.text()).toBe('$');
    await cell.prints('\x1b[?1h');
    await world.settle();
    world.type('\x1b[A');
    await world.settle();
    expect(cell.input).toBe('early\x1bOA');
    expect(world.dirty).toBeGreaterThan(0);
  });

  test('a storm of sizes becomes one, the last', async () => {
    const world = new World();
    const cell = await world.open();
    await cell.opens();
    await world.settle();
    for (let columns = 81; columns < 100; columns += 1) {
      world.size = { columns, rows: 30 };
      world.sync();
    }
    await world.clock.advance(100);
    expect(cell.sizes().slice(1)).toEqual([{ columns: 99, rows: 28 }]);
    expect(world.screen().size).toEqual({ columns: 99, rows: 28 });
  });

  test('rings at most once a second, and marks a pane that is not seen', async () => {
    const world = new World();
    const cell = await world.open();
    await cell.opens();
    await cell.prints('\x07\x07\x07');
    await world.settle();
    expect([world.bells, world.screen().rang]).toEqual([1, false]);
    world.consoles.sync(world.workspace, new Map());
    await cell.prints('\x07');
    await world.settle();
    expect(world.screen().rang).toBe(true);
    world.sync();
    expect(world.screen().rang).toBe(false);
  });

  test('answers what the program asks its terminal', async () => {
    const world = new World();
    const cell = await world.open();
    await cell.opens();
    await cell.prints('\x1b[6n');
    await world.settle();
    expect(cell.input).toBe('\x1b[1;1R');
  });

  test('a lost line: says so, resumes the session through whoever answers, and is painted', async () => {
    const world = new World();
    const first = await world.open();
    await first.opens('cell-1.xyz');
    await first.prints('old screen');
    await world.settle();
    world.refusal = new SkepError('Unavailable', 'nobody answers');
    first.cut();
    await world.settle();
    expect(world.screen()).toMatchObject({ state: 'lost', cell: 'cell-1' });
    expect(world.text()).toBe('old screen');
    await world.clock.advance(60_000);
    expect(world.screen().message).toContain('nobody answers; trying again');
    world.refusal = undefined;
    await world.clock.advance(10_000);
    expect(world.cells).toHaveLength(2);
    expect(world.last.query).toMatchObject({ kind: 'console', session: 'cell-1.xyz', watch: false });
    await world.last.opens('cell-1.xyz', true);
    await world.last.prints('painted screen');
    await world.settle();
    expect(world.screen().state).toBe('open');
    expect(world.text()).toBe('painted screen');
    world.type('x');
    await world.settle();
    expect(world.last.input).toBe('x');
  });

  test('reconnect does not wait for the next try', async () => {
    const world = new World();
    const first = await world.open();
    await first.opens();
    await world.settle();
    first.cut();
    await world.settle();
    world.consoles.run({ do: 'reconnect', pane: '1' });
    await world.settle();
    expect(world.cells).toHaveLength(2);
  });

  test('an end is kept and explained; reconnect begins a new session', async () => {
    const world = new World();
    const cell = await world.open();
    await cell.opens('cell-1.one');
    await cell.prints('bye');
    await cell.says({ kind: 'exit', code: 137, reason: 'the instance stopped' });
    await world.settle();
    expect(world.screen()).toMatchObject({ state: 'ended', message: 'exited 137: the instance stopped' });
    expect(world.text()).toContain('bye');
    await world.clock.advance(120_000);
    expect(world.cells).toHaveLength(1);
    world.consoles.run({ do: 'reconnect', pane: '1' });
    await world.settle();
    expect(world.last.query.session).toBeUndefined();
    expect(world.screen().state).toBe('connecting');
  });

  test('a container without a shell is an end with a hint, not something to try for ever', async () => {
    const world = new World();
    const cell = await world.open();
    await cell.says({
      kind: 'error',
      code: 'NotRunning',
      message: 'no shell',
      hint: 'skep exec web/0 -- COMMAND',
    });
    await world.clock.advance(60_000);
    expect(world.cells).toHaveLength(1);
    expect(world.screen()).toMatchObject({ state: 'ended', message: 'no shell: skep exec web/0 -- COMMAND' });
  });

  test('a session that has gone meanwhile is said to have gone', async () => {
    const world = new World();
    const cell = await world.open();
    await cell.opens();
    await world.settle();
    world.refusal = new SkepError('ResourceNotFound', 'no console session');
    cell.cut();
    await world.clock.advance(10_000);
    expect(world.screen().state).toBe('ended');
    expect(world.screen().message).toContain('the session has gone');
  });

  test('another client decides on the size until something is typed here', async () => {
    const world = new World();
    const cell = await world.open();
    await cell.opens();
    await cell.says({ kind: 'resize', size: { columns: 40, rows: 10 } });
    await world.settle();
    expect(world.screen().size).toEqual({ columns: 40, rows: 10 });
    world.type('a');
    expect(world.screen().size).toEqual({ columns: 80, rows: 22 });
  });

  test('ending asks the cell and closes the pane when it has ended', async () => {
    const world = new World();
    const cell = await world.open();
    await cell.opens();
    await world.settle();
    world.consoles.run({ do: 'end', pane: '1' });
    await world.settle();
    expect(cell.controls.at(-1)).toEqual({ kind: 'close' });
    expect(world.workspace.panes).toHaveLength(1);
    await cell.says({ kind: 'exit', reason: 'closed' });
    await world.settle();
    expect(world.workspace.panes).toHaveLength(0);
    expect(world.consoles.screens('1')).toBeUndefined();
  });

  test('a pane that goes only detaches', async () => {
    const world = new World();
    const cell = await world.open();
    await cell.opens();
    await world.settle();
    world.workspace = closePane(world.workspace, '1');
    world.sync();
    await world.settle();
    expect(cell.closed).toBe(true);
    expect(cell.controls.some(({ kind }) => kind === 'close')).toBe(false);
    expect(world.clock.pendingTimers).toBe(0);
  });

  test('watched and attached panes send nothing, not even answers', async () => {
    const world = new World();
    const cell = await world.open({ session: 'cell-1.abc', watch: true });
    expect(cell.query).toMatchObject({ session: 'cell-1.abc', watch: true });
    await cell.opens('cell-1.abc', true, { columns: 100, rows: 40 });
    await cell.prints('\x1b[6n');
    world.type('x');
    world.consoles.run({ do: 'paste', panes: ['1'], text: 'y' });
    await world.settle();
    expect(world.screen().size).toEqual({ columns: 100, rows: 40 });
    expect(cell.input).toBe('');
    expect(cell.controls).toEqual([]);
    const attached = await world.open({ kind: 'attach' });
    expect(attached.query).toEqual({ kind: 'attach', target: 'web/0' });
    await attached.says({ kind: 'opened' });
    await attached.prints('a\nb\n');
    await world.settle();
    expect(world.text('2')).toBe('a\nb');
  });

  test('what it showed is saved whole, wrapped lines in one', async () => {
    const world = new World();
    const cell = await world.open();
    await cell.opens();
    await cell.prints(`${'x'.repeat(200)}\r\n${'line\r\n'.repeat(100)}`);
    await world.settle();
    world.consoles.run({ do: 'savePane', pane: '1' });
    await world.settle();
    expect(world.saved[0]?.split('\n')[0]).toBe('x'.repeat(200));
    expect(world.saved[0]?.split('\n')).toHaveLength(102);
    expect(world.flashes().at(-1)).toBe('saved as /tmp/1');
  });
});

const lines = Array.from({ length: 10_000 }, (_, i) => `echo line ${i} ${'x'.repeat(40)}`);

test('a paste of 10,000 lines into a program that reads slowly arrives whole and in order', async () => {
  const world = new World();
  const cell = await world.open();
  const other = await world.open();
  for (const each of [cell, other]) await each.opens();
  await world.settle();
  cell.reads = false;
  world.consoles.run({ do: 'paste', panes: ['1'], text: lines.join('\n') });
  world.type('after');
  await world.settle();
  expect(world.screen().message).toMatch(/^pasting: \d+ KiB are left$/);
  world.type('k', '2');
  await world.settle();
  expect(other.input).toBe('k');
  cell.readOn();
  for (let i = 0; i < 100 && !cell.input.endsWith('after'); i += 1) await world.settle();
  expect(cell.input).toBe(`${lines.join('\r')}after`);
  expect(world.screen().message).toBe('');
});

test('a paste is bracketed only where the program asked for it, and cannot end itself', async () => {
  const world = new World();
  const cell = await world.open();
  await cell.opens();
  await cell.prints('\x1b[?2004h');
  await world.settle();
  world.consoles.run({ do: 'paste', panes: ['1'], text: 'a\x1b[201~rm\n' });
  await world.settle();
  expect(cell.input).toBe('\x1b[200~a\u241b[201~rm\r\x1b[201~');
});

test('a paste that is too large is refused whole; one cut off by a lost line is told', async () => {
  const world = new World();
  const cell = await world.open();
  await cell.opens();
  await world.settle();
  cell.reads = false;
  world.consoles.run({ do: 'paste', panes: ['1'], text: 'x'.repeat(17 * 1024 * 1024) });
  expect(world.flashes().at(-1)).toContain('nothing was added');
  world.consoles.run({ do: 'paste', panes: ['1'], text: 'x'.repeat(200_000) });
  await world.settle();
  cell.cut();
  await world.settle();
  expect(world.screen().message).toMatch(/^\d+ bytes of input were not sent/);
});

test('300 panes opened and closed leave nothing behind', async () => {
  const world = new World();
  for (let i = 0; i < 300; i += 1) {
    world.workspace = openPane(world.workspace, { target: 'web/0', kind: 'shell' });
    world.sync();
    await world.clock.settle();
    await world.last.opens(`cell-1.s${i}`);
    await world.last.prints('hello\r\n'.repeat(50));
    await world.clock.settle();
    world.workspace = closePane(world.workspace, String(i + 1));
    world.sync();
  }
  await world.settle();
  expect(world.cells).toHaveLength(300);
  expect(world.cells.every(({ closed }) => closed)).toBe(true);
  expect(world.clock.pendingTimers).toBe(0);
  expect(world.consoles.sessions()).toEqual([]);
});

describe('the whole screen', () => {
  class Wire {
    size: Size = { columns: 100, rows: 30 };
    output = '';
    input: (bytes: Uint8Array) => void = () => undefined;
    resized: (size: Size) => void = () => undefined;
    onInput(listener: (bytes: Uint8Array) => void): void {
      this.input = listener;
    }
    onResize(listener: (size: Size) => void): void {
      this.resized = listener;
    }
    async write(bytes: Uint8Array): Promise<void> {
      this.output += new TextDecoder().decode(bytes);
    }
  }

  test('bytes both ways, sizes, a lost line, and leaving by the prefix', async () => {
    const world = new World();
    const wire = new Wire();
    const done = world.consoles.handOver(wire, { target: 'web/0', kind: 'shell', full: true }, 'ctrl-]');
    await world.settle();
    const cell = world.last;
    expect(cell.query).toMatchObject({ kind: 'console', columns: 100, rows: 30 });
    await cell.opens('cell-1.full');
    await cell.prints('\x1b[38;2;1;2;3mtrue');
    wire.input(encode('ls\r\x1d\x1d'));
    wire.resized({ columns: 50, rows: 10 });
    await world.settle();
    expect(wire.output).toContain('\x1b[38;2;1;2;3mtrue');
    expect(cell.input).toBe('ls\r\x1d');
    expect(cell.sizes().at(-1)).toEqual({ columns: 50, rows: 10 });
    cell.cut();
    await world.clock.advance(2_000);
    expect(wire.output).toContain('trying again; Ctrl-] d leaves');
    expect(world.last.query.session).toBe('cell-1.full');
    wire.input(encode('\x1dd'));
    await done;
    expect(wire.output).toContain('\x1b[?25h');
    expect(world.flashes().at(-1)).toContain('stays for 10 minutes');
    expect(world.clock.pendingTimers).toBe(0);
  });

  test('one that never opens is refused with the reason', async () => {
    const world = new World();
    world.refusal = new SkepError('ResourceNotFound', 'there is no web/9');
    const wire = new Wire();
    await expect(world.consoles.handOver(wire, { target: 'web/9', kind: 'shell' }, 'ctrl-]')).rejects.toThrow(
      'there is no web/9',
    );
  });
});
