/** The table of conformance with Diego: complete, without contradictions, and as generated. */
import { describe, expect, test } from 'vitest';
import type { Behaviour, Section } from '../../scripts/conformance/behaviour.ts';
import { problemsOf, renderDocument } from '../../scripts/conformance/document.ts';
import { findMarkers } from '../../scripts/conformance/markers.ts';
import { sections } from '../../scripts/conformance/sections.ts';
import { currentDocument, repositoryMarkers } from '../../scripts/conformance.ts';

const markers = repositoryMarkers();

test('all 366 behaviours are there, and nothing contradicts itself', () => {
  expect(problemsOf(sections, markers)).toEqual([]);
});

test('the page is what the generator makes', () => {
  const isCurrent = currentDocument() === renderDocument(sections, markers);
  expect(isCurrent, 'out of date: run `node scripts/conformance.ts --write`').toBe(true);
});

describe('markers', () => {
  const numbers = (text: string) => [...findMarkers([{ path: 'x.test.ts', text }]).tests.keys()];
  const problems = (text: string) => findMarkers([{ path: 'x.test.ts', text }]).problems;

  test.each([
    ["test('[diego 12] a', f);", [12]],
    ["test('[diego 12, 14] a', f);", [12, 14]],
    ['test.each(rows)(`[diego 12-14] %s`, f);', [12, 13, 14]],
    ["['[diego 1] [diego 366] a row', f],", [1, 366]],
    ["test('diego 12', f);", []],
  ])('of %s', (text, expected) => {
    expect(numbers(text)).toEqual(expected);
    expect(problems(text)).toEqual([]);
  });

  test.each([
    "test('[diego 0] a', f);",
    "test('[diego 367] a', f);",
    "test('[diego 9-3] a', f);",
    "test('[diego x] a', f);",
    'x = [diego 3];',
  ])('that say nothing are noticed: %s', (text) => {
    expect(numbers(text)).toEqual([]);
    expect(problems(text)).toHaveLength(1);
  });

  test('carry the names around the test', () => {
    const text =
      "describe('a task', () => {\n  describe('that runs', () => {\n  });\n  test('[diego 5] ends', f);\n});";
    expect(findMarkers([{ path: 'x.test.ts', text }]).tests.get(5)).toEqual([
      { path: 'x.test.ts', name: 'a task › ends' },
    ]);
  });
});

describe('the table', () => {
  const whole = (change: Readonly<Record<number, Behaviour | undefined>>): Section[] => {
    const rows = Array.from({ length: 366 }, (_, at) => [at + 1, { does: 'x', differs: 'y' }] as const);
    const behaviours = Object.fromEntries(
      Object.entries({ ...Object.fromEntries(rows), ...change }).filter(([, row]) => row),
    );
    return [{ title: 't', behaviours: behaviours as Record<number, Behaviour> }];
  };
  const marked = findMarkers([{ path: 'x.test.ts', text: "test('[diego 7] it works', f);" }]);
  const faults = (change: Readonly<Record<number, Behaviour | undefined>>) =>
    problemsOf(whole(change), marked);

  test('that is whole has no problem', () => expect(faults({ 7: { does: 'x' } })).toEqual([]));
  test.each([
    ['a number missing', { 3: undefined }],
    ['a number too many', { 367: { does: 'x', differs: 'y' } }],
    ['nothing known', { 3: { does: 'x' } }],
    ['a test of what is not yet there', { 7: { does: 'x', notYet: 'y' } }],
    ['in part, and no test', { 3: { does: 'x', partly: 'y' } }],
    ['two verdicts', { 7: { does: 'x', differs: 'y', partly: 'y' } }],
    ['no reason', { 3: { does: 'x', differs: ' ' } }],
    ['too long', { 3: { does: 'x'.repeat(121), differs: 'y' } }],
  ])('is refused with %s', (_name, change) => expect(faults(change)).toHaveLength(1));

  test('shows the test, the reason, and no character that Markdown takes for its own', () => {
    const page = renderDocument(whole({ 7: { does: 'a | b', partly: 'c' } }), marked);
    expect(page).toContain('| 7 | a \\| b | not yet, in part | c<br>[x.test.ts](../x.test.ts): it works |');
  });
});
