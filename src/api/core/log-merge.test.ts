import { expect, test } from 'vitest';
import { LogMerge, type MergedLine } from './log-merge.ts';

const line = (stream: string, at: number, text = `${stream}${at}`): MergedLine => ({
  stream,
  at,
  text,
  channel: 'stdout',
});

function merge(...streams: string[]): LogMerge {
  const made = new LogMerge();
  for (const stream of streams) made.add(stream, 0);
  return made;
}

const texts = (released: { lines: readonly MergedLine[] }) => released.lines.map((each) => each.text);

test('a line waits until no other stream can bring an older one', () => {
  const lines = merge('a', 'b');
  lines.push(line('a', 10), 0);
  lines.push(line('a', 20), 0);
  lines.opened('b', 0);
  expect(texts(lines.take(0))).toEqual([]);
  lines.push(line('b', 15), 1);
  expect(texts(lines.take(1))).toEqual(['a10', 'b15']);
  lines.push(line('b', 30), 2);
  expect(texts(lines.take(2))).toEqual(['a20']);
});

test('a stream that says nothing holds the others up for a moment only, and says until when', () => {
  const lines = merge('a', 'b');
  lines.opened('b', 100);
  lines.push(line('a', 10), 100);
  const { lines: none, againAt } = lines.take(100);
  expect([none, againAt]).toEqual([[], 350]);
  expect(texts(lines.take(350))).toEqual(['a10']);
});

test('a stream that does not open is waited for ten seconds, and then told once', () => {
  const lines = merge('a', 'b');
  lines.push(line('a', 10), 0);
  expect(lines.take(5_000)).toEqual({ lines: [], stalled: [], againAt: 10_000 });
  const late = lines.take(10_000);
  expect([texts(late), late.stalled]).toEqual([['a10'], ['b']]);
  expect(lines.take(10_001).stalled).toEqual([]);
});

test('what an ended stream still has comes in its place', () => {
  const lines = merge('a', 'b');
  lines.push(line('b', 5), 0);
  lines.push(line('a', 10), 0);
  lines.end('b');
  lines.end('a');
  expect(texts(lines.take(0))).toEqual(['b5', 'a10']);
  lines.push(line('a', 11), 0);
  expect(texts(lines.take(0))).toEqual([]);
});

test('lines of one moment keep the order in which they came', () => {
  const lines = merge('a');
  lines.push(line('a', 1, 'first'), 0);
  lines.push(line('a', 1, 'second'), 0);
  expect(texts(lines.take(0))).toEqual(['first', 'second']);
});

test('a stream with a thousand waiting lines is full until they go', () => {
  const lines = merge('a', 'b');
  for (let at = 0; at < 1_000; at++) lines.push(line('a', at), 0);
  expect(lines.isFull('a')).toBe(true);
  lines.end('b');
  lines.take(0);
  expect(lines.isFull('a')).toBe(false);
});
