/** What stands behind `column:` in a filter of a view: a comparison for numbers, a pattern for text. */
import type { ViewColumn } from './view-columns.ts';
import type { Scalar } from './view-shapes.ts';

/** @param now epoch milliseconds, for ages */
export type ColumnTest = (value: Scalar, now: number) => boolean;

type Comparison = '>' | '>=' | '<' | '<=' | '=';
const comparisons: Readonly<Record<Comparison, (a: number, b: number) => boolean>> = {
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '=': (a, b) => a === b,
};

const ageUnits: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const mbUnits: Readonly<Record<string, number>> = { '': 1, k: 1 / 1_024, m: 1, g: 1_024, t: 1_048_576 };
const plainUnits: Readonly<Record<string, number>> = { '': 1, '%': 1 };

/**
 * The test, or what is wrong with the expression. A value that is not known passes no test but `!text`.
 * @param pattern makes a test of a regular expression; may throw
 */
export function parseColumnTest(
  column: ViewColumn,
  expression: string,
  pattern: (source: string) => (text: string) => boolean,
): ColumnTest | string {
  switch (column.format) {
    case 'text':
    case 'state':
      return textTest(expression, pattern);
    case 'yesno':
      return yesNoTest(expression);
    case 'age':
      return ageTest(expression);
    case 'mb':
      return numberTest(expression, mbUnits, 'a size such as >512m or <2g');
    case 'count':
    case 'percent':
      return numberTest(expression, plainUnits, 'a number such as >3 or =0');
  }
}

function textTest(
  expression: string,
  pattern: (source: string) => (text: string) => boolean,
): ColumnTest | string {
  if (expression.startsWith('=')) {
    const wanted = expression.slice(1).trim().toLowerCase();
    return (value) => String(value ?? '').toLowerCase() === wanted;
  }
  if (/^[<>]/.test(expression)) return 'is compared with a number, but the column holds text';
  const isInverse = expression.startsWith('!');
  const matches = pattern(isInverse ? expression.slice(1).trim() : expression);
  return (value) => matches(String(value ?? '')) !== isInverse;
}

function yesNoTest(expression: string): ColumnTest | string {
  const word = expression.replace(/^=/, '').trim().toLowerCase();
  if (['y', 'yes', 'true'].includes(word)) return (value) => value === true;
  if (['n', 'no', 'false'].includes(word)) return (value) => value === false;
  return 'the column is yes or no';
}

interface Amount {
  readonly compare: (a: number, b: number) => boolean;
  readonly number: number;
}

function parseAmount(expression: string, units: Readonly<Record<string, number>>): Amount | undefined {
  const [, operator = '=', digits = '', unit = ''] =
    /^(>=|<=|>|<|=)?\s*(\d{1,15}(?:\.\d{1,6})?)\s*([a-z%]?)i?b?$/i.exec(expression) ?? [];
  const scale = Object.hasOwn(units, unit.toLowerCase()) ? units[unit.toLowerCase()] : undefined;
  if (digits === '' || scale === undefined) return undefined;
  return { compare: comparisons[operator as Comparison], number: Number(digits) * scale };
}

function numberTest(
  expression: string,
  units: Readonly<Record<string, number>>,
  wanted: string,
): ColumnTest | string {
  const amount = parseAmount(expression, units);
  if (amount === undefined) return `"${expression}" is not ${wanted}`;
  return (value) => typeof value === 'number' && amount.compare(value, amount.number);
}

function ageTest(expression: string): ColumnTest | string {
  const amount = parseAmount(expression, ageUnits);
  if (amount === undefined) return `"${expression}" is not an age such as <10m, >2h or >3d`;
  return (value, now) => typeof value === 'number' && amount.compare(Math.max(0, now - value), amount.number);
}
