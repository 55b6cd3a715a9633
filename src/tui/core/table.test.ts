/** A table draws only what is seen, lets nothing through that is not a glyph, and says more than colour says. */
import { describe, expect, test } from 'vitest';
import { roleTheme } from '../../../test/kit/screen-text.ts';
import { viewColumns } from '../../api/core/view-columns.ts';
import type { ViewRow } from '../../api/core/view-shapes.ts';
import { canvasOf, createFrame, frameText } from './frame.ts';
import { contentWidths, drawTable, type TableView } from './table.ts';
import { moved, settled } from './table-cursor.ts';
import { countFacts, positionText } from './table-foot.ts';
import { localColumn, localCursor, localTable, withFilter, withRows } from './table-local.ts';
import { asciiGlyphs, unicodeGlyphs } from './theme.ts';

const theme = roleTheme(unicodeGlyphs);
const time = { now: 100_000, times: 'age' } as const;
const columns = viewColumns.instances.filter(({ priority }) => priority < 4);
const row = (key: string, values: ViewRow['values'] = {}): ViewRow => ({
  key,
  values: {
    instance: key,
    state: 'RUNNING',
    ready: true,
    cell: 'host-1',
    crashes: 0,
    reason: '',
    since: 0,
    ...values,
  },
});
const view = (rows: readonly (ViewRow | undefined)[], more: Partial<TableView> = {}): TableView => ({
  columns,
  contents: {},
  wide: false,
  skip: 0,
  count: rows.length,
  top: 0,
  at: -1,
  rowAt: (place) => rows[place],
  isMarked: () => false,
  severityOf: ({ values }) => (values['state'] === 'CRASHED' ? 'bad' : 'ok'),
  ...more,
});
const draw = (table: TableView, size = { columns: 80, rows: 6 }, now: number = time.now) => {
  const frame = createFrame(size.columns, size.rows);
  drawTable(canvasOf(frame), table, { ...time, now, theme });
  return frame;
};

describe('rows', () => {
  test('are asked for only when they are seen', () => {
    const asked: number[] = [];
    draw(view([], { count: 250_000, top: 1_000, rowAt: (place) => void asked.push(place) }));
    expect(asked).toEqual([1_000, 1_001, 1_002, 1_003, 1_004]);
  });
  test('that have not come yet are told from empty ones', () => {
    expect(frameText(draw(view([row('web/0'), undefined]))).split('\n')[2]).toBe('   …');
  });
  test('with hostile names stay in their columns and bring no control character', () => {
    const names = [
      '\u001b]0;evil\u0007\u001b[2J',
      '🐝🐝🐝🐝',
      'メールメールメールメール',
      'a\u0301\u202e\u200b',
      '\n\t\r',
    ];
    const frame = draw(view(names.map((name) => row(name))));
    const lines = frameText(frame).split('\n').slice(1);
    for (const line of lines) expect(line).not.toMatch(/\p{Cc}/u);
    const at = frame.characters.slice(0, 80).join('').indexOf('STATE');
    for (let y = 1; y <= names.length; y += 1)
      expect(frame.characters.slice(y * 80 + at, y * 80 + at + 7).join('')).toBe('RUNNING');
  });
  test('say by a sign what is marked, what is bad and what has changed', () => {
    const changes = new Map([['web/1', { at: 0, signs: { state: 'other', crashes: 'up' } as const }]]);
    const rows = [row('web/0'), row('web/1', { state: 'CRASHED', crashes: 12 })];
    const text = frameText(draw(view(rows, { changes, isMarked: (key) => key === 'web/1' })));
    expect(text.split('\n')[2]).toMatch(/^\*✗ web\/1 .*CRASHED~ .*↑12/);
  });
});

test('a number is never cut, and a name is cut visibly', () => {
  const rows = [row('a-name-that-is-far-longer-than-there-is-room-for/0', { crashes: 1_234_567 })];
  const contents = contentWidths(columns, [row('x', { crashes: 1_234_567 }), ...rows], {}, time);
  const text = frameText(draw(view(rows, { contents }), { columns: 60, rows: 3 }));
  expect(text).toContain('…');
  expect(text.includes('CRASHES')).toBe(text.includes('1.2M'));
});

test('an age is not cut when it grows and nothing comes meanwhile', () => {
  const rows = [row('web/0', { since: time.now - 59_000 })];
  const contents = contentWidths(columns, rows, {}, time);
  expect(frameText(draw(view(rows, { contents })))).toContain('59s');
  const later = draw(view(rows, { contents }), { columns: 80, rows: 6 }, time.now + 71_000);
  expect(frameText(later)).toContain('2m10s');
});

test('columns do not sway: widths only grow', () => {
  const wide = contentWidths(columns, [row('a-rather-long-name/0')], {}, time);
  expect(contentWidths(columns, [row('b/0')], wide, time)).toEqual(wide);
});

test.each([
  [{ at: 50, top: 0 }, 100, 10, { at: 50, top: 43 }],
  [{ at: 50, top: 80 }, 100, 10, { at: 50, top: 48 }],
  [{ at: 200, top: 0 }, 100, 10, { at: 99, top: 90 }],
  [{ at: 5, top: 5 }, 0, 10, { at: 0, top: 0 }],
  [{ at: 3, top: 9 }, 4, 10, { at: 3, top: 0 }],
  [{ at: 1, top: 0 }, 9, 1, { at: 1, top: 1 }],
])('%o among %i in %i rows settles at %o', (viewport, count, visible, wanted) => {
  expect(settled(viewport, count, visible)).toEqual(wanted);
});

test('what does not move says so', () => {
  expect(moved('describe', { at: 0, top: 0 }, 10, 5)).toBeUndefined();
});

test('the foot: what needs somebody first, and where one is', () => {
  const severities = { RUNNING: 'ok', CRASHED: 'bad', CLAIMED: 'warn' } as const;
  const facts = countFacts({ RUNNING: 12_000, CLAIMED: 2, CRASHED: 1, gone: 0, odd: 3 }, severities, theme);
  expect(facts.map(({ text }) => text)).toEqual([
    '✗ 1 CRASHED',
    '! 2 CLAIMED',
    '✓ 12,000 RUNNING',
    '- 3 odd',
  ]);
  expect(countFacts({ CRASHED: 1 }, severities, roleTheme(asciiGlyphs))[0]?.text).toBe('x 1 CRASHED');
  expect(positionText(11, 23, 250_000, 250_000)).toBe('12-34 of 250,000');
  expect(positionText(11, 23, 1_204, 250_000)).toBe('12-34 of 1,204 (250,000 in all)');
  expect(positionText(0, 23, 0, 10)).toBe('0 of 10');
});

describe('a table of rows that are all here', () => {
  const names = ['alpha', 'beta', 'gamma', 'delta'];
  const rows = names.map((name) => ({ key: name, values: { name } }));
  const table = localTable([localColumn('name', 'NAME', 1, [5, 20])], rows);
  test.each([
    ['ta', ['beta', 'delta']],
    ['!ta', ['alpha', 'gamma']],
    ['^.{4}$', ['beta']],
    ['BETA', ['beta']],
    ['(', []],
    ['!', names],
  ])('is filtered by %s', (filter, wanted) => {
    expect(withFilter(table, filter, 5).rows.map(({ key }) => key)).toEqual(wanted);
  });
  test('keeps its cursor on the row', () => {
    const at = withFilter({ ...table, at: 3 }, 'ta', 5);
    expect(localCursor(at)?.key).toBe('delta');
    expect(localCursor(withRows({ ...table, at: 3 }, rows.slice(0, 2), 5))?.key).toBe('beta');
  });
});
