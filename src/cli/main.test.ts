/** The CLI as a whole, in this process, against an API with a store in memory. */
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type ApiServer, startApiServer } from '../../test/kit/api-server.ts';
import { buildActual, buildCell, buildDesired, buildTask } from '../../test/kit/builders.ts';
import { type CliOptions, type CliRun, runCli } from '../../test/kit/cli-run.ts';
import { channels, packFrame } from '../api/core/stream-frames.ts';
import type { Socket } from '../base/socket.ts';
import type { CellId, ProcessGuid, TaskGuid } from '../model/ids.ts';
import { encode } from '../store/core/codec.ts';
import { actualKey, desiredKey, presenceKey, root, taskKey } from '../store/core/keys.ts';

let api: ApiServer;
beforeAll(async () => {
  api = await startApiServer();
});
afterAll(() => api.close());
beforeEach(async () => {
  await api.bbs.deleteRange(root, `${root}~`, { signal: api.signal });
  await api.replica.waitFor(api.bbs.store.revision, 5_000, api.signal);
  api.opened.length = 0;
});

const netInfo = {
  address: '10.0.0.1',
  instanceAddress: '172.17.0.2',
  ports: [{ containerPort: 80, hostPort: 61001 }],
};
const start = (args: readonly string[], options: CliOptions = {}): CliRun =>
  runCli(args, { server: api.socketPath, ...options });

async function skep(args: readonly string[], options: CliOptions = {}) {
  const run = start(args, options);
  const code = await run.code;
  return { code, out: run.out.text, err: run.err.text };
}

async function seedLrp(guid: string, instances: number): Promise<void> {
  const puts = [{ key: desiredKey(guid as ProcessGuid), value: encode(buildDesired({ guid, instances })) }];
  for (let index = 0; index < instances; index++) puts.push(runningPut(guid, index));
  await api.seed({ puts });
}

function runningPut(guid: string, index: number, change: object = {}) {
  const actual = buildActual({
    guid,
    index,
    state: 'RUNNING',
    cellId: 'c-1',
    routable: true,
    netInfo,
    ...change,
  });
  return { key: actualKey(guid as ProcessGuid, index), value: encode(actual) };
}

const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 5_000, interval: 10 });

