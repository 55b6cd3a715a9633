/** `skep run`, `scale`, `stop` and `rm`, with what they wait for and how they end, in this process. */
import { describe, expect, test, vi } from 'vitest';
import { buildActual, buildCell } from '../../test/kit/builders.ts';
import { cliScene, runningPut } from '../../test/kit/cli-scene.ts';
import type { CellId, ProcessGuid } from '../model/ids.ts';
import { encode } from '../store/core/codec.ts';
import { actualKey, desiredKey, presenceKey } from '../store/core/keys.ts';

const scene = cliScene();
const { start, skep, seedLrp } = scene;
const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 5_000, interval: 10 });

describe('run and scale', () => {
  test('wait until every instance is ready', async () => {
    const run = start([
      'run',
      'web',
      'busybox',
      '-n',
      '2',
      '-p',
      '80',
      '-e',
      'A=1',
      '-m',
      '64',
      '--check',
      'tcp:80',
      '--',
      'sleep',
      '9',
    ]);
    await until(() => expect(scene.api.replica.state.desired.size).toBe(1));
    const desired = scene.api.replica.state.desired.get('web' as ProcessGuid)?.value;
    expect(desired).toMatchObject({
      instances: 2,
      ports: [80],
      memoryMb: 64,
      env: [{ name: 'A', value: '1' }],
    });
    expect(desired?.action).toMatchObject({ args: ['sleep', '9'] });
    const starting = buildActual({ state: 'CLAIMED', cellId: 'c-1' });
    await scene.api.seed({ puts: [{ key: actualKey('web' as ProcessGuid, 0), value: encode(starting) }] });
    await until(() => expect(run.err.text).toMatch(/web\/0 is starting on c-1/));
    await scene.api.seed({ puts: [runningPut('web', 0)] });
    await until(() => expect(run.err.text).toMatch(/web\/0 is running on c-1 at 10\.0\.0\.1:61001/));
    await scene.api.seed({ puts: [runningPut('web', 1)] });
    expect(await run.code).toBe(0);
    expect(run.out.text).toBe('web: 2 of 2 ready\n');
  });

  test('without a place: status 5, the reason and the nearest cell, and it is kept', async () => {
    const run = start(['run', 'huge', 'busybox', '-m', '900000']);
    await until(() => expect(scene.api.replica.state.desired.size).toBe(1));
    const placementError = {
      message: 'insufficient resources: memory',
      cells: 1,
      counts: { memory: 1 },
      nearest: { cellId: 'c-1' as CellId, lacks: '1 GiB' },
    };
    const actual = buildActual({ guid: 'huge', placementError });
    await scene.api.seed({ puts: [{ key: actualKey('huge' as ProcessGuid, 0), value: encode(actual) }] });
    expect(await run.code).toBe(5);
    expect(run.err.text).toMatch(/insufficient resources: memory; nearest: c-1 lacks 1 GiB/);
    expect(run.err.text).toMatch(/was accepted.*skep rm huge takes it back/);
  });

  test('scaled to more than fits: what takes it back is the number before, not the removal of what runs', async () => {
    await seedLrp('web', 1);
    const run = start(['scale', 'web', '2']);
    await until(() =>
      expect(scene.api.replica.state.desired.get('web' as ProcessGuid)?.value.instances).toBe(2),
    );
    const placementError = { message: 'insufficient resources: memory', cells: 1, counts: { memory: 1 } };
    const value = encode(buildActual({ guid: 'web', index: 1, placementError }));
    await scene.api.seed({ puts: [{ key: actualKey('web' as ProcessGuid, 1), value }] });
    expect(await run.code).toBe(5);
    expect(run.err.text).toContain('; skep scale web 1 takes it back.');
    expect(run.err.text).not.toContain('skep rm');
  });

  test('crashing: status 1 with the crash reason', async () => {
    await seedLrp('web', 1);
    const run = start(['scale', 'web', '2']);
    const crashed = buildActual({
      index: 1,
      state: 'CRASHED',
      crashCount: 3,
      crashReason: 'Exited with status 17',
    });
    await scene.api.seed({ puts: [{ key: actualKey('web' as ProcessGuid, 1), value: encode(crashed) }] });
    expect(await run.code).toBe(1);
    expect(run.err.text).toMatch(/web\/1 crashed 3 times: Exited with status 17/);
  });

  test('in vain: status 6; Ctrl-C stops the watching only', async () => {
    await seedLrp('web', 1);
    const late = await skep(['scale', 'web', '2', '--timeout', '50ms']);
    expect(late).toMatchObject({ code: 6, err: expect.stringMatching(/Waited/) });
    const run = start(['scale', 'web', '3']);
    await scene.api.seed({ puts: [runningPut('web', 1, { routable: false })] });
    await until(() => expect(run.err.text).toMatch(/web\/1 is running, not ready yet/));
    run.signal('SIGINT');
    expect(await run.code).toBe(130);
    expect(run.err.text).toMatch(/Only the watching was stopped/);
    expect(scene.api.replica.state.desired.get('web' as ProcessGuid)?.value.instances).toBe(3);
  });

  test('a name that exists: status 4; --detach does not wait', async () => {
    await seedLrp('web', 1);
    expect(await skep(['run', 'web', 'busybox'])).toMatchObject({
      code: 4,
      err: expect.stringMatching(/exists/),
    });
    expect(await skep(['run', 'other', 'busybox', '-d', '-o', 'name'])).toMatchObject({
      code: 0,
      out: 'other\n',
    });
    expect(await skep(['scale', 'nothing', '3'])).toMatchObject({
      code: 3,
      err: expect.stringMatching(/"nothing"/),
    });
  });
});

