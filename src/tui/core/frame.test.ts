import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  attrOf,
  type Canvas,
  canvasOf,
  createFrame,
  frameText,
  inverted,
  plainAttr,
  type Rect,
} from './frame.ts';
import { widthOf } from './text.ts';

const columns = 20;
const rows = 6;
const rects = fc.record<Rect>({
  x: fc.integer({ min: -5, max: 25 }),
  y: fc.integer({ min: -3, max: 9 }),
  columns: fc.integer({ min: -2, max: 30 }),
  rows: fc.integer({ min: -2, max: 12 }),
});
const attr = attrOf({ fg: 9 });

type Stroke = (canvas: Canvas) => void;
const strokes: fc.Arbitrary<Stroke> = fc.oneof(
  fc
    .tuple(fc.integer({ min: -6, max: 25 }), fc.integer({ min: -2, max: 8 }), fc.string({ unit: 'binary' }))
    .map(
      ([x, y, text]): Stroke =>
        (canvas) =>
          canvas.text(x, y, text, attr),
    ),
  fc
    .tuple(
      fc.integer({ min: -2, max: 25 }),
      fc.integer({ min: -2, max: 8 }),
      fc.constantFrom('世界', '한a', 'a世'),
    )
    .map(
      ([x, y, text]): Stroke =>
        (canvas) =>
          canvas.text(x, y, text, attr),
    ),
  fc.tuple(fc.integer({ min: -2, max: 25 }), fc.integer({ min: -2, max: 8 })).map(
    ([x, y]): Stroke =>
      (canvas) =>
        canvas.cell(x, y, '世', 2, attr),
  ),
  rects.map(
    (rect): Stroke =>
      (canvas) =>
        canvas.fill(rect, '-', attr),
  ),
  rects.map(
    (rect): Stroke =>
      (canvas) =>
        canvas.restyle(rect, inverted),
  ),
);

describe('whatever is drawn', () => {
  test('a row is as wide as the frame: no half of a wide character is left', () => {
    fc.assert(
      fc.property(fc.array(strokes, { maxLength: 15 }), (all) => {
        const frame = createFrame(columns, rows);
        const canvas = canvasOf(frame);
        for (const stroke of all) stroke(canvas);
        for (let y = 0; y < rows; y += 1) {
          const row = frame.characters.slice(y * columns, (y + 1) * columns);
          expect(widthOf(row.join(''))).toBe(columns);
          row.forEach((character, x) => {
            if (character === '') expect(widthOf(row[x - 1] ?? '')).toBe(2);
          });
        }
        expect(frame.characters).toHaveLength(columns * rows);
      }),
      { numRuns: 1_000 },
    );
  });

  test('nothing outside of the canvas is touched, but the other half of a wide character', () => {
    fc.assert(
      fc.property(rects, rects, fc.array(strokes, { maxLength: 8 }), (outer, inner, all) => {
        const frame = createFrame(columns, rows);
        const canvas = canvasOf(frame).within(outer).within(inner);
        for (const stroke of all) stroke(canvas);
        const left = clamp(outer.x, columns) + clamp(inner.x, canvasOf(frame).within(outer).columns);
        const top = clamp(outer.y, rows) + clamp(inner.y, canvasOf(frame).within(outer).rows);
        frame.attrs.forEach((seen, at) => {
          const [x, y] = [at % columns, Math.floor(at / columns)];
          const inside = x >= left && x < left + canvas.columns && y >= top && y < top + canvas.rows;
          if (!inside) expect([seen, frame.characters[at]]).toEqual([plainAttr, ' ']);
        });
      }),
      { numRuns: 1_000 },
    );
  });
});

const clamp = (value: number, most: number): number => Math.min(Math.max(0, value), most);

test('a wide character that does not fit at the edge is blank', () => {
  const frame = createFrame(3, 1);
  expect(canvasOf(frame).text(0, 0, '世界', attr)).toBe(3);
  expect(frame.characters).toEqual(['世', '', ' ']);
});

test('a wide character that begins left of the canvas leaves a blank half', () => {
  const frame = createFrame(3, 1);
  canvasOf(frame).text(0, 0, 'abc', attr);
  canvasOf(frame).text(-1, 0, '世', attr);
  expect(frame.characters).toEqual([' ', 'b', 'c']);
});

test('a half that is written over takes the other half with it', () => {
  const frame = createFrame(4, 1);
  const canvas = canvasOf(frame);
  canvas.text(0, 0, '世界', attr);
  canvas.text(1, 0, 'x', attr);
  expect(frameText(frame)).toBe(' x界');
  canvas.text(2, 0, 'y', attr);
  expect(frameText(frame)).toBe(' xy');
});

test('the cursor is where it was put last, and nowhere outside', () => {
  const frame = createFrame(4, 2);
  const canvas = canvasOf(frame).within({ x: 1, y: 1, columns: 2, rows: 1 });
  canvas.cursor(5, 0);
  expect(frame.cursor).toBeUndefined();
  canvas.cursor(1, 0);
  expect(frame.cursor).toEqual({ x: 2, y: 1 });
});