describe('usage', () => {
  test.each([
    [['frobnicate'], /there is no command "frobnicate"/],
    [['pss'], /did you mean "ps"/],
    [['ps', '--frob'], /--frob/],
    [['run', 'web'], /image/],
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
    [['ps', '--color', 'maybe'], /--color/],
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
    await api.seed({ puts: [{ key: taskKey('t' as TaskGuid), value: encode(buildTask({ guid: 't' })) }] });
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
    await api.seed({ puts: [{ key: actualKey('web' as ProcessGuid, 1), value: encode(crashed) }] });
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
    await api.seed({ puts: [runningPut('web', 0, { routable: false })] });
    await until(() => expect(run.out.text).toMatch(/web\/0 +not ready/));
    run.signal('SIGINT');
    expect(await run.code).toBe(130);
  });
});

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
    await until(() => expect(api.replica.state.desired.size).toBe(1));
    const desired = api.replica.state.desired.get('web' as ProcessGuid)?.value;
    expect(desired).toMatchObject({
      instances: 2,
      ports: [80],
      memoryMb: 64,
      env: [{ name: 'A', value: '1' }],
    });
    expect(desired?.action).toMatchObject({ args: ['sleep', '9'] });
    const starting = buildActual({ state: 'CLAIMED', cellId: 'c-1' });
    await api.seed({ puts: [{ key: actualKey('web' as ProcessGuid, 0), value: encode(starting) }] });
    await until(() => expect(run.err.text).toMatch(/web\/0 is starting on c-1/));
    await api.seed({ puts: [runningPut('web', 0)] });
    await until(() => expect(run.err.text).toMatch(/web\/0 is running on c-1 at 10\.0\.0\.1:61001/));
    await api.seed({ puts: [runningPut('web', 1)] });
    expect(await run.code).toBe(0);
    expect(run.out.text).toBe('web: 2 of 2 ready\n');
  });

  test('without a place: status 5, the reason and the nearest cell, and it is kept', async () => {
    const run = start(['run', 'huge', 'busybox', '-m', '900000']);
    await until(() => expect(api.replica.state.desired.size).toBe(1));
    const placementError = {
      message: 'insufficient resources: memory',
      cells: 1,
      counts: { memory: 1 },
      nearest: { cellId: 'c-1' as CellId, lacks: '1 GiB' },
    };
    const actual = buildActual({ guid: 'huge', placementError });
    await api.seed({ puts: [{ key: actualKey('huge' as ProcessGuid, 0), value: encode(actual) }] });
    expect(await run.code).toBe(5);
    expect(run.err.text).toMatch(/insufficient resources: memory; nearest: c-1 lacks 1 GiB/);
    expect(run.err.text).toMatch(/was accepted/);
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
    await api.seed({ puts: [{ key: actualKey('web' as ProcessGuid, 1), value: encode(crashed) }] });
    expect(await run.code).toBe(1);
    expect(run.err.text).toMatch(/web\/1 crashed 3 times: Exited with status 17/);
  });

  test('in vain: status 6; Ctrl-C stops the watching only', async () => {
    await seedLrp('web', 1);
    const late = await skep(['scale', 'web', '2', '--timeout', '50ms']);
    expect(late).toMatchObject({ code: 6, err: expect.stringMatching(/Waited/) });
    const run = start(['scale', 'web', '3']);
    await api.seed({ puts: [runningPut('web', 1, { routable: false })] });
    await until(() => expect(run.err.text).toMatch(/web\/1 is running, not ready yet/));
    run.signal('SIGINT');
    expect(await run.code).toBe(130);
    expect(run.err.text).toMatch(/Only the watching was stopped/);
    expect(api.replica.state.desired.get('web' as ProcessGuid)?.value.instances).toBe(3);
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
    expect(api.replica.state.desired.get('web' as ProcessGuid)?.value.instances).toBe(0);
  });

  test('stop of one instance retires it; an index out of range names those that are not', async () => {
    await api.seed({ puts: [{ key: presenceKey('c-1' as CellId), value: encode(buildCell('c-1')) }] });
    await seedLrp('web', 2);
    expect(await skep(['stop', 'web/1'])).toMatchObject({
      code: 0,
      err: expect.stringMatching(/will replace it/),
    });
    expect(api.replica.state.actual.get('web' as ProcessGuid)?.get(1)?.ordinary?.value.retire).toBeDefined();
    expect(await skep(['stop', 'web/7'])).toMatchObject({ code: 3, err: expect.stringMatching(/0.*1/s) });
  });

  test('rm asks on a terminal, and no is no', async () => {
    await seedLrp('web', 1);
    const run = start(['rm', 'web'], { terminal: true });
    await until(() => expect(run.err.text).toMatch(/Remove web with 1 instance\? \[y\/N\] $/));
    run.stdin.type('\n');
    expect(await run.code).toBe(10);
    expect(api.replica.state.desired.get('web' as ProcessGuid)?.value.removedAt).toBeUndefined();
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
      expect(api.replica.state.desired.get('web' as ProcessGuid)?.value.removedAt).toBeDefined(),
    );
    await api.seed({ deletes: [desiredKey('web' as ProcessGuid)] });
    expect(await run.code).toBe(0);
    expect(run.err.text).toMatch(/web has been removed/);
  });
});

