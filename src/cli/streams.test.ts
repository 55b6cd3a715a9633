/** `skep exec`, `attach` and `logs`, in this process, with cells in the test's hands. */
import { describe, expect, test, vi } from 'vitest';
import { buildActual, buildDesired, buildTask } from '../../test/kit/builders.ts';
import { cliScene, runningPut } from '../../test/kit/cli-scene.ts';
import { channels, packFrame } from '../api/core/stream-frames.ts';
import type { Socket } from '../base/socket.ts';
import type { ProcessGuid } from '../model/ids.ts';
import { encode } from '../store/core/codec.ts';
import { actualKey } from '../store/core/keys.ts';

const scene = cliScene();
const { start, skep, seedLrp } = scene;
const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 5_000, interval: 10 });

describe('streams', () => {
  const control = (payload: object): Uint8Array => packFrame('control', Buffer.from(JSON.stringify(payload)));
  const text = (channel: 'stdout' | 'stderr', data: string): Uint8Array =>
    packFrame(channel, Buffer.from(data));
  const logLine = (at: number, line: string): Uint8Array =>
    text('stdout', JSON.stringify({ at, text: line }));

  async function opened(count: number): Promise<Socket[]> {
    await until(() => expect(scene.api.opened.length).toBeGreaterThanOrEqual(count));
    return scene.api.opened.map(({ cell }) => cell);
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
    expect(scene.api.opened[0]?.request).toMatchObject({
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

  test('console opens in an LRP, in a task where no LRP has the name, and in task:NAME', async () => {
    const task = buildTask({ guid: 'night', state: 'RUNNING', cellId: 'c-1', attempt: 'try-1' as never });
    const both = buildTask({ guid: 'web', state: 'RUNNING', cellId: 'c-1', attempt: 'try-2' as never });
    const web = buildActual({
      guid: 'web',
      index: 0,
      state: 'RUNNING',
      cellId: 'c-1',
      instanceGuid: 'web-0',
    });
    await scene.seed({
      desired: [buildDesired({ guid: 'web', instances: 1 })],
      actual: [web],
      tasks: [task, both],
    });
    const runs = ['web', 'night', 'task:web'].map((name) => start(['console', name], { terminal: true }));
    const cells = await opened(3);
    const containers = scene.api.opened.map(({ request }) =>
      'instanceGuid' in request ? request.instanceGuid : '',
    );
    expect(new Set(containers)).toEqual(new Set(['try-1', 'try-2', 'web-0']));
    for (const cell of cells) {
      await cell.send(control({ kind: 'opened' }));
      await cell.send(control({ kind: 'exit', code: 0 }));
    }
    for (const run of runs) expect(await run.code).toBe(0);
    const { code, err } = await skep(['console', 'nigth'], { terminal: true });
    expect(code).not.toBe(0);
    expect(err).toContain('and no task of that name');
  });

  test('exec -it has the size of the terminal, follows it, and leaves the terminal as it was', async () => {
    await seedLrp('web', 1);
    const run = start(['exec', 'web'], { terminal: true });
    const [cell] = await opened(1);
    expect(scene.api.opened[0]?.request).toMatchObject({
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
    await scene.api.seed({ puts: [{ key: actualKey('web' as ProcessGuid, 0), value: encode(crashed) }] });
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
    expect(scene.api.opened[0]?.request).toMatchObject({ kind: 'logs', tail: 5, follow: false });
    await a!.send(logLine(1, 'one'));
    await a!.send(logLine(3, 'three \u001b[2J'));
    await b!.send(logLine(2, 'two'));
    for (const cell of [a!, b!]) {
      await cell.send(control({ kind: 'exit' }));
      cell.close(1000);
    }
    expect(await run.code).toBe(0);
    const names = scene.api.opened.map(({ request }) =>
      request.kind === 'logs' ? request.instanceGuid : '',
    );
    const [first, second] = names[0]?.includes('web-0') ? ['web/0', 'web/1'] : ['web/1', 'web/0'];
    expect(run.out.text).toBe(`${first} c-1 | one\n${second} c-1 | two\n${first} c-1 | three ^[[2J\n`);
  });

  test('logs of what never ran say why there are none', async () => {
    const reason = 'failed to create container: cannot pull image a/b:1: no such host';
    const crashed = { state: 'CRASHED', crashCount: 3, crashReason: reason } as const;
    await scene.seed({
      desired: [buildDesired({ guid: 'web', instances: 1 }), buildDesired({ guid: 'big', instances: 1 })],
      actual: [buildActual({ guid: 'web', index: 0, ...crashed }), buildActual({ guid: 'big', index: 0 })],
    });
    const waits = await skep(['logs', 'big']);
    expect(waits).toMatchObject({
      code: 0,
      err: 'No instance has run yet, so nothing was written: skep why big\n',
    });
    const { code, err } = await skep(['logs', 'web']);
    expect(code).toBe(4);
    expect(err).toBe(
      `skep: web/0: there is no output, its last start failed: ${reason}\n  hint: skep why web/0\n`,
    );
  });

  test('logs -f joins new instances and tells the end of old ones', async () => {
    await seedLrp('web', 1);
    const run = start(['logs', '-f', 'web', '--no-prefix']);
    const [cell] = await opened(1);
    await cell!.send(control({ kind: 'opened' }));
    await cell!.send(logLine(1, 'before'));
    await until(() => expect(run.out.text).toBe('before\n'));
    await scene.api.seed({
      puts: [runningPut('web', 0, { instanceGuid: 'next', crashReason: 'out of memory' })],
    });
    // The record comes by another way than the end of the log: what it says is known once the next one has joined.
    await until(() => expect(run.err.text).toMatch(/-- web\/0 on c-1 joined --/));
    await cell!.send(control({ kind: 'exit', code: 137 }));
    await until(() => expect(run.err.text).toMatch(/-- web\/0 exited 137 \(out of memory\) on c-1 --/));
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
    expect(scene.api.opened[1]?.request).toMatchObject({ since: 2_000 });
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
