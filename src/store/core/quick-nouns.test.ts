import fc from 'fast-check';
import { expect, test } from 'vitest';
import { buildActual, buildDesired } from '../../../test/kit/builders.ts';
import { actualLrpSchema } from '../../model/actual-lrp.ts';
import { desiredLrpSchema } from '../../model/desired-lrp.ts';
import { quickReads } from './quick-nouns.ts';

const netInfo = { address: 'a', instanceAddress: 'b', ports: [{ containerPort: 80, hostPort: 20_000 }] };
const retire = { reason: 'scaled down', since: 5 };
const samples = {
  actual: {
    schema: actualLrpSchema,
    records: [
      buildActual(),
      buildActual({
        state: 'RUNNING',
        cellId: 'cell-1',
        netInfo,
        containerId: 'c',
        checkOutput: 'x',
        retire,
      }),
      buildActual({ placementError: { message: 'm', cells: 2, counts: { memory: 2 } }, crashReason: 'why' }),
    ],
  },
  desired: {
    schema: desiredLrpSchema,
    records: [
      buildDesired(),
      buildDesired({
        ports: [80, 81],
        removedAt: 7,
        labels: { a: 'b' },
        annotation: 'note',
        env: [{ name: 'A', value: '' }],
      }),
      buildDesired({
        action: { kind: 'run', args: ['sleep', '1'], dir: '/' },
        placement: { tags: ['gpu'], volumeDrivers: [], sticky: true, notWith: [], maxPerCell: 2 },
        routes: { http: [1] },
      }),
    ],
  },
} as const;

const kinds = Object.keys(samples) as (keyof typeof samples)[];
const copy = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test.each(kinds)('%s: good records are read, as the schema reads them', (kind) => {
  const { schema, records } = samples[kind];
  for (const record of records) {
    const read = quickReads[kind]?.(copy(record));
    expect(read).toEqual(schema.parse(copy(record)));
    expect(read).toEqual(copy(record));
  }
});

test.each(kinds)('%s: whatever happens to a record, nothing is read but what the schema reads', (kind) => {
  const { schema, records } = samples[kind];
  const names = [...Object.keys(schema.shape), 'invented', '__proto__'];
  const odd = fc.oneof(
    fc.constantFrom(null, '', 'UNCLAIMED', 'a/b', '.', 0, -1, 1.5, 2 ** 40, 1e308, true, [], {}, [1], [null]),
    fc.constant({ address: 'a', instanceAddress: 'b', ports: [{ containerPort: 1 }] }),
    fc.constant({ kind: 'run', args: [], more: 1 }),
    fc.constant([80, 80]),
    fc.jsonValue(),
  );
  const edits = fc.array(fc.tuple(fc.constantFrom(...names), fc.option(odd, { nil: undefined })), {
    maxLength: 4,
  });
  fc.assert(
    fc.property(fc.constantFrom(...records), edits, (record, changes) => {
      const edited = new Map(Object.entries(record as object));
      for (const [name, value] of changes) edited.set(name, value);
      const json = copy(Object.fromEntries(edited));
      const read = quickReads[kind]?.(copy(json));
      if (read === undefined) return;
      const parsed = schema.safeParse(json);
      expect(parsed.success).toBe(true);
      expect(read).toEqual(parsed.data);
    }),
    { numRuns: 2_000 },
  );
});

test('equal placement rules, and empty lists, are one object', () => {
  const read = quickReads.desired;
  const [a, b] = ['a', 'b'].map((guid) => read?.(copy(buildDesired({ guid }))) as Record<string, unknown>);
  expect(a?.['placement']).toBe(b?.['placement']);
  expect(a?.['env']).toBe(b?.['checks']);
});
