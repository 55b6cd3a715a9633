/** Console panes against a cell that a script plays: what is opened, resumed, typed, ended. */
import { describe, expect, test } from 'vitest';
import { SkepError } from '../../src/base/core/errors.ts';
import { closePane, openPane } from '../../src/tui/core/workspace.ts';
import { PaneWorld } from '../kit/pane-world.ts';

describe('a pane', () => {
  test('is opened with its size, told it again, shows output and passes keys on', async () => {
    const world = new PaneWorld();
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
    const world = new PaneWorld();
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
    const world = new PaneWorld();
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
    const world = new PaneWorld();
    const cell = await world.open();
    await cell.opens();
    await cell.prints('\x1b[6n');
    await world.settle();
    expect(cell.input).toBe('\x1b[1;1R');
  });

  test('a lost line: says so, resumes the session through whoever answers, and is painted', async () => {
    const world = new PaneWorld();
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
    const world = new PaneWorld();
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
    const world = new PaneWorld();
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
    const world = new PaneWorld();
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
    const world = new PaneWorld();
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
    const world = new PaneWorld();
    const cell = await world.open();
    await cell.opens();
    await cell.says({ kind: 'resize', size: { columns: 40, rows: 10 } });
    await world.settle();
    expect(world.screen().size).toEqual({ columns: 40, rows: 10 });
    world.type('a');
    expect(world.screen().size).toEqual({ columns: 80, rows: 22 });
  });

  test('ending asks the cell and closes the pane when it has ended', async () => {
    const world = new PaneWorld();
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
    const world = new PaneWorld();
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
    const world = new PaneWorld();
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
    const world = new PaneWorld();
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

test('300 panes opened and closed leave nothing behind', async () => {
  const world = new PaneWorld();
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
