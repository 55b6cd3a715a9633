/** House rules that no linter has: sizes, no clock in a core, no loose ends. Each proves that it bites. */
import { describe, expect, test } from 'vitest';
import config from '../../vitest.config.ts';
import { isCore, isTest, type Source, sources, withoutComments } from './sources.ts';

const fileLines = 400;
const functionLines = 70;

type Rule = (file: Source) => string[];

const at = (file: Source, line: number, why: string): string => `${file.path}:${line} ${why}`;

/** A rule that refuses a pattern on any line. */
function noMatch(pattern: RegExp, why: string, read: (text: string) => string = (text) => text): Rule {
  return (file) =>
    read(file.text)
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [at(file, index + 1, why)] : []));
}

const smallFile: Rule = (file) => {
  const count = file.text.trimEnd().split('\n').length;
  return count > fileLines ? [at(file, fileLines, `has ${count} lines, over ${fileLines}`)] : [];
};

const opensFunction =
  /^\s*(?:(?:export|default|async|public|private|protected|static|override|get|set) )*(?:function\b.*|(?!(?:if|for|while|switch|catch|return|else|do|try)\b)[#\w]+(?:<.*>)?\(.*|.*=>) ?\{$/;
const endsSignature = /^\s*(?:\}|\])?\)(?:: .*)? (?:=> )?\{$/;

/**
 * Functions over the limit, found by Biome's own layout: a line that opens a body ends at the first later
 * line with the same indent that closes it.
 */
const smallFunctions: Rule = (file) => {
  const lines = file.text.split('\n');
  const indent = (line: string): number => line.length - line.trimStart().length;
  return lines.flatMap((line, start) => {
    if (!opensFunction.test(line) && !endsSignature.test(line)) return [];
    const length = lines.slice(start + 1).findIndex((l) => l.trim() !== '' && indent(l) <= indent(line)) + 2;
    return length > functionLines
      ? [at(file, start + 1, `a function of ${length} lines, over ${functionLines}`)]
      : [];
  });
};

const ambient = noMatch(
  /\bDate\.now\(|\bMath\.random\(|\bnew Date\(\)|\bperformance\.now\(|\bcrypto\.random/,
  'reads a clock or randomness: take them as arguments',
  withoutComments,
);
const looseEnd = noMatch(/\b(?:TODO|FIXME|XXX)\b(?!.*#\d+)/, 'a loose end without an issue number (#123)');
const focused = noMatch(
  /\b(?:test|it|describe|suite|bench)(?:\.\w+)*\.(?:only|skip|todo)\b(?!If)|\b(?:xit|fit|xtest|xdescribe|fdescribe)\(/,
  'focuses or skips a test',
  withoutComments,
);

const everything = sources('src', 'test', 'bench', 'scripts').filter((f) => !f.path.startsWith('test/repo/'));
const shipped = everything.filter((file) => file.path.startsWith('src/') && !isTest(file.path));
const sample = (text: string, path = 'src/x/core/sample.ts'): Source => ({ path, text });
const long = (head: string, tail: string): string => [head, ...Array(80).fill('    x();'), tail].join('\n');

describe('file size', () => {
  test('holds', () => expect(shipped.flatMap(smallFile)).toEqual([]));
  test('bites', () => {
    expect(smallFile(sample('x\n'.repeat(fileLines + 1)))).toHaveLength(1);
    expect(smallFile(sample('x\n'.repeat(fileLines)))).toEqual([]);
  });
});

describe('function size', () => {
  test('holds', () => expect(shipped.flatMap(smallFunctions)).toEqual([]));
  test.each([
    long('export async function f(a: number): Promise<void> {', '}'),
    long('  async close(): Promise<void> {', '  }'),
    long('  #drain<T>(items: readonly T[]): void {', '  }'),
    long('const f = (a: number) => {', '};'),
    long('  app.get(path, async (request) => {', '  });'),
    long('function f(\n  a: number,\n): void {', '}'),
    long('function f({\n  a,\n}: Options): void {\n', '}').replace('}: Options)', '})'),
  ])('bites on %#', (text) => expect(smallFunctions(sample(text))).toHaveLength(1));
  test('lets a long table, class or loop be', () => {
    expect(smallFunctions(sample(long('const table = {', '};')))).toEqual([]);
    expect(smallFunctions(sample(long('export class A {', '}')))).toEqual([]);
    expect(smallFunctions(sample(long('  if (ready(x)) {', '  }')))).toEqual([]);
  });
});

describe('purity of cores', () => {
  test('holds', () => expect(shipped.filter((f) => isCore(f.path)).flatMap(ambient)).toEqual([]));
  test.each(['const t = Date.now();', 'const r = Math.random();', 'const d = new Date();'])(
    'bites on %s',
    (text) => expect(ambient(sample(text))).toHaveLength(1),
  );
  test('lets a comment or a given time be', () => {
    expect(ambient(sample('// never Date.now() here\nconst d = new Date(now);'))).toEqual([]);
  });
});

describe('loose ends', () => {
  test('hold', () => expect(everything.flatMap(looseEnd)).toEqual([]));
  test.each(['// TODO: later', '/* FIXME */', '// XXX why'])('bite on %s', (text) =>
    expect(looseEnd(sample(text))).toHaveLength(1),
  );
  test('with an issue number are fine', () => expect(looseEnd(sample('// TODO(#12): later'))).toEqual([]));
});

describe('focused and skipped tests', () => {
  const tests = everything.filter((file) => !file.path.startsWith('src/') || isTest(file.path));
  test('are absent', () => expect(tests.flatMap(focused)).toEqual([]));
  test.each([
    "test.only('x', f);",
    "describe.skip('x', f);",
    "it.concurrent.only('x', f);",
    "test.todo('x');",
    "xit('x', f);",
  ])('bite on %s', (text) => expect(focused(sample(text))).toHaveLength(1));
  test('may say why they cannot run here', () => {
    expect(focused(sample("test.skipIf(!docker)('x', f);"))).toEqual([]);
  });
});

/** Every test file belongs to a project of vitest.config.ts: one that does not is never run, in silence. */
describe('test files', () => {
  const patterns = (config.test?.projects ?? []).flatMap((project) => {
    const { test: options } = project as { test: { include: string[] } };
    return options.include.map((glob) => glob.slice(0, glob.indexOf('**')));
  });
  const homeless = (paths: readonly string[]): string[] =>
    paths.filter((path) => isTest(path) && !patterns.some((prefix) => path.startsWith(prefix)));
  test('are all run', () => {
    expect(homeless(sources('src', 'test', 'bench', 'scripts').map((file) => file.path))).toEqual([]);
  });
  test('in no project are noticed', () => expect(homeless(['test/oops/x.test.ts'])).toHaveLength(1));
});
