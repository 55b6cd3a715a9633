/** What a cell does with tasks: at most once, whatever happens in between. */
import { expect, test } from 'vitest';
import { type CellWorld, cellWorld } from '../../test/kit/cell-world.ts';
import { SkepError } from '../base/core/errors.ts';

const job = { exits: { afterMs: 3_000, code: 0 }, files: { '/out': 'forty-two\n' } };

const completed = (world: CellWorld, guid = 'job'): Promise<void> =>
  world.until(() => world.servers.taskOf(guid).state === 'COMPLETED');
const starts = (world: CellWorld): number =>
  world.runtime.calls.filter((call) => call.startsWith('start ')).length;

test('[diego 1] a task runs to its end and its result file comes back', async () => {
  const world = await cellWorld({ images: { job } });
  world.servers.task({ guid: 'job', image: 'job', resultFile: '/out' });
  await completed(world);
  expect(world.servers.taskOf('job')).toMatchObject({ failed: false, exitCode: 0, result: 'forty-two\n' });
  expect(starts(world)).toBe(1);
  await world.stopAgent();
});

test('[diego 16] without a result file nothing is fetched', async () => {
  const world = await cellWorld({ images: { job } });
  world.servers.task({ guid: 'job', image: 'job' });
  await completed(world);
  expect(world.servers.taskOf('job').result).toBeUndefined();
  await world.stopAgent();
});

test('[diego 182] a task’s environment has no ports', async () => {
  const world = await cellWorld({ images: { job } });
  world.servers.task({ guid: 'job', image: 'job' });
  await world.until(() => world.runtime.running().length === 1);
  const env = world.runtime.running()[0]?.spec.env.map(({ name, value }) => `${name}=${value}`);
  expect(env).toEqual([
    'CF_INSTANCE_IP=192.0.2.7',
    'CF_INSTANCE_PORT=',
    'CF_INSTANCE_ADDR=',
    'CF_INSTANCE_PORTS=[]',
  ]);
  await world.stopAgent();
});

test('[diego 15] a result that cannot be read fails a task that succeeded', async () => {
  const world = await cellWorld({ images: { big: { ...job, files: { '/out': 'x'.repeat(51_201) } } } });
  world.servers.task({ guid: 'job', image: 'big', resultFile: '/out' });
  await completed(world);
  expect(world.servers.taskOf('job')).toMatchObject({
    failed: true,
    failureReason: 'failed to fetch result',
  });
  await world.stopAgent();
});

test('[diego 17] a failed task keeps its own reason and its result', async () => {
  const images = { job: { ...job, exits: { afterMs: 10, code: 3 } } };
  const world = await cellWorld({ images });
  world.servers.task({ guid: 'job', image: 'job', resultFile: '/out' });
  world.servers.task({ guid: 'other', image: 'job', resultFile: '/none' });
  await completed(world);
  await completed(world, 'other');
  const failure = { failed: true, failureReason: 'Exited with status 3', exitCode: 3 };
  expect(world.servers.taskOf('job')).toMatchObject({ ...failure, result: 'forty-two\n' });
  expect(world.servers.taskOf('other')).toMatchObject(failure);
  await world.stopAgent();
});

test('[diego 192] running out of memory is the reason', async () => {
  const world = await cellWorld({ images: { job: { exits: { afterMs: 10, code: 137, oom: true } } } });
  world.servers.task({ guid: 'job', image: 'job' });
  await completed(world);
  expect(world.servers.taskOf('job').failureReason).toBe('Exited with status 137 (out of memory)');
  await world.stopAgent();
});

test('no container exists before the start is committed', async () => {
  const world = await cellWorld({ images: { job } });
  world.servers.mode('no-quorum');
  world.servers.task({ guid: 'job', image: 'job' });
  await world.clock.advance(60_000);
  expect(world.servers.count('startTask')).toBeGreaterThan(1);
  expect(world.runtime.containers.size).toBe(0);
  const attempts = new Set(
    world.servers.received
      .filter(({ method }) => method === 'startTask')
      .map(({ params }) => (params as { attempt: string }).attempt),
  );
  expect(attempts.size).toBe(1);
  world.servers.mode('up');
  await completed(world);
  expect(starts(world)).toBe(1);
  await world.stopAgent();
});

test('a refused start creates nothing', async () => {
  const world = await cellWorld({ images: { job } });
  world.servers.mode('silent');
  world.servers.task({ guid: 'job', image: 'job' });
  await world.clock.advance(1_000);
  const task = world.servers.taskOf('job');
  world.servers.tasks.set('job', { ...task, state: 'RUNNING', attempt: 'another' });
  world.servers.mode('up');
  await world.clock.advance(120_000);
  expect(starts(world)).toBe(0);
  await world.stopAgent();
});

