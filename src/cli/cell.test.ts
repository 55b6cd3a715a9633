/** `skep cell` and `skep brain` in-process against an API whose brain is the test. */
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { buildActual, buildCell, buildDesired, buildDrained } from '../../test/kit/builders.ts';
import { cliScene } from '../../test/kit/cli-scene.ts';
import type { CellId, ProcessGuid } from '../model/ids.ts';
import { actualKey } from '../store/core/keys.ts';

const scene = cliScene();
const { start, skep, seed } = scene;
beforeEach(() => seed({ cells: [buildCell('a', { zone: 'z1' }), buildCell('b', { zone: 'z2' })] }));

const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 5_000, interval: 10 });
const specOf = (cellId: string) => scene.api.replica.state.cellSpecs.get(cellId as CellId)?.value;
const web = 'web' as ProcessGuid;
const onA = (presence: 'ORDINARY' | 'EVACUATING') =>
  buildActual({ state: 'RUNNING', cellId: 'a', routable: true, presence });

test('a shell on a cell that is not there: that is said, not what this terminal lacks', async () => {
  expect(await skep(['cell', 'shell', 'nope'])).toMatchObject({
    code: 3,
    err: expect.stringMatching(/^skep: there is no cell "nope"/),
  });
  expect((await skep(['cell', 'shell', 'a'])).err).toMatch(/a console needs a terminal/);
});

describe('a lost cell', () => {
  const lostAt = Date.now() - 12 * 60_000;
  const cells = [buildCell('a', { zone: 'z1' })];
  const roster = { v: 1, cells: { a: { zone: 'z1' }, gone: { zone: 'z2', lostAt, settled: true } } } as const;
  beforeEach(() => seed({ cells, roster }));

  test('is a problem and a row until it is forgotten', async () => {
    expect((await skep(['status'])).out).toMatch(
      /PROBLEM +a cell is away: gone for 12 min; gone for good\? skep cell forget gone/,
    );
    expect((await skep(['cells'])).out).toMatch(/^gone +lost +z2 .*not heard of for 12m/m);
    expect(JSON.parse((await skep(['cells', '-o', 'json'])).out)).toHaveLength(2);
    expect(await skep(['cell', 'forget', 'gone'])).toMatchObject({ code: 0, err: 'gone is forgotten.\n' });
    expect((await skep(['cells'])).out).not.toMatch(/gone/);
    expect((await skep(['status'])).out).not.toMatch(/away/);
    expect((await skep(['events'])).out).toMatch(/cell\.forgotten +gone/);
  });

  test('is not forgotten while it is there, or while something is left to replace', async () => {
    expect(await skep(['cell', 'forget', 'a'])).toMatchObject({
      code: 4,
      err: expect.stringMatching(/cell a is there\n.*skep cell drain a/),
    });
    expect(await skep(['cell', 'forget', 'never'])).toMatchObject({ code: 3 });
    await seed({ actual: [buildActual({ state: 'RUNNING', cellId: 'gone', presence: 'SUSPECT' })] });
    expect(await skep(['cell', 'forget', 'gone'])).toMatchObject({
      code: 4,
      err: expect.stringMatching(/not all that was on cell gone is replaced: 1 left/),
    });
  });
});

describe('usage', () => {
  test('every command has help with an example', async () => {
    const cell = ['ls', 'show', 'cordon', 'uncordon', 'drain', 'undrain', 'forget'].map((verb) => [
      'cell',
      verb,
    ]);
    const brain = [
      ['brain', 'settings'],
      ['brain', 'confirm-loss'],
    ];
    for (const args of [['cell'], ['brain'], ...cell, ...brain]) {
      const help = await skep([...args, '--help']);
      expect({ args, code: help.code }).toEqual({ args, code: 0 });
      expect(help.out, args.join(' ')).toMatch(/Examples?:\n[\s\S]*\$ skep/);
    }
  });
  test.each([
    [['cell', 'drain'], 2, 'name the cells to drain'],
    [['cell', 'drain', '--zone', 'nowhere'], 3, 'no cell is present in zone "nowhere"'],
    [['cell', 'drain', 'nope'], 3, 'there is no cell "nope"'],
    [['cell', 'drain', 'a', '--deadline', 'soon'], 2, '--deadline: "soon"'],
    [['cell', 'drain', '--monitor'], 3, 'no cell is drained now'],
    [['cell', 'show', 'nope'], 3, 'there is no cell "nope"'],
    [['brain', 'settings', 'maxStartin=3'], 2, 'did you mean "maxStarting"'],
    [['brain', 'settings', 'maxStarting=lots'], 2, 'maxStarting: "lots" is not a number'],
    [['brain', 'settings', 'preemption=1'], 2, 'is not true or false'],
  ])('%j is refused with status %d', async (args, code, message) => {
    const run = await skep(args);
    expect(run.err).toContain(message);
    expect(run.code).toBe(code);
  });
});

