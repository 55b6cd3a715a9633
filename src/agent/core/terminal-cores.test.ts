import { expect, test } from 'vitest';
import { consoleTries } from './console-args.ts';
import { isTerminalReport } from './terminal-report.ts';
import { TerminalTail } from './terminal-tail.ts';
import { plainTitle } from './terminal-title.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test.each([
  ['plain text', ''],
  ['\u001b[31mred', ''],
  ['text\u001b', '\u001b'],
  ['text\u001b[', '\u001b['],
  ['text\u001b[38;2;1', '\u001b[38;2;1'],
  ['\u001b]2;a title', '\u001b]2;a title'],
  ['\u001b]2;a title\u0007$ ', ''],
  ['\u001b]2;a title\u001b\\$ ', ''],
  ['\u001bP+q\u001b', '\u001b'],
  ['\u001b(', '\u001b('],
  ['\u001b(B', ''],
  ['\u001b[3\u001b[4', '\u001b[4'],
  ['\u001b[3\u0018 text', ''],
])('the tail of %j is %j, however it is split', (text, tail) => {
  const whole = new TerminalTail();
  whole.push(bytes(text));
  const bytewise = new TerminalTail();
  for (const byte of bytes(text)) bytewise.push(Uint8Array.of(byte));
  for (const each of [whole, bytewise]) expect(new TextDecoder().decode(each.bytes)).toBe(tail);
});

test('half a character is kept until its end comes', () => {
  const tail = new TerminalTail();
  const bee = bytes('🐝');
  tail.push(bee.slice(0, 3));
  expect(tail.bytes).toEqual(bee.slice(0, 3));
  tail.push(bee.slice(3));
  expect(tail.bytes).toHaveLength(0);
});

test('a string without an end is not kept for ever', () => {
  const tail = new TerminalTail();
  tail.push(bytes('\u001b]2;'));
  for (let i = 0; i < 20; i++) tail.push(bytes('x'.repeat(10_000)));
  expect(tail.bytes.length).toBeLessThan(70_000);
});

test.each([
  ['\u001b[?1;2c', true],
  ['\u001b[24;80R', true],
  ['\u001b[0n\u001b[3;4R', true],
  ['\u001b]11;rgb:0000/0000/0000\u001b\\', true],
  ['\u001b[?2026;2$y', true],
  ['\u001bP>|xterm(390)\u001b\\', true],
  ['\u001b[I', true],
  ['\u001b[A', false],
  ['\u001b', false],
  ['ls\r', false],
  ['\u001b[24;80Rls', false],
  ['\u001b[<0;3;4M', false],
])('%j is an answer of a terminal: %j', (input, expected) => {
  expect(isTerminalReport(bytes(input))).toBe(expected);
});

test('a title steers no terminal and is not endless', () => {
  expect(plainTitle('vi\u001b[31m \u202enotes\u009b1m\u0007')).toBe('vi[31m notes1m');
  expect(Array.from(plainTitle('🐝'.repeat(1_000)))).toHaveLength(200);
});

test('a command is tried without a shell when there is none', () => {
  expect(consoleTries(['top', '-b']).at(-1)).toEqual(['top', '-b']);
  expect(consoleTries(['top', '-b'])[0]?.slice(-2)).toEqual(['top', '-b']);
  expect(consoleTries([]).every(([first]) => ['sh', 'bash', 'ash', 'busybox'].includes(first ?? ''))).toBe(
    true,
  );
});
