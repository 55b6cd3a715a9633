/** How values are written and which columns find room. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ViewColumn, viewColumns } from '../../api/core/view-columns.ts';
import { viewKinds } from '../../api/core/view-shapes.ts';
import { columnsFor, formatAge, formatCount, formatMb, formatTime, formatValue } from './columns-format.ts';
import { gapColumns, placeColumns } from './columns-layout.ts';

const s = 1_000;
const h = 3_600 * s;
const d = 24 * h;

test.each([
  [-5, '0s'],
  [999, '0s'],
  [59 * s, '59s'],
  [60 * s, '1m'],
  [192 * s, '3m12s'],
  [47 * 60 * s + 59 * s, '47m'],
  [4 * h + 5 * 60 * s, '4h5m'],
  [23 * h, '23h'],
  [2 * d + 3 * h, '2d3h'],
  [400 * d, '400d'],
  [1_200 * d, '3y'],
])('an age of %i ms is %s', (ms, text) => expect(formatAge(ms)).toBe(text));

test('an age never takes more than five cells', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 3e12 }), (ms) => formatAge(ms).length <= 5));
});

test.each([
  [0, '0'],
  [9_999, '9999'],
  [250_000, '250,000'],
  [-12_345, '-12,345'],
  [1_250_000, '1.3M'],
  [0.25, '0.3'],
])('a count of %d is %s', (count, text) => expect(formatCount(count)).toBe(text));

test.each([
  [0, '0M'],
  [512, '512M'],
  [1_024, '1G'],
  [1_536, '1.5G'],
  [131_072, '128G'],
  [2_202_009, '2.1T'],
])('%i MiB are %s', (mb, text) => expect(formatMb(mb)).toBe(text));

test('times are written in UTC with a Z, and what is not known as a dash', () => {
  expect(formatTime(1_795_262_400_000, 'utc')).toBe('11-21 12:00:00Z');
  expect(formatTime(Number.NaN, 'local')).toBe('-');
  const time = { now: 0, times: 'age' } as const;
  expect(formatValue(null, 'count', time)).toBe('-');
  expect(formatValue(undefined, 'text', time)).toBe('-');
  expect(formatValue(false, 'yesno', time)).toBe('no');
});

const ids = (columns: readonly { readonly column: ViewColumn }[]): string[] =>
  columns.map(({ column }) => column.id);
const room = (columns: number, contents: Record<string, number> = {}) => ({
  columns,
  contents,
  wide: false,
  skip: 0,
});

describe('columns', () => {
  test('of the highest priority number go first, and those of priority 1 never', () => {
    const all = viewColumns.instances.filter(({ priority }) => priority < 9);
    expect(ids(placeColumns(all, room(300)))).toEqual(all.map(({ id }) => id));
    const few = ids(placeColumns(all, room(60)));
    expect(few).not.toContain('domain');
    expect(few).toEqual(expect.arrayContaining(['instance', 'state', 'cell']));
    expect(ids(placeColumns(all, room(30)))).toEqual(['instance', 'state', 'cell']);
  });

  test('have the room that times need as they are written', () => {
    const [column] = columnsFor(viewColumns.events, 'utc');
    expect([column?.title, column?.width]).toEqual(['TIME', [15, 15]]);
  });

  test('scroll sideways when wide, the first of them staying', () => {
    const placed = placeColumns(viewColumns.cells, { ...room(40), wide: true, skip: 5 });
    expect(ids(placed)[0]).toBe('cell');
    expect(ids(placed)[1]).toBe('memoryPercent');
  });

  test('never overlap and never leave the room, whatever is in them', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...viewKinds),
        fc.integer({ min: 1, max: 300 }),
        fc.array(fc.nat(400), { minLength: 20, maxLength: 20 }),
        fc.boolean(),
        fc.nat(20),
        (kind, columns, widths, wide, skip) => {
          const all = viewColumns[kind];
          const contents = Object.fromEntries(all.map(({ id }, at) => [id, widths[at] ?? 0]));
          let end = -gapColumns;
          for (const { x, width } of placeColumns(all, { columns, contents, wide, skip })) {
            expect(x).toBe(end + gapColumns);
            end = x + width;
            expect(end).toBeLessThanOrEqual(columns);
            expect(width).toBeGreaterThan(0);
          }
        },
      ),
    );
  });
});
