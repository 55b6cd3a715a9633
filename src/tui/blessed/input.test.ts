import { describe, expect, test } from 'vitest';
import { virtualClock } from '../../../test/kit/virtual-clock.ts';
import { seededRng } from '../../base/core/rng.ts';
import { actions } from '../core/actions.ts';
import { type InputEvent, pastePieceMaxLength } from '../core/input-parser.ts';
import { createInput } from './input.ts';

/** What keyboards send, and what the key is called. */
const keys: readonly (readonly [bytes: string, name: string])[] = [
  ['a', 'a'],
  ['Z', 'Z'],
  ['/', '/'],
  [' ', 'space'],
  ['é', 'é'],
  ['世', '世'],
  ['🐝', '🐝'],
  ['\r', 'enter'],
  ['\n', 'enter'],
  ['\t', 'tab'],
  ['\x7f', 'backspace'],
  ['\b', 'backspace'],
  ['\0', 'ctrl-space'],
  ['\x01', 'ctrl-a'],
  ['\x03', 'ctrl-c'],
  ['\x1a', 'ctrl-z'],
  ['\x1c', 'ctrl-\\'],
  ['\x1d', 'ctrl-]'],
  ['\x1b[A', 'up'],
  ['\x1bOA', 'up'],
  ['\x1b[B', 'down'],
  ['\x1bOB', 'down'],
  ['\x1b[C', 'right'],
  ['\x1b[D', 'left'],
  ['\x1b[H', 'home'],
  ['\x1bOH', 'home'],
  ['\x1b[1~', 'home'],
  ['\x1b[7~', 'home'],
  ['\x1b[F', 'end'],
  ['\x1b[4~', 'end'],
  ['\x1b[8~', 'end'],
  ['\x1b[2~', 'insert'],
  ['\x1b[3~', 'delete'],
  ['\x1b[5~', 'pageup'],
  ['\x1b[6~', 'pagedown'],
  ['\x1b[Z', 'shift-tab'],
  ['\x1b[1;2D', 'shift-left'],
  ['\x1b[1;2C', 'shift-right'],
  ['\x1b[1;5A', 'ctrl-up'],
  ['\x1b[1;3B', 'alt-down'],
  ['\x1b[1;6D', 'ctrl-shift-left'],
  ['\x1b[3;5~', 'ctrl-delete'],
  ['\x1b[d', 'shift-left'],
  ['\x1bOd', 'ctrl-left'],
  ['\x1b[7$', 'shift-home'],
  ['\x1b[3^', 'ctrl-delete'],
  ['\x1b\x1b[A', 'alt-up'],
  ['\x1bOP', 'f1'],
  ['\x1b[[A', 'f1'],
  ['\x1b[11~', 'f1'],
  ['\x1b[15~', 'f5'],
  ['\x1b[24~', 'f12'],
  ['\x1b[1;2P', 'shift-f1'],
  ['\x1bOM', 'enter'],
  ['\x1bOu', '5'],
  ['\x1bx', 'alt-x'],
  ['\x1b\x7f', 'alt-backspace'],
  ['\x1b\r', 'alt-enter'],
  ['\x1b\x04', 'ctrl-alt-d'],
  ['\x1bé', 'alt-é'],
];

/** What terminals send unasked or as an answer, and keys of protocols that were not asked for. */
const noise: readonly string[] = [
  '\x1b[I',
  '\x1b[O',
  '\x1b[?1;2c',
  '\x1b[>41;388;0c',
  '\x1b[12;40R',
  '\x1b[?2004;1$y',
  '\x1b[8;24;80t',
  '\x1b[97;5u',
  '\x1b[57442;5:3u',
  '\x1b[27;5;9~',
  '\x1b[<0;10;10M',
  '\x1b[<0;10;10m',
  '\x1b[M !!',
  '\x1b]11;rgb:1e1e/1e1e/1e1e\x07',
  '\x1b]52;c;aGVsbG8=\x1b\\',
  '\x1bP1+r544e=787465726d\x1b\\',
  '\x1bP>|tmux 3.3a\x1b\\',
  '\x1b_Gi=31;OK\x1b\\',
  '\x1b[201~',
  '\x1b[200;5;9x',
  `\x1b[${'1;'.repeat(100)}A`,
  '\u0085\u009b',
];

const paste = (text: string): string => `\x1b[200~${text}\x1b[201~`;

/** The events of these reads, with time enough between the last and the end for everything that is held. */
async function eventsOf(reads: readonly Uint8Array[], betweenMs = 0): Promise<InputEvent[]> {
  const clock = virtualClock();
  const events: InputEvent[] = [];
  const input = createInput({ clock, holdMs: 40, emit: (event) => events.push(event) });
  for (const [index, read] of reads.entries()) {
    if (index > 0 && betweenMs > 0) await clock.advance(betweenMs);
    input.feed(read);
  }
  await clock.advance(10_000);
  expect(input.held).toBe(0);
  expect(clock.pendingTimers).toBe(0);
  return events;
}

const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'utf8');

const summary = (events: readonly InputEvent[]): readonly string[] =>
  events.map((event) => (event.kind === 'key' ? event.key.name : `paste ${JSON.stringify(event.text)}`));

