import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import { clip, fit as filled, glyphsOf, widthOf, wrap } from './text.ts';

/** What joins its neighbours, what is wide, what is not to be printed. */
const parts = [
  ['a', ' ', '\t', '\x1b', '\x07', '\x9b', '世', '한', 'é', '🐝', '👩', '✅'],
  ['\u1100', '\u1161', '\u11a8', '\u0301', '\u200d', '\ufe0f', '\u0915', '\u094d', '\u0d4e', '\u{1f1e6}'],
].flat();
/** Everything that could come out of a workload or a name. */
const texts = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.array(fc.constantFrom(...parts), { maxLength: 30 }).map((all) => all.join('')),
);
const drawn = (text: string): string =>
  glyphsOf(text)
    .map(({ character }) => character)
    .join('');

describe('glyphs of any text', () => {
  test('hold no control character, no mark and nothing of no width', () => {
    fc.assert(
      fc.property(texts, (text) => {
        for (const { character } of glyphsOf(text))
          expect(character).not.toMatch(/[\p{C}\p{M}\p{Zl}\p{Zp}]/u);
      }),
      { numRuns: 2_000 },
    );
  });

  test('are as wide as they say, alone and together', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const glyphs = glyphsOf(text);
        for (const { character, width } of glyphs) expect(stringWidth(character)).toBe(width);
        expect(widthOf(text)).toBe(stringWidth(drawn(text)));
      }),
      { numRuns: 2_000 },
    );
  });

  test('are the same when they are drawn again', () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(drawn(drawn(text))).toBe(drawn(text));
      }),
    );
  });
});

test.each([
  ['a\tb\nc', 'a b c'],
  ['\x1b[31mred\x07', '^[[31mred^G'],
  ['\x7f\x9b', '^?·'],
  ['cafe\u0301', 'café'],
  ['世界', '世界'],
  ['bee 🐝!', 'bee ·!'],
  ['👩‍👩‍👧 family', '· family'],
  ['done ✅', 'done ·'],
  ['\u200b\u202ehidden', '··hidden'],
  ['x\ud800y', 'x·y'],
])('%j is drawn as %j', (text, expected) => {
  expect(drawn(text)).toBe(expected);
});

test('a text is clipped to its cells, with a sign that it was', () => {
  expect(clip('hello', 5)).toBe('hello');
  expect(clip('hello!', 5)).toBe('hell…');
  expect(clip('世界世界', 5)).toBe('世界…');
  expect(clip('世界世界', 4, '~')).toBe('世~');
  expect(clip('x', 0)).toBe('');
});

test('clipped and fitted texts have the width that was asked for', () => {
  fc.assert(
    fc.property(
      texts,
      fc.integer({ min: 0, max: 30 }),
      fc.constantFrom('start', 'end'),
      (text, columns, align) => {
        expect(stringWidth(clip(text, columns))).toBeLessThanOrEqual(columns);
        expect(stringWidth(filled(text, columns, align as 'start'))).toBe(columns);
      },
    ),
    { numRuns: 1_000 },
  );
});

test('lines are wrapped at spaces, and never wider than there is room', () => {
  expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
  expect(wrap('unbreakable', 5)).toEqual(['unbre', 'akabl', 'e']);
  expect(wrap('a\nb', 5)).toEqual(['a', 'b']);
  fc.assert(
    fc.property(texts, fc.integer({ min: 2, max: 20 }), (text, columns) => {
      for (const line of wrap(text, columns)) expect(stringWidth(line)).toBeLessThanOrEqual(columns);
    }),
  );
});
