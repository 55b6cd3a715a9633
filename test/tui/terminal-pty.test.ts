/**
 * The operator's terminal in a real pseudo-terminal, under a real shell: whatever ends the program, the terminal is as it
 * was before, and the exit status says what happened.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { eventually } from '../kit/e2e-cluster.ts';
import { openTerminal, type TestTerminal } from '../kit/pty.ts';

const root = join(import.meta.dirname, '../..');
const program = `${join(root, 'node_modules/.bin/node')} ${join(root, 'test/tui/terminal-program.ts')}`;
const open: TestTerminal[] = [];

afterEach(async () => {
  for (const terminal of open.splice(0)) await terminal.close();
});

/** A shell at its prompt. */
async function shell(env: NodeJS.ProcessEnv = {}): Promise<TestTerminal> {
  const terminal = openTerminal(['/bin/bash', '--norc', '-i'], {
    columns: 70,
    rows: 16,
    env: { TERM: 'xterm-256color', LANG: 'C.UTF-8', LC_ALL: '', NO_COLOR: '', PS1: 'prompt> ', ...env },
  });
  open.push(terminal);
  await terminal.untilScreen(/prompt>/);
  return terminal;
}

/** The program drawn, with the shell's settings of the terminal before; its pid. */
async function running(terminal: TestTerminal): Promise<number> {
  terminal.type(`echo before $(stty -g); ${program}; echo "status=$?" after $(stty -g)\r`);
  return Number(/pid=(\d+)/.exec(await terminal.untilScreen(/pid=\d+/))?.[1]);
}

/** The settings are the same, the shell's own screen is back, the cursor is seen; the exit status. */
async function restored(terminal: TestTerminal): Promise<number> {
  const [, status, after] = await eventually('the shell goes on', 20_000, async () => {
    const found = /status=(\d+) after ([0-9a-f:]+)/.exec(terminal.output());
    if (found === null) throw new Error(await terminal.screen());
    return found;
  });
  const [, before] = /before ([0-9a-f:]+)/.exec(terminal.output()) ?? [];
  expect(before).toMatch(/^[0-9a-f:]{60,}$/);
  expect(after).toBe(before);
  const last = (mode: string): string => /.$/.exec(lastMatch(terminal.output(), mode))?.[0] ?? '';
  // The Linux console has one screen only.
  expect(last('1049')).not.toBe('h');
  expect(last('25')).toBe('h');
  expect(last('1003')).not.toBe('h');
  return Number(status);
}

const lastMatch = (output: string, mode: string): string =>
  output.match(new RegExp(`\\x1b\\[\\?${mode}[hl]`, 'g'))?.at(-1) ?? '';

describe('however it ends, the terminal is as it was before', () => {
  test.each([
    ['q, an orderly end', 'q', 0],
    ['x, an exit from anywhere', 'x', 5],
    ['t, an error that nobody caught', 't', 70],
    ['p, a rejection that nobody caught', 'p', 70],
  ])('%s', async (_, key, exit) => {
    const folder = mkdtempSync(join(tmpdir(), 'skep-terminal-'));
    const terminal = await shell({ XDG_STATE_HOME: folder });
    await running(terminal);
    terminal.type(key);
    expect(await restored(terminal)).toBe(exit);
    const record = /record in\s+(\S+(?:\n\S+)?)/.exec(await terminal.screen())?.[1]?.replace('\n', '');
    expect(record === undefined).toBe(exit !== 70);
    if (record !== undefined)
      expect(readFileSync(record, 'utf8')).toMatch(/on purpose[\s\S]*terminal-program\.ts/);
    rmSync(folder, { recursive: true });
  });

  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGHUP', 129],
    ['SIGQUIT', 131],
    ['SIGKILL', 137],
  ] as const)('%s', async (signal, exit) => {
    const terminal = await shell();
    process.kill(await running(terminal), signal);
    if (signal === 'SIGKILL') await terminal.untilScreen(/skep was killed; the terminal is as it was/);
    if (signal === 'SIGKILL') terminal.type('\r');
    expect(await restored(terminal)).toBe(exit);
  });

  test('suspended and brought back', async () => {
    const terminal = await shell();
    terminal.type(`echo before $(stty -g); ${program}\r`);
    const pid = await terminal.untilScreen(/pid=\d+/);
    terminal.type('z');
    await terminal.untilScreen(/Stopped/);
    terminal.type('echo "status=0" after $(stty -g)\r');
    await restored(terminal);
    terminal.type('fg\r');
    const back = await terminal.untilScreen(/key z/);
    expect(/pid=\d+/.exec(back)?.[0]).toBe(/pid=\d+/.exec(pid)?.[0]);
    terminal.type('a');
    await terminal.untilScreen(/key a/);
    terminal.type('q');
    await terminal.untilScreen(/prompt>$/);
  });

  test('stopped by somebody else and continued', async () => {
    const terminal = await shell();
    const pid = await running(terminal);
    process.kill(pid, 'SIGTSTP');
    await terminal.untilScreen(/Stopped/);
    terminal.type('fg\r');
    await terminal.untilScreen(/pid=/);
    terminal.type('q');
    await terminal.untilScreen(/prompt>$/);
    // The rest of the line went on when the program stopped.
    expect(await restored(terminal)).toBe(148);
  });

  test('a closed line ends it', async () => {
    const terminal = openTerminal(['/bin/bash', '--norc', '-c', `exec ${program}`], {
      columns: 70,
      rows: 16,
    });
    open.push(terminal);
    const pid = Number(/pid=(\d+)/.exec(await terminal.untilScreen(/pid=\d+/))?.[1]);
    terminal.hangUp();
    await terminal.ended;
    expect(existsSync(`/proc/${pid}`)).toBe(false);
  });
});

