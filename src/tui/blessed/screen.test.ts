import { EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import { type VirtualClock, virtualClock } from '../../../test/kit/virtual-clock.ts';
import { attrOf, canvasOf, createFrame, type Frame } from '../core/frame.ts';
import type { Terminal, TerminalEvent } from '../terminal.ts';
import { clipboardMaxBytes } from './clipboard.ts';
import type { TerminalHost } from './host.ts';
import { profileOf, refusal } from './profile.ts';
import { openTerminal } from './screen.ts';
import type { Writer } from './writer.ts';

interface World {
  readonly clock: VirtualClock;
  readonly terminal: Terminal;
  readonly events: TerminalEvent[];
  /** What was asked of the process and of the input: `exit 143`, `raw`, `cooked`. */
  readonly log: string[];
  readonly output: EventEmitter & { columns: number; rows: number };
  type(text: string): void;
  endInput(): void;
  signal(name: string): void;
  crash(error: unknown): void;
  /** Whether the line takes what is written. */
  stall(stalled: boolean): void;
  written(): string;
}

function open(env: Record<string, string> = {}): World {
  const clock = virtualClock();
  const log: string[] = [];
  const events: TerminalEvent[] = [];
  const output = Object.assign(new EventEmitter(), { columns: 20, rows: 4 });
  const input = Object.assign(new EventEmitter(), {
    setRawMode: (raw: boolean) => log.push(raw ? 'raw' : 'cooked'),
    resume: () => undefined,
    pause: () => undefined,
  });
  const process = new EventEmitter();
  let written = '';
  let stalled = false;
  let drained: () => void = () => undefined;
  const writer: Writer = {
    write(data) {
      written += typeof data === 'string' ? data : Buffer.from(data).toString();
    },
    get busy() {
      return stalled;
    },
    get written() {
      return written.length;
    },
    onDrained(listener) {
      drained = listener;
    },
    taken: () => Promise.resolve(),
    last(data) {
      written += data;
    },
    close: () => log.push('closed'),
  };
  const hook =
    (name: string) =>
    (run: (error: unknown) => void): (() => void) => {
      process.on(name, run);
      return () => process.off(name, run);
    };
  const host: TerminalHost = {
    onSignal: (name, run) => hook(name)(run),
    onCrash: hook('crash'),
    onExit: hook('exit'),
    stop: () => log.push('stop'),
    exit: (status) => log.push(`exit ${status}`),
    holds: (held) => log.push(held ? 'held' : 'released'),
    copyToTmux: (text) => log.push(`tmux ${text}`),
    recordCrash: () => '/crash.txt',
    say: (line) => log.push(line),
  };
  const terminal = openTerminal({
    input,
    output,
    makeWriter: () => writer,
    profile: profileOf({ TERM: 'xterm-256color', LANG: 'C.UTF-8', ...env }),
    clock,
    host,
  });
  terminal.listen((event) => events.push(event));
  return {
    clock,
    terminal,
    events,
    log,
    output,
    type: (text) => void input.emit('data', Buffer.from(text)),
    endInput: () => void input.emit('end'),
    signal: (name) => void process.emit(name),
    crash: (error) => void process.emit('crash', error),
    stall(next) {
      stalled = next;
      if (!next) drained();
    },
    written: () => written,
  };
}

function frameOf(text: string): Frame {
  const frame = createFrame(20, 4);
  canvasOf(frame).text(0, 0, text, attrOf({}));
  return frame;
}

const leftScreen = '\x1b[?1049l';

describe('drawing', () => {
  test('writes nothing while the line takes nothing, and says when it does again', () => {
    const { terminal, stall, written, events } = open();
    stall(true);
    const before = written();
    expect(terminal.draw(frameOf('one'))).toBe(false);
    expect(written()).toBe(before);
    stall(false);
    expect(events).toEqual([{ kind: 'drained' }]);
    expect(terminal.draw(frameOf('two'))).toBe(true);
    expect(written()).toContain('two');
  });

  test('is silent after the end', () => {
    const { terminal, written } = open();
    terminal.close();
    const before = written();
    expect(terminal.draw(frameOf('late'))).toBe(true);
    terminal.bell();
    terminal.title('late');
    terminal.close();
    expect(written()).toBe(before);
  });
});

test('a storm of new sizes is told a few times, with the last size last', async () => {
  const { clock, output, events, terminal } = open();
  for (let columns = 21; columns <= 120; columns += 1) {
    output.columns = columns;
    output.emit('resize');
    await clock.advance(3);
  }
  await clock.advance(100);
  expect(events.length).toBeLessThan(8);
  expect(events.at(-1)).toEqual({ kind: 'resize', size: { columns: 120, rows: 4 } });
  expect(terminal.size).toEqual({ columns: 120, rows: 4 });
});

test('a terminal that does not know its size is 80 by 24', async () => {
  const { clock, output, terminal } = open();
  Object.assign(output, { columns: 0, rows: 0 });
  output.emit('resize');
  await clock.advance(100);
  expect(terminal.size).toEqual({ columns: 80, rows: 24 });
});

describe('the end', () => {
  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGHUP', 129],
    ['SIGQUIT', 131],
  ])('%s restores the terminal, says so, and ends who does not go', async (name, exit) => {
    const { clock, signal, events, log, written } = open();
    signal(name);
    signal(name);
    expect(written()).toContain(leftScreen);
    expect(log.slice(-3)).toEqual(['cooked', 'released', 'closed']);
    expect(events).toEqual([{ kind: 'ended', exit }]);
    await clock.advance(2_999);
    expect(log).not.toContain(`exit ${exit}`);
    await clock.advance(1);
    expect(log).toContain(`exit ${exit}`);
  });

  test('who goes by itself is not made to', async () => {
    const { clock, signal, terminal, log } = open();
    signal('SIGTERM');
    terminal.close();
    await clock.advance(10_000);
    expect(log.some((line) => line.startsWith('exit'))).toBe(false);
    expect(clock.pendingTimers).toBe(0);
  });

  test('a closed line is as a hang-up', () => {
    const { endInput, events } = open();
    endInput();
    expect(events).toEqual([{ kind: 'ended', exit: 129 }]);
  });

  test('an error that nobody caught is recorded, after the terminal was restored', () => {
    const { crash, log, written } = open();
    crash(new Error('why'));
    expect(written()).toContain(leftScreen);
    expect(log.at(-1)).toBe('exit 70');
    expect(log.at(-2)).toContain('/crash.txt');
  });
});