describe('cordon', () => {
  test('is shown by cells with who and why, and taken back', async () => {
    expect((await skep(['cell', 'cordon', 'a', '--reason', 'noises'])).code).toBe(0);
    const { out } = await skep(['cells']);
    expect(out).toMatch(/^a +cordoned .* by uid \d+.*: noises$/m);
    expect((await skep(['cell', 'uncordon', 'a'])).code).toBe(0);
    expect((await skep(['cell', 'ls'])).out).toMatch(/^a +ready /m);
  });
  test('of several: one that is refused does not keep the others', async () => {
    const run = await skep(['cell', 'cordon', 'a', 'nope']);
    expect(run.err).toContain('nope: there is no cell "nope"');
    expect([run.code, specOf('a')?.cordon !== undefined]).toEqual([9, true]);
  });
});

describe('drain', () => {
  test('[diego 253] shows each step of an instance, ends when nothing is left, with what moved', async () => {
    await seed({ desired: [buildDesired()], actual: [onA('ORDINARY')] });
    const run = start(['cell', 'drain', 'a', '--reason', 'disk', '--deadline', '10m']);
    await until(() => expect(run.err.text).toContain('web/0 waits for its replacement to be placed'));
    expect(specOf('a')?.drain).toMatchObject({ reason: 'disk', force: false });
    await seed({ actual: [onA('EVACUATING'), buildActual({ state: 'CLAIMED', cellId: 'b' })] });
    await until(() => expect(run.err.text).toContain('web/0 is starting on b'));
    await seed({ actual: [buildActual({ state: 'RUNNING', cellId: 'b', routable: true })] });
    await until(() => expect(run.err.text).toContain('web/0 is healthy on b'));
    await scene.api.seed({ deletes: [actualKey(web, 0, 'evacuating')] });
    expect(await run.code).toBe(0);
    expect(run.err.text).toContain('web/0 has stopped; it runs on b\na is drained: 1 instance moved.\n');
  });

  test('Ctrl-C stops the watching only and says how to come back; --monitor does, from any terminal', async () => {
    await seed({ desired: [buildDesired()], actual: [onA('ORDINARY')] });
    const run = start(['cell', 'drain', 'a']);
    await until(() => expect(run.err.text).toContain('web/0'));
    run.signal('SIGINT');
    expect(await run.code).toBe(130);
    expect(run.err.text).toContain('the drain goes on: skep cell drain --monitor a');
    expect(specOf('a')?.drain).toBeDefined();
    const again = start(['cell', 'drain', '--monitor']);
    await until(() => expect(again.err.text).toContain('web/0 waits'));
    expect((await skep(['cell', 'undrain', 'a'])).code).toBe(0);
    expect(await again.code).toBe(1);
    expect(again.err.text).toContain('was taken back');
  });

  test('of cells that nothing takes over from is refused once, with one reason for all that has it', async () => {
    const on = (index: number) => buildActual({ index, state: 'RUNNING', cellId: 'a', routable: true });
    await seed({ desired: [buildDesired({ instances: 2 })], actual: [on(0), on(1)] });
    const { code, err } = await skep(['cell', 'drain', 'a', 'b']);
    expect(code).toBe(5);
    expect(err.match(/would find no place elsewhere/g)).toHaveLength(1);
    expect(err).toMatch(/2 instances of a, b would find no place elsewhere: web\/0, web\/1 \(found no/);
  });

  test('a few at a time is asked for with --max-parallel, which must be a whole number', async () => {
    const run = await skep(['cell', 'drain', 'a', '--max-parallel', '2', '--detach']);
    expect([run.code, specOf('a')?.drain?.maxParallel]).toEqual([0, 2]);
    expect(await skep(['cell', 'drain', 'a', '--max-parallel', 'many'])).toMatchObject({ code: 2 });
  });

  test('of a zone means its cells; detached it does not wait', async () => {
    const run = await skep(['cell', 'drain', '--zone', 'z1', '--no-deadline', '--detach']);
    expect(run).toMatchObject({ code: 0, err: expect.stringContaining('skep cell drain --monitor a') });
    expect([specOf('a')?.drain?.deadlineAt, specOf('b')]).toEqual([undefined, undefined]);
    expect((await skep(['cells'])).out).toMatch(/^a +drained /m);
  });

  test('on a terminal rows are drawn anew', async () => {
    await seed({ desired: [buildDesired()], actual: [onA('ORDINARY')] });
    const run = start(['cell', 'drain', 'a'], { terminal: true });
    await until(() => expect(run.err.text).toContain('a: 1 instance and 0 tasks left, 1 waiting'));
    await scene.api.seed({ deletes: [actualKey(web, 0)] });
    expect(await run.code).toBe(0);
    expect(run.err.text).toContain('\u001b[2A\u001b[J');
  });

  test('as data: what is left, and nothing else on standard output', async () => {
    const { out } = await skep(['cell', 'drain', 'a', '-o', 'json']);
    expect(JSON.parse(out)).toMatchObject([{ cellId: 'a', done: true }]);
  });
});

test('show tells how a drain goes on a few at a time, and what each container costs the cell', async () => {
  await seed({
    desired: [buildDesired({ memoryMb: 100 })],
    actual: [onA('ORDINARY')],
    cells: [buildCell('a', { overheadMemoryMb: 16 })],
    specs: [buildDrained('a', { at: Date.now() - 60_000, instances: 2, maxParallel: 1 })],
  });
  const { out } = await skep(['cell', 'show', 'a']);
  expect(out).toMatch(/^OVERHEAD +16M for each container$/m);
  expect(out).toMatch(/^MEMORY +116M\/1000M/m);
  expect(out).toMatch(/^PACE +1 at a time, about 1m\d*s? to go$/m);
  expect(out).toContain('  web/0 waits for its turn');
});

test('show tells what operators want of a cell and what it holds', async () => {
  await seed({ desired: [buildDesired()], actual: [onA('ORDINARY')] });
  await skep(['cell', 'drain', 'a', '--reason', 'disk', '--detach']);
  const { out } = await skep(['cell', 'show', 'a']);
  expect(out).toMatch(/^CELL +a$/m);
  expect(out).toMatch(/^STATE +draining$/m);
  expect(out).toMatch(/^DRAINED +by uid .*: disk$/m);
  expect(out).toMatch(/^DEADLINE +in 59m/m);
  expect(out).toContain('  web/0 waits for its replacement');
});

describe('brain', () => {
  test('settings are shown, changed by name, and told in the journal', async () => {
    expect((await skep(['brain', 'settings', 'maxStarting=20', 'preemption=true'])).out).toMatch(
      /^maxStarting +20$/m,
    );
    expect(JSON.parse((await skep(['brain', 'settings', '-o', 'json'])).out)).toMatchObject({
      maxStarting: 20,
      preemption: true,
      binPackWeight: 0,
    });
    expect((await skep(['events'])).out).toContain('set maxStarting to 20, preemption to true');
  });
  test('confirm-loss opens the storm guard for a while', async () => {
    const run = await skep(['brain', 'confirm-loss', '--for', '1h']);
    expect(run).toMatchObject({ code: 0, err: expect.stringContaining('confirmed for 1h') });
    expect(scene.api.replica.state.settings?.value.stormConfirmedUntil).toBeGreaterThan(0);
  });
});