describe('the terminal is given to others', () => {
  test('lent to an editor, and taken back', async () => {
    const terminal = await shell();
    await running(terminal);
    terminal.type('e');
    expect(await terminal.untilScreen(/lent/)).toMatch(/^ echo/m);
    terminal.type('\r');
    await terminal.untilScreen(/lent 0/);
    terminal.type('q');
    expect(await restored(terminal)).toBe(0);
  });

  test('handed over byte for byte, and cleared of what was left switched on', async () => {
    const terminal = await shell();
    await running(terminal);
    terminal.type('h');
    await terminal.untilScreen(/handed/);
    terminal.type('\x1b[A\x03');
    await terminal.untilScreen(/<"\\u001b\[A\\u0003">/);
    terminal.type('\x1d');
    await terminal.untilScreen(/back/);
    terminal.type('q');
    expect(await restored(terminal)).toBe(0);
  });
});

describe('what it is drawn with', () => {
  const terms = [
    ['xterm-256color', 256],
    ['tmux-256color', 256],
    ['screen-256color', 256],
    ['linux', 8],
    ['vt100', 0],
  ] as const;
  const matrix = terms.flatMap(([term, colours]) =>
    (['C', 'C.UTF-8'] as const).flatMap((lang) =>
      ['', '1'].map((noColour) => [term, lang, noColour, noColour === '1' ? 0 : colours] as const),
    ),
  );

  test.each(matrix)('TERM=%s LANG=%s NO_COLOR=%s', async (term, lang, noColour, colours) => {
    const terminal = await shell({ TERM: term, LANG: lang, NO_COLOR: noColour });
    await running(terminal);
    terminal.type('a');
    const screen = await terminal.untilScreen(/key a/);
    const unicode = lang === 'C.UTF-8';
    expect(screen).toContain(`program 70x16 colours=${colours} utf8=${unicode}`);
    expect(screen).toContain(unicode ? '│é 世界 ✓' : '|? ? ?  ?');
    const drawn = terminal.output().slice(terminal.output().indexOf('\x1b[?2004h\x1b[?25l'));
    if (!unicode) expect(Array.from(drawn).every((character) => character < '\x7f')).toBe(true);
    const coloursUsed = [...drawn.replaceAll('\x1b', 'ESC').matchAll(/ESC\[([\d;]+)m/g)].flatMap(
      ([, codes = '']) =>
        codes
          .split(';')
          .map(Number)
          .filter((code) => code >= 30),
    );
    if (colours === 0) expect(coloursUsed).toEqual([]);
    if (colours === 8) expect(coloursUsed.every((code) => code < 48)).toBe(true);
    if (colours === 256) expect(coloursUsed).toContain(215);
    terminal.type('q');
    expect(await restored(terminal)).toBe(0);
  });

  test.each(['dumb', ''])('TERM=%j is refused, with what to use instead', async (term) => {
    const terminal = await shell();
    terminal.type(`TERM=${term} ${program}; echo status=$?\r`);
    const screen = await terminal.untilScreen(/status=2/);
    expect(screen.replaceAll('\n', '')).toMatch(/use ?the ?commands: ?'skep ?ps'/);
  });

  test('what is no terminal is refused', async () => {
    const terminal = await shell();
    terminal.type(`${program} | cat; echo status=\${PIPESTATUS[0]}\r`);
    await terminal.untilScreen(/status=2/);
    expect(await terminal.screen()).toContain('needs a terminal');
  });
});