describe('streams', () => {
  const control = (payload: object): Uint8Array => packFrame('control', Buffer.from(JSON.stringify(payload)));
  const text = (channel: 'stdout' | 'stderr', data: string): Uint8Array =>
    packFrame(channel, Buffer.from(data));
  const logLine = (at: number, line: string): Uint8Array =>
    text('stdout', JSON.stringify({ at, text: line }));

  async function opened(count: number): Promise<Socket[]> {
    await until(() => expect(api.opened.length).toBeGreaterThanOrEqual(count));
    return api.opened.map(({ cell }) => cell);
  }

  /** Every frame that the cell is sent. */
  function received(cell: Socket): { channel: number | undefined; text: string }[] {
    const frames: { channel: number | undefined; text: string }[] = [];
    void (async () => {
      for await (const data of cell.messages) {
        const bytes = data as Uint8Array;
        frames.push({ channel: bytes[0], text: Buffer.from(bytes.subarray(1)).toString('utf8') });
      }
    })();
    return frames;
  }

  test('exec passes input, output and the exit status', async () => {
    await seedLrp('web', 1);
    const run = start(['exec', '-i', 'web', '--', 'cat', '-n']);
    const [cell] = await opened(1);
    expect(api.opened[0]?.request).toMatchObject({
      kind: 'exec',
      args: ['cat', '-n'],
      tty: false,
      stdin: true,
    });
    const frames = received(cell!);
    await cell!.send(control({ kind: 'opened' }));
    run.stdin.type('hello\n');
    run.stdin.type(undefined);
    await until(() => expect(frames.map((f) => f.channel)).toEqual([channels.stdin, channels.control]));
    expect(frames.map((f) => f.text)).toEqual(['hello\n', '{"kind":"endInput"}']);
    await cell!.send(text('stdout', 'out'));
    await cell!.send(text('stderr', 'err'));
    await cell!.send(control({ kind: 'exit', code: 42 }));
    expect(await run.code).toBe(42);
    expect([run.out.text, run.err.text]).toEqual(['out', 'err']);
  });

  test('exec -it has the size of the terminal, follows it, and leaves the terminal as it was', async () => {
    await seedLrp('web', 1);
    const run = start(['exec', 'web'], { terminal: true });
    const [cell] = await opened(1);
    expect(api.opened[0]?.request).toMatchObject({
      args: ['sh'],
      tty: true,
      stdin: true,
      size: { columns: 120, rows: 40 },
    });
    const frames = received(cell!);
    await until(() => expect(run.stdin.rawModes).toEqual([true]));
    run.signal('SIGWINCH');
    await until(() => expect(frames.at(-1)?.text).toBe('{"kind":"resize","size":{"columns":120,"rows":40}}'));
    cell!.close(1011, 'gone');
    expect(await run.code).toBe(255);
    expect(run.err.text).toMatch(/the connection to web\/0 was lost/);
    expect(run.stdin.rawModes).toEqual([true, false]);
  });

  test('exec without a terminal passes Ctrl-C on', async () => {
    await seedLrp('web', 1);
    const run = start(['exec', 'web', '--', 'sleep', '9']);
    const [cell] = await opened(1);
    const frames = received(cell!);
    await cell!.send(text('stdout', 'x'));
    await until(() => expect(run.out.text).toBe('x'));
    run.signal('SIGINT');
    await until(() => expect(frames.at(-1)?.text).toBe('{"kind":"signal","name":"SIGINT"}'));
    await cell!.send(control({ kind: 'exit', code: 130 }));
    expect(await run.code).toBe(130);
  });

  test('exec into what does not run is refused with its state and reason', async () => {
    const crashed = buildActual({ state: 'CRASHED', crashCount: 3, crashReason: 'Exited with status 17' });
    await seedLrp('web', 0);
    await api.seed({ puts: [{ key: actualKey('web' as ProcessGuid, 0), value: encode(crashed) }] });
    const { code, err } = await skep(['exec', 'web/0', '--', 'true']);
    expect(code).toBe(4);
    expect(err).toMatch(/CRASHED[\s\S]*17/);
  });

  test('attach shows output; Ctrl-] leaves', async () => {
    await seedLrp('web', 1);
    const run = start(['attach', '-i', 'web/0']);
    const [cell] = await opened(1);
    await cell!.send(text('stdout', 'tick\n'));
    await until(() => expect(run.out.text).toBe('tick\n'));
    run.stdin.type('\u001d\n');
    expect(await run.code).toBe(0);
  });

  test('logs come merged in the order of time, prefixed and escaped', async () => {
    await seedLrp('web', 2);
    const run = start(['logs', 'web', '-n', '5']);
    const [a, b] = await opened(2);
    expect(api.opened[0]?.request).toMatchObject({ kind: 'logs', tail: 5, follow: false });
    await a!.send(logLine(1, 'one'));
    await a!.send(logLine(3, 'three \u001b[2J'));
    await b!.send(logLine(2, 'two'));
    for (const cell of [a!, b!]) {
      await cell.send(control({ kind: 'exit' }));
      cell.close(1000);
    }
    expect(await run.code).toBe(0);
    const names = api.opened.map(({ request }) => (request.kind === 'logs' ? request.instanceGuid : ''));
    const [first, second] = names[0]?.includes('web-0') ? ['web/0', 'web/1'] : ['web/1', 'web/0'];
    expect(run.out.text).toBe(`${first} c-1 | one\n${second} c-1 | two\n${first} c-1 | three ^[[2J\n`);
  });

  test('logs -f joins new instances and tells the end of old ones', async () => {
    await seedLrp('web', 1);
    const run = start(['logs', '-f', 'web', '--no-prefix']);
    const [cell] = await opened(1);
    await cell!.send(control({ kind: 'opened' }));
    await cell!.send(logLine(1, 'before'));
    await until(() => expect(run.out.text).toBe('before\n'));
    await api.seed({ puts: [runningPut('web', 0, { instanceGuid: 'next', crashReason: 'out of memory' })] });
    await cell!.send(control({ kind: 'exit', code: 137 }));
    await until(() => expect(run.err.text).toMatch(/-- web\/0 exited 137 \(out of memory\) on c-1 --/));
    expect(run.err.text).toMatch(/-- web\/0 on c-1 joined --/);
    const [, next] = await opened(2);
    await next!.send(control({ kind: 'opened' }));
    await next!.send(logLine(2, 'after'));
    await until(() => expect(run.out.text).toBe('before\nafter\n'));
    run.signal('SIGINT');
    expect(await run.code).toBe(130);
  });

  test('logs -f goes on over a lost connection without saying anything twice', async () => {
    await seedLrp('web', 1);
    const run = start(['logs', '-f', 'web', '-o', 'jsonl']);
    const [cell] = await opened(1);
    await cell!.send(logLine(1_000, 'a'));
    await cell!.send(logLine(2_000, 'b'));
    await until(() => expect(run.out.text.split('\n')).toHaveLength(3));
    cell!.close(1011, 'lost');
    const [, again] = await opened(2);
    expect(api.opened[1]?.request).toMatchObject({ since: 2_000 });
    await again!.send(logLine(2_000, 'b'));
    await again!.send(logLine(2_000, 'c'));
    await until(() => expect(run.out.text.split('\n')).toHaveLength(4));
    expect(
      run.out.text
        .split('\n')
        .slice(0, 3)
        .map((line) => JSON.parse(line).text),
    ).toEqual(['a', 'b', 'c']);
    run.signal('SIGINT');
    await run.code;
  });
});