test('[diego 52] a failure before the action starts is a rejection, and a later attempt may work', async () => {
  const world = await cellWorld({ images: { job } });
  world.runtime.failNext('create', new SkepError('Internal', 'no space left on device'));
  world.servers.task({ guid: 'job', image: 'job' });
  await world.until(() => world.servers.taskOf('job').rejectionCount === 1);
  expect(world.servers.taskOf('job')).toMatchObject({
    state: 'PENDING',
    rejectionReason: 'failed to create container: no space left on device',
  });
  world.servers.reassign('job');
  await completed(world);
  expect(world.servers.taskOf('job').failed).toBe(false);
  expect(starts(world)).toBe(1);
  await world.stopAgent();
});

test('[diego 53] a start that failed is not tried again', async () => {
  const startError = new SkepError('InvalidRequest', 'exec: "nosuch": executable file not found');
  const world = await cellWorld({ images: { job: { startError } } });
  world.servers.task({ guid: 'job', image: 'job' });
  await completed(world);
  expect(world.servers.taskOf('job')).toMatchObject({
    failed: true,
    failureReason: 'failed to run container: exec: "nosuch": executable file not found',
  });
  await world.clock.advance(300_000);
  expect(world.runtime.containers.size).toBe(0);
  await world.stopAgent();
});

test('[diego 43] a cancelled task is stopped', async () => {
  const world = await cellWorld();
  world.servers.task({ guid: 'job', image: 'sleep' });
  await world.until(() => world.runtime.running().length === 1);
  world.servers.cancel('job');
  await world.until(() => world.runtime.running().length === 0);
  expect(world.servers.taskOf('job').failureReason).toBe('task was cancelled');
  await world.stopAgent();
});

test('a task that is cancelled while its image is pulled never runs', async () => {
  const world = await cellWorld({ images: { job: { ...job, pullMs: 60_000 } } });
  world.servers.task({ guid: 'job', image: 'job' });
  await world.clock.advance(5_000);
  world.servers.cancel('job');
  await world.clock.advance(120_000);
  expect(starts(world)).toBe(0);
  expect(world.cell.status().tasks).toBe(0);
  await world.stopAgent();
});

test('an ended container is kept for a while for its log, then removed', async () => {
  const world = await cellWorld({ images: { job } });
  world.servers.task({ guid: 'job', image: 'job' });
  await completed(world);
  await world.clock.advance(100_000);
  expect(world.runtime.containers.size).toBe(1);
  await world.clock.advance(30_000);
  expect(world.runtime.containers.size).toBe(0);
  expect(world.cell.status().tasks).toBe(0);
  await world.stopAgent();
});

test('the same guid again is another task', async () => {
  const world = await cellWorld({ images: { job } });
  world.servers.task({ guid: 'job', image: 'job' });
  await completed(world);
  world.servers.tasks.delete('job');
  await world.clock.advance(1_000);
  world.servers.task({ guid: 'job', image: 'job' });
  await completed(world);
  expect(starts(world)).toBe(2);
  await world.stopAgent();
});

test('a running task is adopted by the next agent, and completed', async () => {
  const world = await cellWorld({ images: { job: { ...job, exits: { afterMs: 60_000, code: 0 } } } });
  world.servers.task({ guid: 'job', image: 'job', resultFile: '/out' });
  await world.until(() => world.runtime.running().length === 1);
  await world.restartAgent();
  await completed(world);
  expect(world.servers.taskOf('job')).toMatchObject({ failed: false, result: 'forty-two\n' });
  expect(starts(world)).toBe(1);
  await world.stopAgent();
});

test('a task that ended while the agent was away is completed by the next one', async () => {
  const world = await cellWorld({ images: { job: { ...job, exits: { afterMs: 60_000, code: 4 } } } });
  world.servers.task({ guid: 'job', image: 'job' });
  await world.until(() => world.runtime.running().length === 1);
  await world.stopAgent();
  await world.clock.advance(600_000);
  world.startAgent();
  await completed(world);
  expect(world.servers.taskOf('job').failureReason).toBe('Exited with status 4');
  await world.stopAgent();
});

test('a result waits for servers that are away, however long', async () => {
  const world = await cellWorld({ images: { job: { ...job, exits: { afterMs: 60_000, code: 0 } } } });
  world.servers.task({ guid: 'job', image: 'job', resultFile: '/out' });
  await world.until(() => world.runtime.running().length === 1);
  await world.stopAgent();
  world.servers.mode('no-quorum');
  world.startAgent();
  await world.clock.advance(1_800_000);
  expect(world.runtime.containers.size).toBe(1);
  world.servers.mode('up');
  await completed(world);
  expect(world.servers.taskOf('job').result).toBe('forty-two\n');
  await world.stopAgent();
});

