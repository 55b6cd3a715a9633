/** What a cell tells of tasks. */
import { describe, expect, test } from 'vitest';
import { cell, cellRequests, other } from '../../test/kit/cell-requests.ts';
import { silentLog } from '../base/log.ts';
import type { TaskGuid } from '../model/ids.ts';
import { assignTask, cancelReason, desireTask, failTask, type Task, taskSpecSchema } from '../model/task.ts';
import { decode, encode } from '../store/core/codec.ts';
import { taskKey } from '../store/core/keys.ts';
import { createReplica } from '../store/follow-replica.ts';

const s = cellRequests();

describe('tasks', () => {
  const key = taskKey('t1' as TaskGuid);
  const pending = (cellId = cell): Task => {
    const task = desireTask(taskSpecSchema.parse({ guid: 't1', image: 'busybox' }), s().clock.now());
    const move = assignTask(task, cellId, s().clock.now());
    if (!move.ok) throw new Error(move.message);
    return move.next;
  };
  const task = async (): Promise<Task | undefined> => {
    const decoded = decode('task', (await s().read(key)) ?? '');
    return decoded.ok ? decoded.value : undefined;
  };
  const start = (attempt: string) => ({ guid: 't1', attempt });

  test('start once: the same attempt is told yes again, any other no', async () => {
    await s().put(key, encode(pending()));
    expect(await s().ask('startTask', start('a'))).toBe('');
    expect(await s().ask('startTask', start('a'))).toBe('');
    expect(await s().ask('startTask', start('b'))).toBe('InvalidStateTransition');
    expect(await s().ask('startTask', start('a'), s().contextOf(other))).toBe('InvalidStateTransition');
    expect(await task()).toMatchObject({ state: 'RUNNING', attempt: 'a', cellId: cell });
    expect(s().events()).toEqual(['task.started t1: started on cell-1']);
  });

  test('of another cell are not started here', async () => {
    await s().put(key, encode(pending(other)));
    expect(await s().ask('startTask', start('a'))).toBe('RunningOnDifferentCell');
  });

  test('cancelled meanwhile: neither started from an old replica nor completed', async () => {
    await s().put(key, encode(pending()));
    await s().ask('startTask', start('a'));
    const old = createReplica({ bbs: s().bbs, clock: s().clock, log: silentLog });
    const frozen = new AbortController();
    void old.run(frozen.signal);
    await s().clock.settle();
    frozen.abort();
    const move = failTask((await task()) ?? pending(), cancelReason, s().clock.now());
    await s().put(key, encode(move.ok ? move.next : pending()));
    expect(await s().ask('startTask', start('a'), s().contextOf(cell, old))).toBe('InvalidStateTransition');
    const done = { guid: 't1', failed: true, failureReason: 'x' };
    expect(await s().ask('completeTask', done, s().contextOf(other))).toBe('InvalidStateTransition');
    expect(await task()).toMatchObject({ failureReason: cancelReason });
  });

  test('complete with their result, once', async () => {
    await s().put(key, encode(pending()));
    await s().ask('startTask', start('a'));
    const done = { guid: 't1', failed: false, exitCode: 0, result: 'out' };
    expect(await s().ask('completeTask', done, s().contextOf(other))).toBe('RunningOnDifferentCell');
    expect(await s().ask('completeTask', done)).toBe('');
    expect(await s().ask('completeTask', done)).toBe('');
    expect(await task()).toMatchObject({ state: 'COMPLETED', failed: false, result: 'out' });
    expect(s().events().at(-1)).toBe('task.completed t1: completed');
  });

  test('[diego 307] are rejected by the cell that has them, by the attempt it started', async () => {
    await s().put(key, encode(pending()));
    await s().ask('startTask', start('a'));
    const rejection = { guid: 't1', attempt: 'a', reason: 'no image' };
    expect(await s().ask('rejectTask', { ...rejection, attempt: 'b' })).toBe('RunningOnDifferentCell');
    expect(await s().ask('rejectTask', rejection, s().contextOf(other))).toBe('RunningOnDifferentCell');
    expect(await s().ask('rejectTask', rejection)).toBe('');
    expect(await task()).toMatchObject({ state: 'PENDING', rejectionCount: 1, rejectionReason: 'no image' });
    expect(await s().ask('rejectTask', rejection)).toBe('RunningOnDifferentCell');
  });

  test('unknown: ResourceNotFound', async () => {
    expect(await s().ask('startTask', start('a'))).toBe('ResourceNotFound');
  });
});
