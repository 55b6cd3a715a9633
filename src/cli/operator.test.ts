/** What a tired operator sees: warnings, refusals and exit statuses that must not mislead. */
import { expect, test } from 'vitest';
import { buildActual } from '../../test/kit/builders.ts';
import { runCli } from '../../test/kit/cli-run.ts';
import { cliScene } from '../../test/kit/cli-scene.ts';
import type { ProcessGuid } from '../model/ids.ts';
import { encode } from '../store/core/codec.ts';
import { actualKey } from '../store/core/keys.ts';

const scene = cliScene();
const { skep } = scene;
const seedLrp = (guid: string) => scene.seedLrp(guid, 1);

test('what a server without quorum answers is said to be old, once, on standard error', async () => {
  await seedLrp('web');
  scene.api.bbs.setAvailable(false);
  try {
    const { code, out, err } = await skep(['ps', 'web']);
    expect({ code, lines: out.split('\n').length }).toEqual({ code: 0, lines: 3 });
    expect(err.match(/what is shown may be old/g)).toHaveLength(1);
    const status = await skep(['status']);
    expect(status.err).toBe('');
    expect(status.out.match(/may be old/g)).toHaveLength(1);
  } finally {
    scene.api.bbs.setAvailable(true);
  }
  await expect.poll(async () => (await skep(['ps', 'web'])).err, { timeout: 5_000 }).toBe('');
});

test.each([[['rm', 'web', '--yes']], [['stop', 'web']], [['stop', 'web/0']], [['scale', 'web', '0']]])(
  '%j of somebody who meant an LRP that has gone does not touch web-admin',
  async (args) => {
    await seedLrp('web-admin');
    const { code, err } = await skep(args);
    expect(code).toBe(2);
    expect(err).toMatch(/"web" is only the beginning of web-admin[^]*type the whole name: web-admin/);
    expect(scene.api.replica.state.desired.get('web-admin' as ProcessGuid)?.value).toMatchObject({
      instances: 1,
    });
    expect((await skep(['ps', 'web'])).code).toBe(0);
  },
);

test('an instance that does not exist is not found, as by every other command', async () => {
  await seedLrp('web');
  for (const verb of ['ps', 'logs']) {
    const { code, err } = await skep([verb, 'web/7']);
    expect({ verb, code }).toEqual({ verb, code: 3 });
    expect(err).toMatch(/web\/7 does not exist\n {2}hint: web has the index 0/);
  }
});

test('ps -w NAME/INDEX shows that instance only', async () => {
  await seedLrp('web');
  const other = buildActual({ guid: 'web', index: 1, state: 'CLAIMED', cellId: 'c-1' });
  await scene.api.seed({ puts: [{ key: actualKey('web' as ProcessGuid, 1), value: encode(other) }] });
  const run = runCli(['ps', '-w', 'web/1'], { server: scene.api.socketPath });
  await expect.poll(() => run.out.text, { timeout: 5_000 }).toContain('web/1');
  run.signal('SIGINT');
  expect(await run.code).toBe(130);
  expect(run.out.text).not.toContain('web/0');
});

test('a refusal names what was typed, once', async () => {
  expect((await skep(['run', '', 'busybox'])).err).toBe('skep: NAME: must not be empty (got "")\n');
  expect((await skep(['run', 'web', ''])).err).toBe('skep: IMAGE: must not be empty (got "")\n');
  expect((await skep(['run', 'web', 'busybox', '-m', '99999T'])).err).toMatch(
    /^skep: --memory in MiB: must be/,
  );
  expect((await skep(['stop'])).err).toMatch(
    /^skep: NAME is missing: .*\n {2}hint: usage: skep stop \[OPTIONS\] NAME.* \('skep stop --help' tells more\)\n$/,
  );
});

test('exec without a command and without a terminal is refused, not silently done', async () => {
  await seedLrp('web');
  const { code, err } = await skep(['exec', 'web']);
  expect(code).toBe(2);
  expect(err).toMatch(/there is no command to run/);
});

test('events of a name without any say so', async () => {
  expect((await skep(['events', 'nobody'])).err).toMatch(/Nothing about nobody is in the journal/);
});

test('of three hundred instances the progress tells how many are how, not each', async () => {
  await seedLrp('web');
  const run = runCli(['scale', 'web', '300', '--timeout', '2m'], { server: scene.api.socketPath });
  await expect
    .poll(() => scene.api.replica.state.desired.get('web' as ProcessGuid)?.value.instances)
    .toBe(300);
  const put = (index: number, state: 'CLAIMED' | 'RUNNING') => ({
    key: actualKey('web' as ProcessGuid, index),
    value: encode(buildActual({ guid: 'web', index, state, cellId: 'c-1', routable: state === 'RUNNING' })),
  });
  const indexes = Array.from({ length: 300 }, (_, index) => index);
  await scene.api.seed({ puts: indexes.map((index) => put(index, 'CLAIMED')) });
  for (const index of indexes) await scene.api.seed({ puts: [put(index, 'RUNNING')] });
  expect(await run.code).toBe(0);
  expect(run.err.text).toMatch(/^web: \d+ of 300 ready/m);
  // One line a second, however long it takes; told each, they would be 600.
  expect(run.err.text.split('\n').length).toBeLessThan(150);
  expect(run.out.text).toBe('web: 300 of 300 ready\n');
});

test('a watch says when what it shows may be old, and when it is current again', async () => {
  await seedLrp('web');
  const run = runCli(['ps', '-w', 'web'], { server: scene.api.socketPath });
  await expect.poll(() => run.out.text, { timeout: 5_000 }).toContain('web/0');
  scene.api.bbs.setAvailable(false);
  await expect.poll(() => run.err.text, { timeout: 5_000 }).toMatch(/may be old/);
  scene.api.bbs.setAvailable(true);
  await expect.poll(() => run.err.text, { timeout: 5_000 }).toMatch(/current again/);
  run.signal('SIGINT');
  expect(await run.code).toBe(130);
});

test('who waits for six instances while somebody else scales to none is told so', async () => {
  await seedLrp('web');
  const run = runCli(['scale', 'web', '6'], { server: scene.api.socketPath });
  await expect.poll(() => scene.api.replica.state.desired.get('web' as ProcessGuid)?.value.instances).toBe(6);
  expect((await skep(['scale', 'web', '0', '-d'])).code).toBe(0);
  expect(await run.code).toBe(4);
  expect(run.err.text).toMatch(/web: it was scaled to 0 meanwhile, by somebody else: skep events web/);
});