test('[diego 55] a RUNNING task without a container fails', async () => {
  const world = await cellWorld({ images: { job: { ...job, pullMs: 60_000 } } });
  world.servers.task({ guid: 'job', image: 'job' });
  await world.until(() => world.servers.taskOf('job').state === 'RUNNING');
  await world.restartAgent();
  await completed(world);
  expect(world.servers.taskOf('job').failureReason).toBe('task container does not exist');
  expect(starts(world)).toBe(0);
  await world.stopAgent();
});

test('a container that was created and not started by the last agent is never started', async () => {
  const world = await cellWorld({ images: { job: { ...job, startMs: 60_000 } } });
  world.servers.task({ guid: 'job', image: 'job' });
  await world.until(() => world.runtime.containers.size === 1);
  await world.restartAgent();
  await completed(world);
  expect(world.servers.taskOf('job').failureReason).toBe('agent restarted before the task started');
  expect(starts(world)).toBe(0);
  await world.until(() => world.runtime.containers.size === 0);
  await world.stopAgent();
});

test('an engine that goes away in the middle of a start: the task is failed, not started again', async () => {
  const world = await cellWorld({ images: { job: { ...job, createMs: 2_000 } } });
  world.servers.task({ guid: 'job', image: 'job' });
  await world.clock.advance(1_000);
  world.runtime.fault('down');
  await world.clock.advance(60_000);
  expect(world.servers.taskOf('job').state).toBe('RUNNING');
  world.runtime.fault('none');
  await completed(world);
  expect(world.servers.taskOf('job').failureReason).toBe('failed to run container');
  await world.stopAgent();
  expect(starts(world)).toBe(0);
});

test('an engine that goes away before there is a container: another attempt may follow', async () => {
  const world = await cellWorld({ images: { job: { ...job, pullMs: 2_000 } } });
  world.servers.task({ guid: 'job', image: 'job' });
  await world.clock.advance(1_000);
  world.runtime.fault('down');
  await world.clock.advance(60_000);
  expect(world.servers.taskOf('job')).toMatchObject({ state: 'RUNNING', rejectionCount: 0 });
  world.runtime.fault('none');
  await world.until(() => world.servers.taskOf('job').rejectionCount === 1);
  expect(world.servers.taskOf('job').rejectionReason).toContain('the container engine went away');
  await world.stopAgent();
});

test('a hundred tasks at once each run once', async () => {
  const world = await cellWorld({ images: { job } });
  for (let i = 0; i < 100; i++) world.servers.task({ guid: `job-${i}`, image: 'job' });
  await world.until(() => [...world.servers.tasks.values()].every(({ state }) => state === 'COMPLETED'));
  expect([...world.servers.tasks.values()].filter(({ failed }) => failed)).toEqual([]);
  expect(starts(world)).toBe(100);
  await world.stopAgent();
});

test('a task that comes back after its attempt was refused gets another attempt', async () => {
  const world = await cellWorld({ images: { job } });
  world.servers.mode('no-quorum');
  const task = world.servers.task({ guid: 'job', image: 'job' });
  await world.until(() => world.servers.count('startTask') > 0);
  const { cellId: _none, ...waiting } = world.servers.taskOf(task.guid);
  world.servers.tasks.set(task.guid, waiting);
  world.servers.mode('up');
  const refused = world.servers.count('startTask');
  await world.until(() => world.servers.count('startTask') > refused);
  await world.clock.advance(10);
  world.servers.reassign('job');
  await completed(world);
  expect(world.servers.taskOf('job').failed).toBe(false);
  expect(starts(world)).toBe(1);
  await world.stopAgent();
});

test('an attempt that was granted after all, by a copy of its request, runs once', async () => {
  const world = await cellWorld({ images: { job } });
  world.servers.mode('no-quorum');
  const task = world.servers.task({ guid: 'job', image: 'job' });
  await world.until(() => world.servers.count('startTask') > 0);
  const attempt =
    (world.servers.received.at(-1)?.params as { readonly attempt: string } | undefined)?.attempt ?? '';
  const { cellId: _none, ...waiting } = world.servers.taskOf(task.guid);
  world.servers.tasks.set(task.guid, waiting);
  world.servers.mode('up');
  const refused = world.servers.count('startTask');
  await world.until(() => world.servers.count('startTask') > refused);
  await world.clock.advance(10);
  world.servers.grant('job', attempt);
  await completed(world);
  expect(world.servers.taskOf('job')).toMatchObject({ failed: false, attempt });
  expect(starts(world)).toBe(1);
  await world.stopAgent();
});
