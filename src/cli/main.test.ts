/** The CLI as a whole, in this process: usage, what is listed, and the cluster. */
import { describe, expect, test, vi } from 'vitest';
import { buildActual, buildCell, buildTask } from '../../test/kit/builders.ts';
import { cliScene, runningPut } from '../../test/kit/cli-scene.ts';
import type { CellId, ProcessGuid, TaskGuid } from '../model/ids.ts';
import { encode } from '../store/core/codec.ts';
import { actualKey, desiredKey, presenceKey, taskKey } from '../store/core/keys.ts';

const scene = cliScene();
const { start, skep, seedLrp } = scene;
const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 5_000, interval: 10 });

describe('usage', () => {
  test.each([
    [['frobnicate'], /there is no command "frobnicate"/],
    [['pss'], /did you mean "ps"/],
    [['ps', '--frob'], /--frob/],
    [['run', 'web'], /^skep: IMAGE is missing.*\n {2}hint: usage: skep run \[OPTIONS\] NAME IMAGE /],
    [['run', 'web', 'busybox', '-n', '-3'], /-3/],
    [['run', 'web', 'busybox', '-n', '99999999999'], /100000/],
    [['run', 'web', 'busybox', '-m', '12potatoes'], /12potatoes/],
    [['run', 'web', 'busybox', '-p', '0'], /-p: "0"/],
    [['run', 'web', 'busybox', '--check', 'udp:1'], /--check/],
    [['run', 'web', 'busybox', '--env-file', 'none'], /--env-file: ENOENT/],
    [['run', 'we b', 'busybox'], /letters, digits/],
    [['run', 'web', 'Bad Image'], /image/],
    [['scale', 'web', 'lots'], /lots/],
    [['ps', '-o', 'xml'], /-o: "xml" is not one of/],
    [['logs', 'web', '--grep', '('], /--grep/],
    [['ps', '--server', 'a:b:c'], /--server: "a:b:c" is not/],
    [['ps', '--color', 'maybe'], /^skep: --color: "maybe" is not one of auto, always, never\n$/],
    [
      ['ps', '--no-header'],
      /unknown option '--no-header'\n {2}hint: did you mean --no-headers\? usage: skep ps /,
    ],
    [['logs', 'web', '--stream', 'in'], /--stream: "in" is not one of out, err/],
    [['logs', 'web', '-n'], /-n, --lines <n>: its value is missing/],
    [['status', 'web', 'now'], /skep status takes no argument: "web" "now" is too much/],
    [['scale', 'web', '1', '2'], /skep scale takes 2 arguments at most: "2" is too much/],
    [['task', 'lss'], /there is no command "task lss"\n {2}hint: did you mean ls\?/],
    [['token', 'create'], /--role is missing: one of server, cell/],
    [['user', 'add', 'eve', '--role', 'boss', '--file', 'f'], /"boss" is not one of viewer, operator, admin/],
    [['server', 'auto', '4'], /^skep: WHAT: "4" is not one of on, off, 1, 3, 5\n$/],
    [['agent', '--server', 'maybe'], /--server: "maybe" is not one of true, false, auto/],
    [['dev', '--cells', '99'], /--cells: "99" is not a whole number from 1 to 20/],
  ])('%j is refused with status 2', async (args, message) => {
    await seedLrp('web', 1);
    const { code, out, err } = await skep(args);
    expect(err).toMatch(message);
    expect({ code, out }).toEqual({ code: 2, out: '' });
  });

  test('without arguments, help; every command has help with an example', async () => {
    const { code, out } = await skep([]);
    expect(code).toBe(0);
    const verbs = [
      'run',
      'ps',
      'scale',
      'stop',
      'restart',
      'rm',
      'why',
      'logs',
      'exec',
      'attach',
      'status',
      'cells',
      'events',
      'version',
    ];
    const tasks = ['run', 'ls', 'show', 'logs', 'wait', 'cancel', 'rm'].map((verb) => ['task', verb]);
    for (const verb of verbs) expect(out).toMatch(new RegExp(`^  ${verb} `, 'm'));
    for (const args of [...verbs.map((verb) => [verb]), ['task'], ...tasks, ['agent'], ['dev']]) {
      const help = await skep([...args, '--help']);
      expect({ args, code: help.code }).toEqual({ args, code: 0 });
      expect(help.out, args.join(' ')).toMatch(/Examples?:\n[\s\S]*\$ skep/);
    }
  });

  test('help COMMAND is COMMAND --help', async () => {
    expect(await skep(['help', 'run'])).toEqual(await skep(['run', '--help']));
    expect(await skep(['help'])).toEqual(await skep([]));
  });

  test('flags of every command may stand before the verb', async () => {
    await seedLrp('web', 1);
    expect(await skep(['--no-headers', '-o', 'name', 'ps'])).toEqual({ code: 0, out: 'web\n', err: '' });
    await scene.api.seed({
      puts: [{ key: taskKey('t' as TaskGuid), value: encode(buildTask({ guid: 't' })) }],
    });
    expect(await skep(['-o', 'name', 'task', 'ls'])).toMatchObject({ code: 0, out: 't\n' });
  });

  test('nobody answers: status 7, with how to start the agent', async () => {
    const { code, err } = await skep(['ps'], { server: '/nonexistent/skep.sock' });
    expect(code).toBe(7);
    expect(err).toMatch(/skep agent/);
  });
});