describe('somebody else has the terminal', () => {
  test('it is lent as it was found; what is typed meanwhile is not ours', async () => {
    const { terminal, written, type, events, log } = open();
    terminal.draw(frameOf('first'));
    const result = await terminal.lend(() => {
      expect(written()).toContain(leftScreen);
      expect(log.at(-1)).toBe('released');
      type('x');
      expect(terminal.draw(frameOf('hidden'))).toBe(true);
      return Promise.resolve(7);
    });
    expect(result).toBe(7);
    expect(written()).not.toContain('hidden');
    expect(log.at(-1)).toBe('held');
    expect(events).toEqual([{ kind: 'resize', size: { columns: 20, rows: 4 } }]);
    const before = written().length;
    terminal.draw(frameOf('first'));
    expect(written().slice(before)).toContain('first');
  });

  test('keys of the borrower that signal the whole group end nothing; Ctrl-Z stops the group', async () => {
    const { terminal, signal, events, log } = open();
    const result = await terminal.lend(() => {
      signal('SIGINT');
      signal('SIGQUIT');
      signal('SIGTSTP');
      return Promise.resolve('saved');
    });
    expect(result).toBe('saved');
    expect(events.map(({ kind }) => kind)).toEqual(['resize']);
    expect(log.filter((line) => line === 'stop')).toHaveLength(1);
    signal('SIGINT');
    expect(events.at(-1)).toEqual({ kind: 'ended', exit: 130 });
  });

  test('who must go while it is lent goes', async () => {
    const { terminal, signal, events } = open();
    await terminal.lend(() => {
      signal('SIGTERM');
      return Promise.resolve();
    });
    expect(events).toEqual([{ kind: 'ended', exit: 143 }]);
  });

  test('it is taken back when the borrower fails', async () => {
    const { terminal, log } = open();
    await expect(terminal.lend(() => Promise.reject(new Error('no editor')))).rejects.toThrow('no editor');
    expect(log.at(-1)).toBe('held');
  });

  test('handed over, every byte goes through, and new sizes are told', async () => {
    const { terminal, type, output, clock, written, events } = open();
    const seen: string[] = [];
    await terminal.handOver(async (wire) => {
      wire.onInput((bytes) => seen.push(Buffer.from(bytes).toString()));
      wire.onResize(({ columns }) => seen.push(`size ${columns}`));
      type('\x1b');
      type('[A\x1b[200~');
      output.columns = 33;
      output.emit('resize');
      await clock.advance(100);
      await wire.write(Buffer.from('\x1b[38;2;1;2;3mtrue colour'));
    });
    expect(seen).toEqual(['\x1b', '[A\x1b[200~', 'size 33']);
    expect(written()).toContain('\x1b[38;2;1;2;3mtrue colour');
    expect(written().slice(written().indexOf('true colour'))).toContain('\x1b[?1003l');
    expect(events).toEqual([{ kind: 'resize', size: { columns: 33, rows: 4 } }]);
  });

  test('suspended, it is the shell’s until the process is continued', async () => {
    const { terminal, signal, log, events, clock } = open();
    terminal.suspend();
    expect(log.slice(-3)).toEqual(['cooked', 'released', 'stop']);
    signal('SIGCONT');
    expect(log.at(-1)).toBe('held');
    await clock.advance(1_000);
    expect(events).toEqual([{ kind: 'resize', size: { columns: 20, rows: 4 } }]);
  });

  test('where nobody could continue it, it goes on by itself', async () => {
    const { terminal, clock, log } = open();
    terminal.suspend();
    await clock.advance(100);
    expect(log.at(-1)).toBe('held');
  });
});

