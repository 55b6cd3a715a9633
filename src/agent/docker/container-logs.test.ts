import { expect, test } from 'vitest';
import type { LogLine } from '../runtime.ts';
import { joinLines } from './container-logs.ts';
import type { Frame } from './frames.ts';

const time = '2026-01-02T03:04:05.123456789Z';
const at = Date.parse('2026-01-02T03:04:05.123Z');

const frame = (text: string | Buffer, stream: Frame['stream'] = 'stdout', stamp = time): Frame => ({
  stream,
  data: Buffer.concat([Buffer.from(`${stamp} `), Buffer.from(text)]),
});

async function lines(...frames: readonly Frame[]): Promise<LogLine[]> {
  async function* source(): AsyncGenerator<Frame> {
    yield* frames;
  }
  const read: LogLine[] = [];
  for await (const line of joinLines(source())) read.push(line);
  return read;
}

test('a frame is a line, with its time to the millisecond', async () => {
  expect(await lines(frame('hello world\n'), frame('\n', 'stderr'))).toEqual([
    { at, stream: 'stdout', text: 'hello world' },
    { at, stream: 'stderr', text: '' },
  ]);
});

test('[diego 334] pieces of one line are joined, each stream for itself, at the time of the first', async () => {
  const later = '2026-01-02T03:04:06Z';
  const read = await lines(frame('one '), frame('other\n', 'stderr'), frame('two\n', 'stdout', later));
  expect(read).toEqual([
    { at, stream: 'stderr', text: 'other' },
    { at, stream: 'stdout', text: 'one two' },
  ]);
});

test('[diego 334] a character that lies across two pieces stays whole', async () => {
  const bytes = Buffer.from('a€b\n');
  expect((await lines(frame(bytes.subarray(0, 2)), frame(bytes.subarray(2))))[0]?.text).toBe('a€b');
});

test('a line that never ends is shown at the end of the log', async () => {
  expect(await lines(frame('half'))).toEqual([{ at, stream: 'stdout', text: 'half' }]);
});

test('[diego 334] an endless line is cut between characters', async () => {
  const piece = '€'.repeat(5_461);
  const read = await lines(...Array.from({ length: 6 }, () => frame(piece)), frame('\n'));
  expect(read.map(({ text }) => text).join('')).toBe(piece.repeat(6));
  expect(read.map(({ text }) => Buffer.byteLength(text))).toEqual([61_440, 98_298 - 61_440]);
});

test('a carriage return before the end of the line is no part of it', async () => {
  expect((await lines(frame('dos\r\n')))[0]?.text).toBe('dos');
});

test('a time that cannot be read is none', async () => {
  expect(await lines(frame('x\n', 'stdout', 'yesterday'))).toEqual([{ at: 0, stream: 'stdout', text: 'x' }]);
});
