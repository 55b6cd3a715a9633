/**
 * Finds which test shows which behaviour: names of tests carry markers such as `[diego 12]`, `[diego 12, 14]`
 * or `[diego 12-14]`. Used by the generator of docs/diego-conformance.md and by the test that checks it.
 */
import { behaviourCount } from './behaviour.ts';

export interface TestFile {
  readonly path: string;
  /** With comments blanked out. */
  readonly text: string;
}

export interface MarkedTest {
  readonly path: string;
  /** The names of the test and of what it stands in, without markers. */
  readonly name: string;
}

export interface Markers {
  readonly tests: ReadonlyMap<number, readonly MarkedTest[]>;
  /** Markers that say nothing: not in a name, not a number, out of range. */
  readonly problems: readonly string[];
}

const marker = /\[diego ([^\]]*)\]\s*/g;
const literal = /(['"`])((?:\\.|(?!\1).)*)\1/g;
const opensDescribe = /^\s*describe\b[\w.]*\(\s*(['"`])(.*?)\1/;

/** Reads all markers; order of files and lines is kept. */
export function findMarkers(files: readonly TestFile[]): Markers {
  const tests = new Map<number, MarkedTest[]>();
  const problems: string[] = [];
  for (const { path, text } of files) {
    const lines = text.split('\n');
    for (const [at, line] of lines.entries()) {
      const names = [...line.matchAll(literal)].map((match) => match[2] ?? '');
      const inNames = names.flatMap((name) => [...name.matchAll(marker)]).length;
      if ([...line.matchAll(marker)].length !== inNames) {
        problems.push(`${path}:${at + 1} has a marker that is not in the name of a test`);
      }
      for (const name of names) {
        const test = { path, name: fullName(lines, at, name) };
        for (const [, list = ''] of name.matchAll(marker)) {
          const { numbers, wrong } = numbersOf(list);
          problems.push(...wrong.map((part) => `${path}:${at + 1} [diego ${list}]: ${part}`));
          for (const number of numbers) tests.set(number, withTest(tests.get(number), test));
        }
      }
    }
  }
  return { tests, problems };
}

function withTest(known: readonly MarkedTest[] = [], test: MarkedTest): MarkedTest[] {
  const isKnown = known.some(({ path, name }) => path === test.path && name === test.name);
  return isKnown ? [...known] : [...known, test];
}

/** `12`, `12, 14` and `12-14` as numbers. */
function numbersOf(list: string): { numbers: number[]; wrong: string[] } {
  const numbers: number[] = [];
  const wrong: string[] = [];
  for (const part of list.split(',').map((text) => text.trim())) {
    const [, first = '', last = first] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? [];
    const [from, to] = [Number(first), Number(last)];
    if (first === '') wrong.push(`"${part}" is neither a number nor a range`);
    else if (from < 1 || to > behaviourCount || from > to) {
      wrong.push(`"${part}" is not within 1 to ${behaviourCount}`);
    } else for (let number = from; number <= to; number++) numbers.push(number);
  }
  return { numbers, wrong };
}

/** A name by itself may say little: those of the blocks around it, by indentation, come before it. */
function fullName(lines: readonly string[], at: number, name: string): string {
  const parts = [name.replace(marker, '').trim()];
  let inner = indentOf(lines[at] ?? '');
  for (let above = at - 1; above >= 0 && inner > 0; above--) {
    const line = lines[above] ?? '';
    const title = opensDescribe.exec(line)?.[2];
    if (title === undefined || indentOf(line) >= inner) continue;
    inner = indentOf(line);
    parts.unshift(title);
  }
  return parts.join(' › ');
}

const indentOf = (line: string): number => line.length - line.trimStart().length;
