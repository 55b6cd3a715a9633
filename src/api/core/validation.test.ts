import { expect, test } from 'vitest';
import { z } from 'zod';
import { SkepError } from '../../base/core/errors.ts';
import { desiredLrpSpecSchema } from '../../model/desired-lrp.ts';
import { taskSpecSchema } from '../../model/task.ts';
import { nearest } from './nearest.ts';
import { routes } from './routes.ts';
import { validate } from './validation.ts';

function refusal(schema: Parameters<typeof validate>[0], input: unknown): SkepError {
  try {
    validate(schema, input, 'body');
  } catch (error) {
    if (error instanceof SkepError) return error;
  }
  throw new Error('it was accepted');
}

const good = { guid: 'web', image: 'demo' };

test.each([
  [
    '[diego 74] a guid with a space',
    { guid: 'my app' },
    'guid',
    'guid: may only hold letters, digits, "_" and "-" (got "my app")',
  ],
  ['[diego 74] a guid with a slash', { guid: 'a/b' }, 'guid', 'guid: may only hold'],
  ['[diego 74] a guid with a comma', { guid: 'a,b' }, 'guid', 'guid: may only hold'],
  ['[diego 74] a guid with a dot', { guid: 'a.b' }, 'guid', 'guid: may only hold'],
  ['[diego 74] a guid beyond ASCII', { guid: 'wéb' }, 'guid', 'guid: may only hold'],
  ['[diego 75] no guid', { guid: undefined }, 'guid', 'guid: is required'],
  ['[diego 75] an empty domain', { domain: '' }, 'domain', 'domain: must not be empty'],
  ['[diego 75] no image', { image: undefined }, 'image', 'image: is required'],
  [
    '[diego 76] an annotation of 10,241 bytes',
    { annotation: 'a'.repeat(10_241) },
    'annotation',
    'must be at most 10240 bytes',
  ],
  ['[diego 78] negative max pids', { maxPids: -1 }, 'maxPids', 'maxPids: must be 0 or more (got -1)'],
  ['a negative number of instances', { instances: -1 }, 'instances', 'instances: must be 0 or more (got -1)'],
  ['half an instance', { instances: 1.5 }, 'instances', 'instances: must be a whole number (got 1.5)'],
  ['an absurd number of instances', { instances: 1e9 }, 'instances', 'instances: must be at most 100000'],
  ['a number as text', { memoryMb: '64' }, 'memoryMb', 'memoryMb: must be a number (got "64")'],
  ['a port out of range', { ports: [8080, 70_000] }, 'ports.1', 'ports.1: must be at most 65535 (got 70000)'],
  [
    'a check of unknown kind',
    { checks: [{ kind: 'udp', port: 1 }] },
    'checks.0.kind',
    'is not a known kind (got "udp")',
  ],
])('refuses %s', (_name, change, field, message) => {
  const error = refusal(desiredLrpSpecSchema, { ...good, ...change });
  expect(error).toMatchObject({ code: 'InvalidRequest', field });
  expect(error.message).toContain(message);
});

test('collects every violation and names the first of the schema', () => {
  const error = refusal(desiredLrpSpecSchema, { guid: 'a b', instances: -1, memoryMb: -5 });
  expect(error.field).toBe('image');
  for (const field of ['guid:', 'image:', 'instances:', 'memoryMb:']) expect(error.message).toContain(field);
});

test('an unknown field is refused by name, with the nearest known one', () => {
  const error = refusal(desiredLrpSpecSchema, { ...good, instanses: 3 });
  expect(error).toMatchObject({ field: 'instanses', hint: 'did you mean "instances"?' });
});

test('an unknown field is found inside lenient objects too', () => {
  const error = refusal(desiredLrpSpecSchema, {
    ...good,
    checks: [{ kind: 'tcp', port: 80, intervallMs: 5 }],
  });
  expect(error).toMatchObject({ field: 'checks.0.intervallMs', hint: 'did you mean "intervalMs"?' });
});

test('an unknown query parameter is refused', () => {
  const error = refusal(routes.listTasks.query, { domian: 'x' });
  expect(error).toMatchObject({ field: 'domian', hint: 'did you mean "domain"?' });
});

test('[diego 85] duplicate ports are taken once, and free maps may hold any key', () => {
  const spec = validate(
    desiredLrpSpecSchema,
    { ...good, ports: [8080, 8080, 9090], labels: { any: 'x' }, routes: { r: { deep: [1] } } },
    'body',
  );
  expect(spec).toMatchObject({ ports: [8080, 9090], labels: { any: 'x' }, routes: { r: { deep: [1] } } });
});

test('[diego 2] a task guid with illegal characters, [diego 5] a long annotation', () => {
  expect(refusal(taskSpecSchema, { guid: 'a b', image: 'x' }).field).toBe('guid');
  const annotation = 'a'.repeat(10_241);
  expect(refusal(taskSpecSchema, { guid: 'a', image: 'x', annotation }).field).toBe('annotation');
});

test('a body that is no object at all', () => {
  expect(refusal(desiredLrpSpecSchema, undefined).message).toBe('body: is required');
  expect(refusal(desiredLrpSpecSchema, [1]).message).toContain('body: must be an object');
});

test.each([
  ['instanses', 'instances'],
  ['imaeg', 'image'],
  ['IMAGE', 'image'],
  ['zzz', undefined],
])('the nearest to %s is %s', (word, expected) => {
  expect(nearest(word, ['image', 'instances', 'guid'])).toBe(expected);
});

test('what is nested without end is refused, in whatever field it is', () => {
  const free = z.object({ routes: z.record(z.string(), z.unknown()) });
  const nested = (depth: number): unknown =>
    JSON.parse(`${'{"a":['.repeat(depth)}1${']}'.repeat(depth)}`) as unknown;
  expect(validate(free, { routes: nested(20) }, 'body')).toEqual({ routes: nested(20) });
  expect(() => validate(free, { routes: nested(5_000) }, 'body')).toThrow(
    expect.objectContaining({
      code: 'InvalidRequest',
      message: expect.stringContaining('more than 64 levels'),
    }),
  );
});
