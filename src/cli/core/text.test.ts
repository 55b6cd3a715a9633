import { describe, expect, test } from 'vitest';
import { nearest } from '../../api/core/nearest.ts';
import { errorCatalogue } from '../../base/core/errors.ts';
import { paintByKey, painter, usesColour } from './colour.ts';
import { escapeLines, escapeLogLine, escapeText } from './escape.ts';
import { exitMeanings } from './exit-codes.ts';
import { formatAge, formatDuration, formatMebibytes, formatTime } from './format.ts';
import { renderTable } from './table.ts';
import { parseTarget, resolveName } from './target.ts';
import { clip, displayWidth, padEnd } from './width.ts';

describe('escaping', () => {
  test.each([
    ['plain Grüße 日本 👍', 'plain Grüße 日本 👍'],
    ['\u001b]0;title\u0007', '^[]0;title^G'],
    ['a\nb\tc\r', 'a^Jb^Ic^M'],
    ['\u007f\u009b31m', '^?\\u{9b}31m'],
    ['evil\u202etxt.exe', 'evil\\u{202e}txt.exe'],
    ['a\u200bb\u2060c\ufeff', 'a\\u{200b}b\\u{2060}c\\u{feff}'],
    ['x\u00ady\u{e0041}\u3164', 'x\\u{ad}y\\u{e0041}\\u{3164}'],
    ['half \ud800 of one', 'half \\u{d800} of one'],
    ['⚠\ufe0f stays', '⚠\ufe0f stays'],
  ])('%j', (text, shown) => expect(escapeText(text)).toBe(shown));

  test('lines of a reason keep their breaks', () => {
    expect(escapeLines('a\r\n\tb\u001b[2J')).toBe('a\n    b^[[2J');
  });

  test('a log line keeps colours where there are some, and nothing else', () => {
    const line = '\u001b[31mred\u001b[0m \u001b[2Jclear \u001b]0;t\u0007';
    expect(escapeLogLine(line, true)).toBe('\u001b[31mred\u001b[0m ^[[2Jclear ^[]0;t^G\u001b[0m');
    expect(escapeLogLine(line, false)).toBe('red ^[[2Jclear ^[]0;t^G');
  });
});

describe('width', () => {
  test.each([
    ['abc', 3],
    ['日本', 4],
    ['e\u0301', 1],
    ['👍', 2],
    ['', 0],
  ])('of %j', (text, width) => expect(displayWidth(text)).toBe(width));
  test('clips by columns, not by characters', () => {
    expect(clip('日本語', 5)).toBe('日本…');
    expect(clip('abc', 3)).toBe('abc');
    expect(padEnd('日', 4)).toBe('日  ');
  });
});

describe('tables', () => {
  interface Row {
    readonly name: string;
    readonly count: number;
  }
  const columns = [
    { title: 'NAME', cell: (row: Row) => row.name },
    { title: 'COUNT', align: 'right' as const, cell: (row: Row) => String(row.count) },
    { title: 'MORE', wideOnly: true, cell: () => 'x' },
    { title: 'WHY', cell: (row: Row) => (row.count > 9 ? 'many' : '') },
  ];
  const rows = [
    { name: '日本', count: 7 },
    { name: 'a\u001b[2J', count: 12 },
  ];

  test('align by width, escape what the cluster said, show emptiness', () => {
    expect(renderTable(columns, rows, { headers: true, wide: false })).toEqual([
      'NAME    COUNT  WHY',
      '日本        7  -',
      'a^[[2J     12  many',
    ]);
  });
  test('without headers, wide, cut to the terminal', () => {
    expect(renderTable(columns, rows.slice(0, 1), { headers: false, wide: true })).toEqual(['日本  7  x  -']);
    expect(renderTable(columns, rows.slice(1), { headers: false, wide: false, maxWidth: 9 })).toEqual([
      'a^[[2J  …',
    ]);
  });
});

describe('amounts', () => {
  test.each([
    [-5, '0s'],
    [59_999, '59s'],
    [60_000, '1m'],
    [200_000, '3m20s'],
    [7_500_000, '2h5m'],
    [360_000_000, '4d4h'],
  ])('%d ms', (ms, text) => expect(formatDuration(ms)).toBe(text));
  test('ages, sizes, times', () => {
    expect(formatAge(1_000, 4_000)).toBe('3s');
    expect([128, 1024, 1536, 204_800].map(formatMebibytes)).toEqual(['128M', '1G', '1.5G', '200G']);
    expect(formatTime(0, undefined)).toBe('1970-01-01T00:00:00.000Z');
    expect(formatTime(0, -60)).toBe('1970-01-01T01:00:00.000');
  });
});

describe('names', () => {
  test('of instances', () => {
    expect(parseTarget('web')).toEqual({ name: 'web' });
    expect(parseTarget('web/2')).toEqual({ name: 'web', index: 2 });
    for (const text of ['web/x', 'web/-1', 'web/1/2', '/1'])
      expect(() => parseTarget(text)).toThrow('is not');
  });
  const known = ['web', 'web-admin', 'worker', 'wiki'];
  test.each([
    ['web', 'web'],
    ['web-', 'web-admin'],
    ['wo', 'worker'],
  ])('%s means %s', (name, meant) => expect(resolveName('LRP', name, known, nearest)).toBe(meant));
  test('ambiguous: the candidates are named', () => {
    expect(() => resolveName('LRP', 'w', known, nearest)).toThrow(
      '"w" may mean web, web-admin, wiki, worker',
    );
  });
  test('unknown: the nearest is named', () => {
    expect(() => resolveName('LRP', 'wroker', known, nearest)).toThrow(
      expect.objectContaining({ code: 'ResourceNotFound', hint: 'did you mean "worker"?' }),
    );
    expect(() => resolveName('LRP', '', known, nearest)).toThrow('there is no LRP ""');
  });
});

describe('colour', () => {
  test.each([
    ['always', { NO_COLOR: '1' }, false, true],
    ['never', { FORCE_COLOR: '1' }, true, false],
    ['auto', {}, true, true],
    ['auto', {}, false, false],
    ['auto', { NO_COLOR: '1' }, true, false],
    ['auto', { NO_COLOR: '' }, true, true],
    ['auto', { FORCE_COLOR: '1' }, false, true],
    ['auto', { FORCE_COLOR: '0' }, true, false],
    ['auto', { NO_COLOR: '1', FORCE_COLOR: '1' }, true, false],
    ['auto', { TERM: 'dumb' }, true, false],
  ] as const)('%s %j terminal=%s', (mode, env, isTerminal, expected) => {
    expect(usesColour(mode, env, isTerminal)).toBe(expected);
  });
  test('is the same for an instance in every run, and nothing when off', () => {
    expect(paintByKey(true, 'web/1', 'x')).toBe(paintByKey(true, 'web/1', 'x'));
    expect(paintByKey(false, 'web/1', 'x')).toBe('x');
    expect(painter(false)('red', 'x')).toBe('x');
  });
});

test('every exit status of the catalogue is explained in help', () => {
  const explained = new Set(exitMeanings.map(([code]) => code));
  for (const { exit } of Object.values(errorCatalogue)) expect(explained).toContain(String(exit));
});