describe('copy', () => {
  const copied = (env: Record<string, string>, text = 'web/0'): string => {
    const { terminal, written } = open(env);
    const before = written().length;
    expect(terminal.copy(text)).toBe(true);
    return written().slice(before);
  };
  const sequence = `\x1b]52;c;${Buffer.from('web/0').toString('base64')}\x07`;

  test('reaches the terminal, through tmux and screen', () => {
    expect(copied({})).toBe(sequence);
    expect(copied({ TMUX: '/tmp/tmux' })).toContain(`\x1bPtmux;\x1b${sequence}\x1b\\`);
    expect(copied({ STY: '1.pts' })).toBe(`\x1bP${sequence}\x1b\\`);
    const long = copied({ STY: '1.pts' }, 'x'.repeat(500));
    const parts = long.split('\x1b\\').filter((part) => part !== '');
    expect(parts.every((part) => part.startsWith('\x1bP') && part.length <= 78)).toBe(true);
    expect(parts.map((part) => part.slice(2)).join('')).toContain(
      Buffer.from('x'.repeat(500)).toString('base64'),
    );
  });

  test('is given to tmux by a command as well, which ignores the sequence unless it is told not to', () => {
    const { terminal, log } = open({ TMUX: '/tmp/tmux' });
    terminal.copy('web/0');
    expect(log.at(-1)).toBe('tmux web/0');
  });

  test('is refused where it would be dropped without a word', () => {
    const { terminal } = open();
    expect(terminal.copy('x'.repeat(clipboardMaxBytes))).toBe(true);
    expect(terminal.copy('é'.repeat(clipboardMaxBytes / 2 + 1))).toBe(false);
    expect(open({ TERM: 'linux' }).terminal.copy('x')).toBe(false);
  });
});

test('a title has no control characters, and none is set on the Linux console', () => {
  const { terminal, written } = open();
  terminal.title('a\x07\x1b[2Jb');
  expect(written()).toContain('\x1b]0;a  [2Jb\x07');
  const console = open({ TERM: 'linux' });
  console.terminal.title('x');
  expect(console.written()).not.toContain('\x1b]0');
});

describe('refusal', () => {
  const tty = { input: { isTTY: true }, output: { isTTY: true } };
  test.each([
    [{ TERM: 'dumb' }, tty, /cannot place its cursor.*skep ps/],
    [{ TERM: '' }, tty, /TERM is not set.*skep ps/],
    [{ TERM: 'xterm' }, { ...tty, output: {} }, /output is none/],
    [{ TERM: 'xterm' }, { ...tty, input: {} }, /input is none/],
    [{ TERM: 'dumb\x1b[2J' }, tty, /TERM=dumb\?\[2J/],
  ])('%j', (env, streams, reason) => {
    expect(refusal(env, streams)).toMatch(reason);
  });

  test('none for what can be drawn on', () => {
    for (const TERM of ['xterm', 'linux', 'vt100', 'tmux-256color', 'xterm-kitty'])
      expect(refusal({ TERM }, tty)).toBeUndefined();
  });
});

test.each([
  [{ TERM: 'xterm-256color' }, 256],
  [{ TERM: 'xterm' }, 16],
  [{ TERM: 'xterm', COLORTERM: 'truecolor' }, 256],
  [{ TERM: 'xterm-kitty' }, 256],
  [{ TERM: 'screen' }, 8],
  [{ TERM: 'linux' }, 8],
  [{ TERM: 'linux-16color' }, 16],
  [{ TERM: 'vt220' }, 0],
  [{ TERM: 'xterm-256color', NO_COLOR: '1' }, 0],
  [{ TERM: 'xterm-256color', NO_COLOR: '' }, 256],
])('%j has %d colours', (env, colours) => {
  expect(profileOf(env).colours).toBe(colours);
});

test.each([
  [{ LANG: 'de_DE.UTF-8' }, true],
  [{ LANG: 'C.utf8' }, true],
  [{ LANG: 'C' }, false],
  [{}, false],
  [{ LANG: 'C.UTF-8', LC_ALL: 'C' }, false],
  [{ LANG: 'C', LC_CTYPE: 'en_US.UTF-8' }, true],
])('%j: UTF-8 is %s', (env, unicode) => {
  expect(profileOf(env).unicode).toBe(unicode);
});