describe('tasks', () => {
  const put = (change: object) => ({
    puts: [{ key: taskKey('t1' as TaskGuid), value: encode(buildTask({ guid: 't1', ...change })) }],
  });

  test('run waits for the end and has its exit status and result', async () => {
    const run = start(['task', 'run', 't1', 'busybox', '--result-file', '/r', '--', 'sh', '-c', 'exit 3']);
    await until(() => expect(api.replica.state.tasks.size).toBe(1));
    expect(api.replica.state.tasks.get('t1' as TaskGuid)?.value).toMatchObject({ resultFile: '/r' });
    await api.seed(put({ state: 'RUNNING', cellId: 'c-1' }));
    await until(() => expect(run.err.text).toMatch(/t1 is running on c-1/));
    const over = {
      state: 'COMPLETED',
      failed: true,
      failureReason: 'Exited with status 3',
      exitCode: 3,
      result: 'r\n',
    };
    await api.seed(put(over));
    expect(await run.code).toBe(3);
    expect(run.out.text).toBe('r\n');
    expect(run.err.text).toMatch(/t1 failed: Exited with status 3/);
  });

  test('ls, show, cancel, wait and rm', async () => {
    await api.seed(put({ state: 'RUNNING', cellId: 'c-1' }));
    expect((await skep(['task', 'ls'])).out).toMatch(/^t1 +running +c-1/m);
    expect((await skep(['task', 'cancel', 't1'])).code).toBe(0);
    expect((await skep(['task', 'show', 't1'])).out).toMatch(/^Why +task was cancelled$/m);
    expect(JSON.parse((await skep(['task', 'show', 't1', '-o', 'json'])).out)).toMatchObject({
      state: 'COMPLETED',
    });
    expect(await skep(['task', 'wait', 't1'])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/was cancelled/),
    });
    expect((await skep(['task', 'rm', 't1', '--yes'])).code).toBe(0);
    expect(await skep(['task', 'show', 't1'])).toMatchObject({ code: 3 });
  });
});

describe('the cluster', () => {
  test('cells, status, events, why and version', async () => {
    await seedLrp('web', 1);
    const value = encode(buildCell('c-1', { engine: { ok: false, name: 'docker', reason: 'no socket' } }));
    await api.seed({ puts: [{ key: presenceKey('c-1' as CellId), value }] });
    await api.seed({ puts: [{ key: desiredKey('bad' as ProcessGuid), value: '{' }] });
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
    await until(() => expect(api.replica.state.events.size).toBe(0));
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
