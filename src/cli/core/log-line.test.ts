import { expect, test } from 'vitest';
import type { MergedLine } from '../../api/core/log-merge.ts';
import { formatEnd, formatLogLine } from './log-line.ts';

const line = (stream: string, at: number, text: string): MergedLine => ({
  stream,
  at,
  text,
  channel: 'stdout',
});

test('a printed line: prefix, time, colour, escapes', () => {
  const options = { prefix: true, colour: false, raw: false, time: 'none' } as const;
  const evil = line('i', 0, 'x\u001b[2J');
  expect(formatLogLine(evil, 'web/2 cell-1', 14, options)).toBe('web/2 cell-1   | x^[[2J');
  expect(formatLogLine(evil, 'web/2 cell-1', 14, { ...options, prefix: false, time: 'utc' })).toBe(
    '1970-01-01T00:00:00.000Z x^[[2J',
  );
  expect(formatLogLine(evil, 'web/2 cell-1', 14, { ...options, prefix: false, raw: true })).toBe(
    'x\u001b[2J',
  );
});

test('the end of an instance', () => {
  expect(formatEnd('web/2', 'cell-4', 137, 'out of memory')).toBe(
    '-- web/2 exited 137 (out of memory) on cell-4 --',
  );
  expect(formatEnd('web/2', 'cell-4', undefined, undefined)).toBe('-- web/2 ended on cell-4 --');
});