describe('every input, split at every byte', () => {
  const mixes: readonly (readonly [input: string, events: readonly string[]])[] = [
    ...keys.map(([bytes, name]) => [bytes, [name]] as const),
    ...keys.map(([bytes, name]) => [`j${bytes}${bytes}k`, ['j', name, name, 'k']] as const),
    ...noise.map((bytes) => [`j${bytes}k`, ['j', 'k']] as const),
    [paste('ctrl ddq\rrm -rf\n'), ['paste "ctrl ddq\\rrm -rf\\n"']],
    [paste('') + paste('世🐝\x1b[A\x1b[201'), ['paste "世🐝\\u001b[A\\u001b[201"']],
    [`d${paste('x')}\x1b[A\x1b[I${paste('y')}q`, ['d', 'paste "x"', 'up', 'paste "y"', 'q']],
    ['\x1b[1;\x1b[A', ['up']],
    ['\x1b[1;\rj', ['enter', 'j']],
    ['\x1b]0;never ended\x1b[Bj', ['down', 'j']],
    ['q\x1b', ['q', 'escape']],
    ['\x1b\x1b', ['escape', 'escape']],
    ['\x1b\x1bj', ['escape', 'alt-j']],
    ['\x1b[', ['alt-[']],
    ['\x1bO', ['alt-O']],
    ['\x1b]', ['alt-]']],
    [paste('unterminated').slice(0, -6), ['paste "unterminated"']],
  ];

  test.each(mixes)('%j', async (text, expected) => {
    const bytes = bytesOf(text);
    expect(summary(await eventsOf([bytes]))).toEqual(expected);
    const whole = await eventsOf([bytes]);
    for (let at = 1; at < bytes.length; at += 1)
      expect(await eventsOf([bytes.subarray(0, at), bytes.subarray(at)], 39)).toEqual(whole);
    expect(await eventsOf(Array.from(bytes, (_, at) => bytes.subarray(at, at + 1)))).toEqual(whole);
  });

  test('the bytes of the keys are what came', async () => {
    for (const [bytes] of keys)
      expect(
        (await eventsOf([bytesOf(bytes)])).map((event) => event.kind === 'key' && event.key.bytes),
      ).toEqual([bytes]);
  });
});

test('every key that an action is bound to can be typed', () => {
  const typed = new Set([...keys.map(([, name]) => name), 'escape', 'ctrl-\\']);
  for (let code = 0x21; code < 0x7f; code += 1) typed.add(String.fromCharCode(code));
  for (const letter of 'abcdefgijklnopqrstuvwxyz') typed.add(`ctrl-${letter}`);
  const bound = Object.values(actions).flatMap((action) => action.keys);
  expect(bound.filter((key) => !typed.has(key))).toEqual([]);
});

describe('patience', () => {
  test('a lone Escape is the key after 40 ms, and no sooner', async () => {
    const clock = virtualClock();
    const events: InputEvent[] = [];
    const input = createInput({ clock, holdMs: 40, emit: (event) => events.push(event) });
    input.feed(bytesOf('\x1b'));
    await clock.advance(39);
    expect(events).toEqual([]);
    await clock.advance(1);
    expect(summary(events)).toEqual(['escape']);
  });

  test('what follows `ESC [` late is still the arrow', async () => {
    expect(summary(await eventsOf([bytesOf('\x1b['), bytesOf('A')], 400))).toEqual(['up']);
  });

  test('a reply that never ends swallows no keys for long', async () => {
    const clock = virtualClock();
    const events: InputEvent[] = [];
    const input = createInput({ clock, holdMs: 40, emit: (event) => events.push(event) });
    input.feed(bytesOf('\x1b]11;rgb'));
    for (let typed = 0; typed < 5; typed += 1) {
      await clock.advance(300);
      input.feed(bytesOf('j'));
    }
    expect(summary(events)).toEqual(['j', 'j']);
  });

  test('what is unfinished is forgotten when the terminal is given away', async () => {
    const clock = virtualClock();
    const events: InputEvent[] = [];
    const input = createInput({ clock, holdMs: 40, emit: (event) => events.push(event) });
    input.feed(bytesOf('\x1b[200~secret'));
    input.reset();
    await clock.advance(10_000);
    input.feed(bytesOf('j'));
    expect(summary(events)).toEqual(['j']);
  });
});

describe('bounds', () => {
  test('a long paste comes in pieces and whole, however it was split', async () => {
    const text = 'a🐝'.repeat(pastePieceMaxLength / 2);
    const bytes = bytesOf(paste(text));
    const half = Math.floor(bytes.length / 2);
    for (const reads of [[bytes], [bytes.subarray(0, half), bytes.subarray(half)]]) {
      const events = await eventsOf(reads);
      expect(events.length).toBe(2);
      expect(events.map((event) => (event.kind === 'paste' ? event.text : '')).join('')).toBe(text);
    }
  });

  test('nothing throws and nothing grows whatever the bytes are', async () => {
    const rng = seededRng(4);
    const clock = virtualClock();
    let events = 0;
    const input = createInput({ clock, holdMs: 40, emit: () => (events += 1) });
    let most = 0;
    // Bytes that sequences are made of come often.
    const likely = bytesOf('\x1b\x1b\x1b[[O]P_^X0123456789;?<>$~ABCDMRuhlm\x07\\\x18 ');
    for (let fed = 0; fed < 100_000; ) {
      const read = Uint8Array.from({ length: 1 + Math.floor(rng.next() * 60) }, () =>
        rng.next() < 0.6
          ? (likely[Math.floor(rng.next() * likely.length)] ?? 0)
          : Math.floor(rng.next() * 256),
      );
      fed += read.length;
      input.feed(read);
      most = Math.max(most, input.held);
      if (rng.next() < 0.05) await clock.advance(rng.next() * 1_200);
    }
    await clock.advance(10_000);
    expect(events).toBeGreaterThan(10_000);
    expect(most).toBeLessThan(1_000);
    expect(clock.pendingTimers).toBe(0);
  });
});
