import fc from 'fast-check';
import { expect, test } from 'vitest';
import { newActualLrp } from '../../model/actual-lrp.ts';
import { desiredLrpSpecSchema, desireLrp } from '../../model/desired-lrp.ts';
import type { ProcessGuid } from '../../model/ids.ts';
import { decode, encode } from './codec.ts';
import type { Key } from './keys.ts';

const kinds: readonly Key['kind'][] = [
  'desired',
  'actual',
  'task',
  'presence',
  'domain',
  'leader',
  'server',
  'event',
];

test('what is encoded is decoded as it was', () => {
  const lrp = desireLrp(
    desiredLrpSpecSchema.parse({ guid: 'web', image: 'nginx:1.27', ports: [80] }),
    5,
    'e',
  );
  expect(decode('desired', encode(lrp))).toEqual({ ok: true, value: lrp });
  const actual = newActualLrp({ guid: 'web' as ProcessGuid, index: 3, domain: 'default' }, 5, 'e');
  expect(decode('actual', encode(actual))).toEqual({ ok: true, value: actual });
});

test('fields of a later version are dropped, not refused', () => {
  const text = JSON.stringify({ v: 1, name: 'd', ttlSeconds: 0, updatedAt: 1, invented: true });
  expect(decode('domain', text)).toEqual({
    ok: true,
    value: { v: 1, name: 'd', ttlSeconds: 0, updatedAt: 1 },
  });
});

test('a refusal names the field', () => {
  expect(decode('leader', '{"v":1,"server":"a","raftTerm":"two","since":1}')).toEqual({
    ok: false,
    reason: expect.stringMatching(/^raftTerm: /),
  });
  expect(decode('leader', 'null')).toEqual({ ok: false, reason: expect.stringMatching(/^record: /) });
  expect(decode('leader', '{')).toEqual({ ok: false, reason: 'is not JSON' });
});

test('any text at all is answered, not thrown at', () => {
  const text = fc.oneof(fc.string(), fc.json());
  fc.assert(
    fc.property(fc.constantFrom(...kinds), text, (kind, any) => {
      const decoded = decode(kind, any);
      if (!decoded.ok) expect(decoded.reason).not.toBe('');
    }),
  );
});
