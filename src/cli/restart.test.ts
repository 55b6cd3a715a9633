/** `skep restart`, in this process: one after another, and no further than the first that fails. */
import { expect, test, vi } from 'vitest';
import { buildActual, buildCell, buildDesired } from '../../test/kit/builders.ts';
import { cliScene, runningPut } from '../../test/kit/cli-scene.ts';
import type { CellId, ProcessGuid } from '../model/ids.ts';
import { encode } from '../store/core/codec.ts';
import { actualKey, presenceKey } from '../store/core/keys.ts';

const scene = cliScene();
const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 20_000, interval: 10 });
const web = 'web' as ProcessGuid;
const isRetired = (index: number): boolean =>
  scene.api.replica.state.actual.get(web)?.get(index)?.ordinary?.value.retire !== undefined;

/** An LRP of which a check says at once whether an instance works. */
async function seedChecked(instances: number): Promise<void> {
  const checks = [{ kind: 'tcp', port: 80 }];
  await scene.seed({ desired: [buildDesired({ guid: 'web', instances, checks } as never)] });
  const cell = { key: presenceKey('c-1' as CellId), value: encode(buildCell('c-1')) };
  const instanceAt = (_: unknown, index: number) =>
    runningPut('web', index, { instanceGuid: `first-${index}` });
  await scene.api.seed({ puts: [cell, ...Array.from({ length: instances }, instanceAt)] });
}

test('the next one is stopped when the one before runs again', async () => {
  await seedChecked(2);
  const run = scene.start(['restart', 'web']);
  await until(() => expect(isRetired(0)).toBe(true));
  expect(isRetired(1)).toBe(false);
  await scene.api.seed({ puts: [runningPut('web', 0, { instanceGuid: 'next-0' })] });
  await until(() => expect(isRetired(1)).toBe(true));
  expect(isRetired(0)).toBe(false);
  await scene.api.seed({ puts: [runningPut('web', 1, { instanceGuid: 'next-1' })] });
  expect(await run.code).toBe(0);
  expect(run.out.text).toBe('web: 2 of 2 replaced\n');
  expect(run.err.text).toContain('web/0 is running on c-1');
});

test('instances that are named one by one, or twice, are replaced once each and counted together', async () => {
  await seedChecked(3);
  const run = scene.start(['restart', 'web/2', 'web/0', 'web/2']);
  await until(() => expect(isRetired(2)).toBe(true));
  await scene.api.seed({ puts: [runningPut('web', 2, { instanceGuid: 'next-2' })] });
  await until(() => expect(isRetired(0)).toBe(true));
  await scene.api.seed({ puts: [runningPut('web', 0, { instanceGuid: 'next-0' })] });
  expect(await run.code).toBe(0);
  expect(run.out.text).toBe('web: 2 of 2 replaced\n');
  expect(isRetired(1)).toBe(false);
});

test('one that crashes ends it: status 1, and the others are left alone', async () => {
  await seedChecked(2);
  const run = scene.start(['restart', 'web']);
  await until(() => expect(isRetired(0)).toBe(true));
  const since = Date.now() + 60_000;
  const crashed = buildActual({ state: 'CRASHED', crashCount: 3, crashReason: 'exited with 3', since });
  await scene.api.seed({ puts: [{ key: actualKey(web, 0), value: encode(crashed) }] });
  expect(await run.code).toBe(1);
  expect(run.err.text).toMatch(/exited with 3[\s\S]*web\/0 does not come up again: skep why web\/0/);
  expect(run.err.text).toContain('web: 0 of 2 instances replaced, the others are left as they are');
  expect(isRetired(1)).toBe(false);
});

test('an index out of range is refused before anything stops', async () => {
  await seedChecked(2);
  expect(await scene.skep(['restart', 'web', 'web/7'])).toMatchObject({
    code: 3,
    err: expect.stringContaining('valid indexes: 0 to 1') as string,
  });
  expect([isRetired(0), isRetired(1)]).toEqual([false, false]);
});
