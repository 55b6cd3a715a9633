/**
 * Bad input, told so that it can be put right: every violation is collected, each with its field, the value
 * and the rule. Used by the API on everything that comes from outside.
 */
import { z } from 'zod';
import { SkepError } from '../../base/core/errors.ts';
import { didYouMean } from './nearest.ts';

interface Violation {
  readonly field: string;
  readonly message: string;
  readonly hint?: string | undefined;
}

const valueMaxChars = 60;
const violationsMax = 20;
/** What anybody means is far less deep; beyond some thousands the stack would end. */
const depthMax = 64;

/**
 * Checks `input` and returns it with defaults filled in. Throws `InvalidRequest` that names the first field
 * in `field` and all of them in the message; unknown fields, at any depth, are violations.
 * @param what names the input where no field does: `body`, `query`, …
 */
export function validate<T extends z.ZodType>(schema: T, input: unknown, what: string): z.infer<T> {
  if (isTooDeep(input)) {
    const message = `is nested more than ${depthMax} levels deep`;
    throw invalid([{ field: '', message }], { field: '', message }, what);
  }
  const parsed = schema.safeParse(input, { error: phrase });
  const violations = parsed.success
    ? unknownFields(input, parsed.data, '', knownFields(schema))
    : firstOfEach(parsed.error.issues.flatMap((issue) => violationsOf(issue, input, schema)));
  const [first] = violations;
  if (first === undefined) return parsed.data as z.infer<T>;
  throw invalid(violations, first, what);
}

/** Level by level, so that its own depth is that of one call. */
function isTooDeep(input: unknown): boolean {
  let level: unknown[] = [input];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > depthMax) return true;
    level = level.flatMap((value) =>
      typeof value === 'object' && value !== null ? Object.values(value) : [],
    );
  }
  return false;
}

function invalid(violations: readonly Violation[], first: Violation, what: string): SkepError {
  const told = violations
    .slice(0, violationsMax)
    .map(({ field, message }) => `${field === '' ? what : field}: ${message}`);
  if (violations.length > violationsMax) told.push(`and ${violations.length - violationsMax} more`);
  const hint = violations.find((violation) => violation.hint !== undefined)?.hint;
  return new SkepError('InvalidRequest', told.join('; '), { field: first.field || what, hint });
}

/** Of a field that breaks several rules the first is told: what is empty need not be told which letters it may hold. */
function firstOfEach(violations: readonly Violation[]): Violation[] {
  return violations.filter(
    ({ field }, i) => field === '' || violations.findIndex((other) => other.field === field) === i,
  );
}

function violationsOf(issue: z.core.$ZodIssue, input: unknown, schema: z.ZodType): Violation[] {
  const field = fieldName(issue.path);
  if (issue.code === 'unrecognized_keys') {
    const known = issue.path.length === 0 ? knownFields(schema) : [];
    return issue.keys.map((key) => unknownField(field, key, known));
  }
  const value = valueAt(input, issue.path);
  const shown =
    value === undefined || typeof value === 'object' ? '' : ` (got ${clip(JSON.stringify(value))})`;
  return [{ field, message: issue.message + shown }];
}

function unknownField(parent: string, key: string, known: readonly string[]): Violation {
  const field = parent === '' ? key : `${parent}.${key}`;
  const hint = didYouMean(key, known) ?? (known.length > 0 ? `known fields: ${known.join(', ')}` : undefined);
  return { field: clip(field), message: 'is not a known field', hint };
}

/** What a lenient schema dropped: fields that came in and did not go out. */
function unknownFields(
  input: unknown,
  output: unknown,
  parent: string,
  known: readonly string[],
): Violation[] {
  if (Array.isArray(input) && Array.isArray(output)) {
    if (input.length !== output.length) return [];
    return input.flatMap((entry, i) => unknownFields(entry, output[i], `${parent}.${i}`, []));
  }
  if (!isRecord(input) || !isRecord(output)) return [];
  return Object.entries(input).flatMap(([key, value]) => {
    if (!Object.hasOwn(output, key)) {
      return [unknownField(parent, key, known.length > 0 ? known : Object.keys(output))];
    }
    return unknownFields(value, output[key], parent === '' ? key : `${parent}.${key}`, []);
  });
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function knownFields(schema: z.ZodType): readonly string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

const fieldName = (path: readonly PropertyKey[]): string => path.map(String).join('.');

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const part of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
}

function clip(text: string): string {
  return text.length <= valueMaxChars ? text : `${text.slice(0, valueMaxChars)}…`;
}

const units: Readonly<Record<string, string>> = { string: ' characters', array: ' entries' };

/** Rules as a phrase after the field's name; messages that a schema gives itself come before these. */
function phrase(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined) return 'is required';
      if (issue.expected === 'int') return 'must be a whole number';
      return `must be ${/^[aeiou]/.test(issue.expected) ? 'an' : 'a'} ${issue.expected}`;
    case 'too_small':
      return units[issue.origin] === undefined
        ? `must be ${issue.minimum} or more`
        : `must have at least ${issue.minimum}${units[issue.origin]}`;
    case 'too_big':
      return `must ${units[issue.origin] === undefined ? 'be' : 'have'} at most ${issue.maximum}${units[issue.origin] ?? ''}`;
    case 'invalid_value':
      return `must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map(String).join(', ')}`;
    case 'invalid_union':
      return 'is not a known kind';
    default:
      return undefined;
  }
}
