/**
 * What may be typed after `/`, and what it means. Terms that are separated by ` & ` must all hold:
 *
 *     text            some text column matches this regular expression, capitals or not
 *     !text           none does
 *     -f text         the letters come in this order in some text column, with others between
 *     -l k=v,k!=v,k   labels: equal, not equal (or not there), there
 *     column:text     this column matches; `column:=text` is equal, `column:!text` does not match
 *     column:>3       numbers: > >= < <= =; sizes as 512m or 2g, ages as 90s, 10m, 2h, 3d, 1w
 *
 * A column is named by its id or title, or how one begins. The server compiles filters, the terminal only to tell
 * mistakes early; regular expressions come in through `compile`, so that each side says which engine runs them.
 */
import { didYouMean } from './nearest.ts';
import { type ColumnTest, parseColumnTest } from './view-column-test.ts';
import { type ViewColumn, viewColumns } from './view-columns.ts';
import type { Scalar, ViewKind } from './view-shapes.ts';

/** What a filter looks at. */
export interface FilterRow {
  readonly values: Readonly<Record<string, Scalar>>;
  readonly labels: Readonly<Record<string, string>>;
}

export interface ViewFilter {
  /** Nothing is left out. */
  readonly isEmpty: boolean;
  /** Whether rows pass or not as time goes by, although they do not change. */
  readonly usesTime: boolean;
  /** @param now epoch milliseconds, for ages */
  matches(row: FilterRow, now: number): boolean;
}

/** What is wrong, and where. */
export interface FilterRefusal {
  readonly message: string;
  readonly hint: string;
}

/** Makes a test of a regular expression, without regard to capitals. Throws an error that says what is wrong. */
export type CompileRegex = (source: string) => (text: string) => boolean;

type Test = (row: FilterRow, now: number) => boolean;
interface Term {
  readonly test: Test;
  readonly usesTime?: boolean;
}

const termsMax = 16;
const grammarHint =
  'text, !text, -f fuzzy, -l label=value, column:text, column:>3; several are joined by " & "';

/** Thrown inside this file only: a refusal on its way out. */
class Refused extends Error {}

export function parseFilter(
  kind: ViewKind,
  text: string,
  compile: CompileRegex,
):
  | { readonly ok: true; readonly filter: ViewFilter }
  | { readonly ok: false; readonly refusal: FilterRefusal } {
  const parts = text.trim() === '' ? [] : text.split(' & ');
  if (parts.length > termsMax)
    return refused(`the filter has ${parts.length} terms, at most ${termsMax} are read`);
  const terms: Term[] = [];
  let at = 1;
  for (const part of parts) {
    const begins = at + part.length - part.trimStart().length;
    at += part.length + 3;
    try {
      terms.push(parseTerm(kind, part.trim(), compile));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return refused(`"${part.trim()}" at character ${begins} of the filter: ${error.message}`);
    }
  }
  return {
    ok: true,
    filter: {
      isEmpty: terms.length === 0,
      usesTime: terms.some((term) => term.usesTime === true),
      matches: (row, now) => terms.every((term) => term.test(row, now)),
    },
  };
}

const refused = (message: string) => ({ ok: false, refusal: { message, hint: grammarHint } }) as const;

function parseTerm(kind: ViewKind, term: string, compile: CompileRegex): Term {
  if (term === '') throw new Refused('there is nothing between two "&"');
  if (/^-f(\s|$)/.test(term)) return { test: fuzzyTest(kind, term.slice(2).trim()) };
  if (/^-l(\s|$)/.test(term)) return { test: labelTest(kind, term.slice(2).trim()) };
  if (term.startsWith('!')) {
    const test = textTest(kind, regex(term.slice(1).trim(), compile));
    return { test: (row) => !test(row) };
  }
  const named = /^([a-zA-Z%-]+):(.*)$/s.exec(term);
  const column = named && columnNamed(kind, named[1] ?? '');
  if (named && column) return columnTerm(column, (named[2] ?? '').trim(), compile);
  if (named && /^\s*[<>=]/.test(named[2] ?? '')) throw new Refused(unknownColumn(kind, named[1] ?? ''));
  return { test: textTest(kind, regex(term, compile)) };
}

