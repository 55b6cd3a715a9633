/** `skep task`, in this process. */
import { describe, expect, test, vi } from 'vitest';
import { buildTask } from '../../../test/kit/builders.ts';
import { cliScene } from '../../../test/kit/cli-scene.ts';
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
