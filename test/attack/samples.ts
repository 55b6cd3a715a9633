/**
 * Valid input made from a schema: what the fuzzer begins with, so that a new route is fuzzed without anybody writing
 * a line for it. Called by requests.ts.
 */
import type { z } from 'zod';
import { intBetween, type Rng } from '../../src/base/core/rng.ts';

/** Values to try for strings, by the name of the field; what the schema refuses is not used. */
export type KnownStrings = Readonly<Record<string, readonly string[]>>;

interface Definition {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly element?: z.ZodType;
  readonly innerType?: z.ZodType;
  readonly in?: z.ZodType;
  readonly options?: readonly z.ZodType[];
  readonly items?: readonly z.ZodType[];
  readonly entries?: Readonly<Record<string, string | number>>;
  readonly values?: readonly unknown[];
  readonly keyType?: z.ZodType;
  readonly valueType?: z.ZodType;
  readonly getter?: () => z.ZodType;
  readonly left?: z.ZodType;
}

const anyStrings = [
  'web',
  'c-1',
  '10.0.0.1',
  '1',
  '80',
  'http://127.0.0.1:7402',
  '/x',
  'a',
  'true',
  '/bin/sh',
];
const anyNumbers = [1, 0, 60_000, 80, 1_000, 0.5, 1e12];
const depthMax = 8;

export const pick = <T>(rng: Rng, list: readonly T[]): T => list[intBetween(rng, 0, list.length - 1)] as T;

/** A value that the schema most likely accepts. */
export function sampleOf(schema: z.ZodType, rng: Rng, known: KnownStrings, field = '', depth = 0): unknown {
  const definition = schema.def as unknown as Definition;
  const inner = (next: z.ZodType | undefined, name = field): unknown =>
    next === undefined ? null : sampleOf(next, rng, known, name, depth + 1);
  switch (definition.type) {
    case 'object':
      return sampleObject(definition.shape ?? {}, (next, name) => inner(next, name), rng, depth);
    case 'array':
      return Array.from({ length: depth > depthMax ? 0 : intBetween(rng, 0, 2) }, () =>
        inner(definition.element),
      );
    case 'tuple':
      return (definition.items ?? []).map((item) => inner(item));
    case 'record':
      return depth > depthMax ? {} : { [String(inner(definition.keyType))]: inner(definition.valueType) };
    case 'optional':
    case 'default':
    case 'prefault':
    case 'nullable':
    case 'readonly':
    case 'nonoptional':
    case 'catch':
      return inner(definition.innerType);
    case 'pipe':
      return inner(definition.in);
    case 'intersection':
      return inner(definition.left);
    case 'lazy':
      return inner(definition.getter?.());
    case 'union':
      return inner(pick(rng, definition.options ?? []));
    default:
      return sampleLeaf(schema, definition, rng, known[field] ?? []);
  }
}

function sampleObject(
  shape: Readonly<Record<string, z.ZodType>>,
  inner: (schema: z.ZodType, name: string) => unknown,
  rng: Rng,
  depth: number,
): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(shape)) {
    const mayLack = schema.safeParse(undefined).success;
    if (!mayLack || (depth < depthMax && rng.next() < 0.5)) object[name] = inner(schema, name);
  }
  return object;
}

function sampleLeaf(schema: z.ZodType, definition: Definition, rng: Rng, known: readonly string[]): unknown {
  switch (definition.type) {
    case 'enum':
      return pick(rng, Object.values(definition.entries ?? {}));
    case 'literal':
      return pick(rng, definition.values ?? []);
    case 'boolean':
      return rng.next() < 0.5;
    case 'number':
      return accepted(schema, rng, [...anyNumbers, intBetween(rng, 0, 50)]);
    case 'string':
      return known.length > 0 ? pick(rng, known) : accepted(schema, rng, anyStrings);
    default:
      return pick(rng, [...anyStrings, ...anyNumbers, {}, []]);
  }
}

/** One of those that the schema takes; any when it takes none. */
function accepted(schema: z.ZodType, rng: Rng, candidates: readonly unknown[]): unknown {
  const fitting = candidates.filter((candidate) => schema.safeParse(candidate).success);
  return pick(rng, fitting.length > 0 ? fitting : candidates);
}