describe('ps', () => {
  test('lists LRPs, and the instances of one with the reason', async () => {
    await seedLrp('web', 2);
    const crashed = buildActual({
      index: 1,
      state: 'CRASHED',
      crashCount: 3,
      crashReason: 'Exited \u001b[2J 17',
    });
    await scene.api.seed({ puts: [{ key: actualKey('web' as ProcessGuid, 1), value: encode(crashed) }] });
    const list = await skep(['ps']);
    expect(list.out).toMatch(/^NAME +READY +STATE/);
    expect(list.out).toMatch(/^web +1\/2 +1 crashed +busybox:latest/m);
    const one = await skep(['ps', 'web', '--no-headers']);
    expect(one.out).toMatch(/^web\/0 +running +c-1 +10\.0\.0\.1:61001/);
    expect(one.out).toMatch(/^web\/1 +crashed .*Exited \^\[\[2J 17; restart/m);
    expect((await skep(['ps', 'web/1', '-o', 'name'])).out).toBe('web/1\n');
  });

  test('as JSON and YAML', async () => {
    await seedLrp('web', 1);
    expect(JSON.parse((await skep(['ps', '-o', 'json'])).out)).toMatchObject([{ desired: { guid: 'web' } }]);
    expect((await skep(['ps', '-o', 'yaml'])).out).toMatch(/guid: web/);
  });

  test('finds by the beginning of a name, and names candidates and neighbours', async () => {
    await seedLrp('web', 1);
    await seedLrp('web-admin', 1);
    await seedLrp('worker', 1);
    expect((await skep(['ps', 'wor', '-o', 'name'])).out).toBe('worker/0\n');
    expect(await skep(['ps', 'w'])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/web, web-admin, worker/),
    });
    expect(await skep(['ps', 'wroker'])).toMatchObject({
      code: 3,
      err: expect.stringMatching(/did you mean "worker"/),
    });
  });

  test('-w prints what changes until Ctrl-C', async () => {
    await seedLrp('web', 1);
    const run = start(['ps', '-w', 'web', '--no-headers']);
    await until(() => expect(run.out.text).toMatch(/web\/0 +running/));
    await scene.api.seed({ puts: [runningPut('web', 0, { routable: false })] });
    await until(() => expect(run.out.text).toMatch(/web\/0 +not ready/));
    run.signal('SIGINT');
    expect(await run.code).toBe(130);
  });
});

describe('the cluster', () => {
  test('cells, status, events, why and version', async () => {
    await seedLrp('web', 1);
    const value = encode(buildCell('c-1', { engine: { ok: false, name: 'docker', reason: 'no socket' } }));
    await scene.api.seed({ puts: [{ key: presenceKey('c-1' as CellId), value }] });
    await scene.api.seed({ puts: [{ key: desiredKey('bad' as ProcessGuid), value: '{' }] });
    await skep(['scale', 'web', '2', '-d']);
    expect((await skep(['cells'])).out).toMatch(/^c-1 +engine down .*no socket$/m);
    expect((await skep(['status'])).out).toContain(desiredKey('bad' as ProcessGuid));
    expect((await skep(['why', 'web'])).out).toMatch(/web/);
    expect((await skep(['why', 'nothing'])).code).toBe(3);
    expect((await skep(['events', '--utc'])).out).toMatch(/lrp\.changed +web/);
    expect(JSON.parse((await skep(['events', '-o', 'json'])).out)).toHaveLength(1);
    expect((await skep(['version'])).out).toMatch(
      /skep +0\.0\.0-test\nserver +0\.0\.0-test \(host-a, API 1\)/,
    );
  });

  test('events -f goes on until Ctrl-C', async () => {
    await seedLrp('web', 1);
    const run = start(['events', '-f', '-o', 'jsonl']);
    await until(() => expect(scene.api.replica.state.events.size).toBe(0));
    await vi.waitFor(
      async () => {
        await skep(['scale', 'web', '2', '-d']);
        expect(run.out.text).toMatch(/"lrp.changed"/);
      },
      { timeout: 5_000, interval: 100 },
    );
    run.signal('SIGTERM');
    expect(await run.code).toBe(143);
  });
});