function unknownColumn(kind: ViewKind, name: string): string {
  const ids = viewColumns[kind].map(({ title }) => title.toLowerCase());
  return `there is no column "${name}" (${didYouMean(name, ids) ?? `columns: ${ids.join(', ')}`})`;
}

/** The column of this id or title; or the first in order whose title or id begins so. */
export function columnNamed(kind: ViewKind, name: string): ViewColumn | undefined {
  const wanted = name.toLowerCase();
  const columns = viewColumns[kind];
  const names = ({ id, title }: ViewColumn): string[] => [id.toLowerCase(), title.toLowerCase()];
  return (
    columns.find((column) => names(column).includes(wanted)) ??
    columns.find((column) => names(column).some((each) => each.startsWith(wanted)))
  );
}

function regex(source: string, compile: CompileRegex): (text: string) => boolean {
  if (source === '') throw new Refused('there is nothing to look for');
  // What is no pattern is looked for as it stands, which is many times faster.
  if (!/[\\^$.*+?()[\]{}|]/.test(source)) {
    const wanted = source.toLowerCase();
    return (text) => text.toLowerCase().includes(wanted);
  }
  try {
    return compile(source);
  } catch (error) {
    throw new Refused(error instanceof Error ? error.message : String(error));
  }
}

/** Columns that are looked through: text and states, but not those that are shown on demand only. */
function textColumns(kind: ViewKind): string[] {
  return viewColumns[kind]
    .filter(({ format, priority }) => (format === 'text' || format === 'state') && priority < 9)
    .map(({ id }) => id);
}

function textTest(kind: ViewKind, matches: (text: string) => boolean): (row: FilterRow) => boolean {
  const ids = textColumns(kind);
  return ({ values }) =>
    ids.some((id) => {
      const value = values[id];
      return typeof value === 'string' && value !== '' && matches(value);
    });
}

function fuzzyTest(kind: ViewKind, wanted: string): Test {
  if (wanted === '') throw new Refused('there is nothing to look for: -f text');
  const letters = wanted
    .toLowerCase()
    .split('')
    .filter((letter) => letter !== ' ');
  return textTest(kind, (text) => {
    const searched = text.toLowerCase();
    let from = 0;
    return letters.every((letter) => {
      from = searched.indexOf(letter, from) + 1;
      return from > 0;
    });
  });
}

function labelTest(kind: ViewKind, selector: string): Test {
  if (kind === 'events') throw new Refused('events have no labels');
  const wanted = selector.split(',').map((each) => each.trim());
  if (wanted.includes('')) throw new Refused('a label is missing: -l name=value,name!=value,name');
  const tests = wanted.map((each): ((labels: FilterRow['labels']) => boolean) => {
    const [, name = '', operator, value] = /^([^=!]+)(!=|==|=)?(.*)$/s.exec(each) ?? [];
    if (name === '') throw new Refused(`"${each}" is no label: write name=value, name!=value or name`);
    // A label may be called as something that every object has.
    const own = (labels: FilterRow['labels']): string | undefined =>
      Object.hasOwn(labels, name.trim()) ? labels[name.trim()] : undefined;
    if (operator === undefined) return (labels) => own(labels) !== undefined;
    if (operator === '!=') return (labels) => own(labels) !== value;
    return (labels) => own(labels) === value;
  });
  return ({ labels }) => tests.every((test) => test(labels));
}

function columnTerm(column: ViewColumn, expression: string, compile: CompileRegex): Term {
  const parsed = parseColumnTest(column, expression, (source) => regex(source, compile));
  if (typeof parsed === 'string') throw new Refused(parsed);
  const test: ColumnTest = parsed;
  return {
    test: ({ values }, now) => test(values[column.id] ?? null, now),
    usesTime: column.format === 'age',
  };
}
