import { describe, expect, it } from 'vitest';
import {
  desiredLrpSchema,
  desiredLrpSpecSchema,
  desireLrp,
  removeLrp,
  updateLrp,
  wantedInstances,
} from './desired-lrp.ts';

const spec = desiredLrpSpecSchema.parse({ guid: 'web', image: 'nginx:1.27' });
const refusedField = (input: object): string | undefined => {
  const parsed = desiredLrpSpecSchema.safeParse({ guid: 'web', image: 'nginx', ...input });
  return parsed.success ? undefined : parsed.error.issues[0]?.path.join('.');
};

describe('what may be desired, reference/diego.md 1.21', () => {
  it.each(['a b', 'a/b', 'a,b', 'a.b', 'ü', ''])('[diego 2] the guid %j is refused', (guid) => {
    expect(refusedField({ guid })).toBe('guid');
  });

  it.each([
    [{ instances: -1 }, 'instances'],
    [{ instances: 1.5 }, 'instances'],
    [{ instances: 1e9 }, 'instances'],
    [{ memoryMb: -5 }, 'memoryMb'],
    [{ maxPids: -1 }, 'maxPids'],
    [{ cpuWeight: 101 }, 'cpuWeight'],
    [{ image: '' }, 'image'],
    [{ image: 'two words' }, 'image'],
    [{ ports: [0] }, 'ports.0'],
    [{ ports: [65_536] }, 'ports.0'],
    [{ env: [{ name: '', value: 'x' }] }, 'env.0.name'],
    [{ checks: [{ kind: 'http', port: 80, path: 'ping' }] }, 'checks.0.path'],
    [{ checks: [{ kind: 'command', args: [] }] }, 'checks.0.args'],
    [{ annotation: 'x'.repeat(10_241) }, 'annotation'],
    [{ annotation: 'ü'.repeat(5_121) }, 'annotation'],
    [{ routes: { router: 'x'.repeat(131_072) } }, 'routes'],
    [{ memory: 5 }, ''],
  ])('%j is refused', (input, field) => {
    expect(refusedField(input)).toBe(field);
  });

  it.each([{ instances: 0 }, { memoryMb: 0 }, { maxPids: 0 }, { annotation: 'x'.repeat(10_240) }])(
    '%j is fine',
    (input) => {
      expect(refusedField(input)).toBeUndefined();
    },
  );

  it('[diego 187] ports keep their order and lose their repeats', () => {
    expect(desiredLrpSpecSchema.parse({ ...spec, ports: [9, 8, 9] }).ports).toEqual([9, 8]);
  });

  it('[diego 154] a check fills in path and time-out', () => {
    const [check] = desiredLrpSpecSchema.parse({ ...spec, checks: [{ kind: 'http', port: 80 }] }).checks;
    expect(check).toMatchObject({ path: '/', timeoutMs: 1_000, intervalMs: 30_000 });
  });
});

describe('an LRP over time', () => {
  const lrp = desireLrp(spec, 5, 'e1');

  it('is a record that the store accepts', () => {
    expect(desiredLrpSchema.safeParse(lrp).success).toBe(true);
  });

  it('an empty update raises the modification index and nothing else', () => {
    expect(updateLrp(lrp, {}, 9)).toEqual({ ...lrp, modificationIndex: 1, updatedAt: 9 });
  });

  it('removing it wants no instance and keeps the definition', () => {
    const removed = removeLrp(updateLrp(lrp, { instances: 4 }, 6), 9);
    expect([wantedInstances(removed), removed.instances, removed.removedAt]).toEqual([0, 4, 9]);
  });
});