describe('stop and rm', () => {
  test('stop keeps the definition and says how to bring it back', async () => {
    await seedLrp('web', 3);
    const { code, err } = await skep(['stop', 'web', '-d']);
    expect({ code, err }).toEqual({
      code: 0,
      err: 'web keeps its definition; skep scale web 3 brings it back.\n',
    });
    expect(scene.api.replica.state.desired.get('web' as ProcessGuid)?.value.instances).toBe(0);
  });

  test('stop of one instance retires it; an index out of range names those that are not', async () => {
    await scene.api.seed({ puts: [{ key: presenceKey('c-1' as CellId), value: encode(buildCell('c-1')) }] });
    await seedLrp('web', 2);
    expect(await skep(['stop', 'web/1'])).toMatchObject({
      code: 0,
      err: expect.stringMatching(/will replace it/),
    });
    expect(
      scene.api.replica.state.actual.get('web' as ProcessGuid)?.get(1)?.ordinary?.value.retire,
    ).toBeDefined();
    expect(await skep(['stop', 'web/7'])).toMatchObject({ code: 3, err: expect.stringMatching(/0.*1/s) });
  });

  test('rm asks on a terminal, and no is no', async () => {
    await seedLrp('web', 1);
    const run = start(['rm', 'web'], { terminal: true });
    await until(() => expect(run.err.text).toMatch(/Remove web with 1 instance\? \[y\/N\] $/));
    run.stdin.type('\n');
    expect(await run.code).toBe(10);
    expect(scene.api.replica.state.desired.get('web' as ProcessGuid)?.value.removedAt).toBeUndefined();
  });

  test.each([
    ['without a terminal', {}],
    ['with SKEP_NO_INPUT', { terminal: true, env: { SKEP_NO_INPUT: '1' } }],
  ])('rm %s names the flag', async (_, options) => {
    await seedLrp('web', 1);
    expect(await skep(['rm', 'web'], options)).toMatchObject({
      code: 2,
      err: expect.stringMatching(/--yes/),
    });
  });

  test('rm waits until it has gone', async () => {
    await seedLrp('web', 0);
    const run = start(['rm', 'web', '--yes']);
    await until(() =>
      expect(scene.api.replica.state.desired.get('web' as ProcessGuid)?.value.removedAt).toBeDefined(),
    );
    await scene.api.seed({ deletes: [desiredKey('web' as ProcessGuid)] });
    expect(await run.code).toBe(0);
    expect(run.err.text).toMatch(/web has been removed/);
  });
});
