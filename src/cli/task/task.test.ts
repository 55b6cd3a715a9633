/** `skep task`, in this process. */
import { describe, expect, test, vi } from 'vitest';
import { buildTask } from '../../../test/kit/builders.ts';
import { cliScene } from '../../../test/kit/cli-scene.ts';
import { packFrame } from '../../api/core/stream-frames.ts';
import type { TaskGuid } from '../../model/ids.ts';
import { encode } from '../../store/core/codec.ts';
import { taskKey } from '../../store/core/keys.ts';

const scene = cliScene();
const { start, skep } = scene;
const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 5_000, interval: 10 });

describe('tasks', () => {
  const put = (change: object) => ({
    puts: [{ key: taskKey('t1' as TaskGuid), value: encode(buildTask({ guid: 't1', ...change })) }],
  });

  test('run waits for the end and has its exit status and result', async () => {
    const run = start(['task', 'run', 't1', 'busybox', '--result-file', '/r', '--', 'sh', '-c', 'exit 3']);
    await until(() => expect(scene.api.replica.state.tasks.size).toBe(1));
    expect(scene.api.replica.state.tasks.get('t1' as TaskGuid)?.value).toMatchObject({ resultFile: '/r' });
    await scene.api.seed(put({ state: 'RUNNING', cellId: 'c-1' }));
    await until(() => expect(run.err.text).toMatch(/t1 is running on c-1/));
    const over = {
      state: 'COMPLETED',
      failed: true,
      failureReason: 'Exited with status 3',
      exitCode: 3,
      result: 'r\n',
    };
    await scene.api.seed(put(over));
    expect(await run.code).toBe(3);
    expect(run.out.text).toBe('r\n');
    expect(run.err.text).toMatch(/t1 failed: Exited with status 3/);
  });

  test('run passes on what the task writes, and each stream to its own', async () => {
    const run = start(['task', 'run', 't1', 'busybox', '--', 'sh', '-c', 'echo hi; echo oh >&2; exit 3']);
    await until(() => expect(scene.api.replica.state.tasks.size).toBe(1));
    await scene.api.seed(put({ state: 'RUNNING', cellId: 'c-1', attempt: 'a1' }));
    await until(() => expect(scene.api.opened).toHaveLength(1));
    const [{ cell, request }] = scene.api.opened as [(typeof scene.api.opened)[0]];
    expect(request).toMatchObject({ kind: 'logs', follow: true });
    const line = (channel: 'stdout' | 'stderr', text: string) =>
      cell.send(packFrame(channel, Buffer.from(JSON.stringify({ at: 1, text }))));
    await cell.send(packFrame('control', Buffer.from('{"kind":"opened"}')));
    await line('stdout', 'hi \u001b[31mred');
    await line('stderr', 'oh');
    await until(() => expect(run.out.text).toMatch(/^hi .*red\n$/));
    await scene.api.seed(
      put({
        state: 'COMPLETED',
        cellId: 'c-1',
        attempt: 'a1',
        failed: true,
        failureReason: 'Exited with status 3',
        exitCode: 3,
      }),
    );
    await line('stdout', 'last');
    await cell.send(packFrame('control', Buffer.from('{"kind":"exit","code":3}')));
    expect(await run.code).toBe(3);
    expect(run.out.text).not.toContain('\u001b');
    expect(run.out.text).toMatch(/red\nlast\n$/);
    expect(run.err.text).toMatch(/^oh$/m);
    expect(run.err.text).toMatch(/t1 failed: Exited with status 3$/m);
  });

  test('run says when what the task wrote cannot be had', async () => {
    const run = start(['task', 'run', 't1', 'busybox']);
    await until(() => expect(scene.api.replica.state.tasks.size).toBe(1));
    await scene.api.seed(put({ state: 'COMPLETED', cellId: 'c-1', attempt: 'a1' }));
    await until(() => expect(scene.api.opened).toHaveLength(1));
    const error = { kind: 'error', code: 'NotRunning', message: 'its container has gone' };
    await scene.api.opened[0]?.cell.send(packFrame('control', Buffer.from(JSON.stringify(error))));
    expect(await run.code).toBe(0);
    expect(run.err.text).toMatch(/not all here: its container has gone; try skep task logs t1/);
  });

  test('ls, show, cancel, wait and rm', async () => {
    await scene.api.seed(put({ state: 'RUNNING', cellId: 'c-1' }));
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
