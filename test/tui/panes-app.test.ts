/** Console panes in the whole terminal UI: from the key on an instance to two shells side by side, and back. */
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import type { Client } from '../../src/api/client.ts';
import { seededRng } from '../../src/base/core/rng.ts';
import { createConsoles } from '../../src/tui/consoles.ts';
import { allPages } from '../../src/tui/core/all-pages.ts';
import { appParts } from '../../src/tui/core/app-parts.ts';
import { keymapOf } from '../../src/tui/core/keymap.ts';
import type { Page } from '../../src/tui/core/page.ts';
import { palettes } from '../../src/tui/core/palettes.ts';
import { themeOf, unicodeGlyphs } from '../../src/tui/core/theme.ts';
import { runTui } from '../../src/tui/run.ts';
import { paneEmulator } from '../../src/tui/terminal/emulator.ts';
import { CellEnd } from '../kit/console-cell.ts';
import { fakeTerminal } from '../kit/fake-terminal.ts';
import { socketPair } from '../kit/socket-pair.ts';
import { virtualClock } from '../kit/virtual-clock.ts';

/** A page on which `s` opens a shell and `S` one over the whole screen. */
const home: Page = {
  kind: 'instance',
  crumb: 'web/0',
  title: 'the page below',
  filter: '',
  typing: false,
  wants: [],
  actions: () => ['shell', 'shellFull'],
  on: (event) => ({
    page: home,
    effects:
      event.kind === 'action'
        ? [{ do: 'console', open: { target: 'web/0', kind: 'shell', full: event.action === 'shellFull' } }]
        : [],
  }),
  draw: () => undefined,
  command: () => '',
  lines: () => [],
};

function start() {
  const clock = virtualClock();
  const terminal = fakeTerminal();
  const cells: CellEnd[] = [];
  const saved: string[] = [];
  const client: Partial<Client> = {
    address: 'host-01',
    call: () => new Promise<never>(() => undefined),
    openStream: async (query) => {
      const pair = socketPair();
      cells.push(new CellEnd(query, pair.right, pair.cut));
      return pair.left;
    },
  };
  const { keymap } = keymapOf();
  const saveText = async (name: string, text: string): Promise<string> => {
    saved.push(text);
    return `/tmp/${name}`;
  };
  const ended = runTui({
    terminal,
    first: client as Client,
    connect: () => client as Client,
    clock,
    rng: seededRng(1),
    home,
    context: 'prod',
    contexts: {
      names: ['prod'],
      open: () => ({ first: client as Client, connect: () => client as Client, context: 'prod' }),
    },
    settings: { readOnly: false, theme: 'dark', times: 'age', wide: false },
    commandHistory: [],
    problems: [],
    parts: appParts(allPages({ yaml: { parse, stringify } }), keymap),
    themeOf: () => themeOf('dark', palettes.dark, unicodeGlyphs),
    openLogs: async function* () {
      yield [];
    },
    consoles: (shell) =>
      createConsoles({ ...shell, clock, rng: seededRng(2), createEmulator: paneEmulator(256), saveText }),
    editText: async () => undefined,
    saveText,
    remember: () => undefined,
  });
  /** Frames come 33 ms apart; emulators parse in timers of no length. */
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 10; i += 1) {
      await clock.advance(40);
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  };
  const cell = (at: number): CellEnd => {
    const found = cells[at];
    if (found === undefined) throw new Error(`no console ${at} was opened`);
    return found;
  };
  return { clock, terminal, cells, cell, saved, ended, settle };
}

test('a shell, a second one beside it, typing in both, a lost line, and back to the page', async () => {
  const { terminal, cell, ended, settle } = start();
  await settle();
  terminal.type('s');
  await settle();
  expect(cell(0).query).toMatchObject({ target: 'web/0', columns: 80, rows: 22 });
  await cell(0).opens('cell-1.a');
  await cell(0).prints('one $ ');
  await settle();
  expect(terminal.screenText()).toContain('one $');
  terminal.type('\x1d|');
  await settle();
  expect(cell(1).query).toMatchObject({ target: 'web/0', columns: 38, rows: 21 });
  await cell(1).opens('cell-1.b', false, { columns: 38, rows: 21 });
  await cell(1).prints('two $ ');
  await settle();
  expect(cell(0).sizes().at(-1)).toEqual({ columns: 38, rows: 21 });
  expect(terminal.screenText()).toMatch(/one \$ .*two \$/);
  terminal.type('ls\r\x03');
  terminal.type('\x1d\x1b[D');
  terminal.type('\x1b[A');
  terminal.paste('pasted\nlines');
  await settle();
  expect(cell(1).input).toBe('ls\r\x03');
  expect(cell(0).input).toBe('\x1b[Apasted\rlines');

  cell(0).cut();
  await settle();
  await settle();
  expect(cell(2).query).toMatchObject({ session: 'cell-1.a' });
  expect(terminal.screenText()).toContain('the connection was lost');
  await cell(2).opens('cell-1.a', true, { columns: 38, rows: 21 });
  await cell(2).prints('\x1b[H\x1b[2Jone again');
  await settle();
  expect(terminal.screenText()).toMatch(/one again .*two \$/);

  terminal.type('\x1dq');
  await settle();
  expect(terminal.screenText()).toContain('the page below');
  expect(terminal.screenText()).toContain('2 consoles');
  terminal.type('\x1d');
  await settle();
  expect(terminal.screenText()).toContain('one again');

  terminal.type('\x1d=');
  await settle();
  expect(terminal.screenText()).toContain('all 2 open panes');
  terminal.type('ydate\r');
  await settle();
  expect(cell(1).input).toBe('ls\r\x03date\r');
  expect(cell(2).input).toBe('date\r');

  terminal.type('\x1d=');
  await cell(2).says({ kind: 'exit', code: 3 });
  await settle();
  expect(terminal.screenText()).toContain('exited 3');
  terminal.type('\r');
  await settle();
  expect(terminal.screenText()).not.toContain('exited 3');
  terminal.type('\x1dd');
  await settle();
  expect(terminal.screenText()).toContain('the page below');
  expect(cell(1).closed).toBe(true);
  terminal.end(0);
  expect(await ended).toBe(0);
});

test('the whole screen is handed over and taken back', async () => {
  const { terminal, cell, ended, settle } = start();
  await settle();
  terminal.type('S');
  await settle();
  await cell(0).opens('cell-1.full');
  await cell(0).prints('\x1b[38;2;9;9;9mtrue colour');
  await settle();
  expect(terminal.wired).toContain('\x1b[38;2;9;9;9mtrue colour');
  terminal.type('x\x1dd');
  await settle();
  expect(cell(0).input).toBe('x');
  expect(terminal.screenText()).toContain('stays for 10 minutes');
  terminal.end(0);
  await ended;
});

test('leaving the UI leaves the sessions and ends nothing', async () => {
  const { terminal, cell, ended, settle, clock } = start();
  await settle();
  terminal.type('s');
  await settle();
  await cell(0).opens();
  await settle();
  terminal.end(129);
  expect(await ended).toBe(129);
  await clock.settle();
  expect(cell(0).closed).toBe(true);
  expect(cell(0).controls.some(({ kind }) => kind === 'close')).toBe(false);
});
