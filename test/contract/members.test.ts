/** Three real members on three loopback addresses: join one by one, lose the leader, come back, leave. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/base/node/system-clock.ts';
import { etcdMembers } from '../../src/store/etcd/etcd-members.ts';
import { memberStatus } from '../../src/store/etcd/member-status.ts';
import type { EtcdOptions, EtcdSupervisor } from '../../src/store/etcd/supervisor.ts';
import type { Members } from '../../src/store/members.ts';
import { type EtcdBed, etcdBed } from '../kit/etcd-member.ts';

const options = { signal: new AbortController().signal };
const patient = { timeout: 40_000, interval: 100 };

let bed: EtcdBed;
let first: EtcdOptions;
let members: Members & { close(): void };

beforeEach(async () => {
  bed = await etcdBed();
  first = bed.member('one');
  await (await bed.start(first)).ready(30_000, options.signal);
  members = etcdMembers({ clientUrl: first.clientUrl, clock: systemClock });
});
afterEach(async () => {
  members.close();
  await bed.cleanUp();
});

/** Adds a server through the first one and waits until it votes. */
async function join(
  name: string,
  address: string,
): Promise<{ options: EtcdOptions; supervisor: EtcdSupervisor }> {
  const alone = bed.member(name, address);
  const initialCluster = await vi.waitFor(() => members.add(name, alone.peerUrl, options), patient);
  const joining = { ...alone, initialCluster, initialClusterState: 'existing' as const };
  const supervisor = await bed.start(joining);
  await supervisor.ready(30_000, options.signal);
  await vi.waitFor(() => members.promote(name, options), patient);
  return { options: joining, supervisor };
}

async function leaderOf(client: EtcdOptions): Promise<{ leaderId: string; memberId: string }> {
  const status = memberStatus({ clientUrl: client.clientUrl, clock: systemClock });
  try {
    return await status.read(options.signal);
  } finally {
    status.close();
  }
}

test('a lone member lists itself and reports that it leads', async () => {
  const [only] = await members.list(options);
  expect(only).toMatchObject({
    server: 'one',
    learner: false,
    peerUrls: [first.peerUrl],
    clientUrls: [first.clientUrl],
  });
  const status = await leaderOf(first);
  expect(status.memberId).toBe(only?.id);
  expect(status.leaderId).toBe(only?.id);
});

test('an answer is shared by whoever says how old it may be, and no list is older than a change', async () => {
  const hourMs = 3_600_000;
  const status = memberStatus({ clientUrl: first.clientUrl, clock: systemClock });
  try {
    const told = await status.read(options.signal, hourMs);
    expect(await members.list({ ...options, maxAgeMs: hourMs })).toHaveLength(1);
    await members.add('two', 'http://127.0.0.2:1', options);
    expect(await members.list({ ...options, maxAgeMs: hourMs })).toHaveLength(2);
    expect(await status.read(options.signal, hourMs)).toBe(told);
    expect(await status.read(options.signal)).not.toBe(told);
  } finally {
    status.close();
  }
});

test('servers join one by one, as learners, and are promoted when they have caught up', async () => {
  const two = bed.member('two', '127.0.0.2');
  const initialCluster = await members.add('two', two.peerUrl, options);
  expect(initialCluster.split(',').toSorted()).toEqual([`one=${first.peerUrl}`, `two=${two.peerUrl}`]);
  expect(await members.add('two', two.peerUrl, options)).toBe(initialCluster);
  const waiting = (await members.list(options)).find((member) => member.learner);
  expect(waiting).toMatchObject({ server: '', peerUrls: [two.peerUrl] });
  await expect(members.add('three', 'http://127.0.0.3:1', options)).rejects.toMatchObject({ code: 'Busy' });
  await expect(members.promote(two.peerUrl, options)).rejects.toMatchObject({ code: 'Unavailable' });

  const supervisor = await bed.start({ ...two, initialCluster, initialClusterState: 'existing' });
  await supervisor.ready(30_000, options.signal);
  expect(await leaderOf(two)).toMatchObject({ learner: true });
  await vi.waitFor(() => members.promote('two', options), patient);
  await members.promote('two', options);
  // The leader has committed it; the member itself hears of it a moment later.
  await vi.waitFor(async () => expect(await leaderOf(two)).toMatchObject({ learner: false }), patient);

  await join('three', '127.0.0.3');
  expect((await members.list(options)).map(({ server, learner }) => [server, learner])).toEqual([
    ['one', false],
    ['three', false],
    ['two', false],
  ]);
});

test('a taken name, a taken address and an unknown server are refused by name', async () => {
  await expect(members.add('one', 'http://127.0.0.2:1', options)).rejects.toMatchObject({
    code: 'ResourceExists',
    hint: expect.stringContaining('another name') as string,
  });
  await expect(members.add('two', first.peerUrl, options)).rejects.toMatchObject({
    code: 'ResourceExists',
    message: expect.stringContaining('one') as string,
  });
  await expect(members.remove('nobody', options)).rejects.toMatchObject({
    code: 'ResourceNotFound',
    hint: expect.stringContaining('one') as string,
  });
});

test('a learner that never starts can be removed by its address', async () => {
  await members.add('two', 'http://127.0.0.2:1', options);
  await members.remove('http://127.0.0.2:1', options);
  expect(await members.list(options)).toHaveLength(1);
});

test('a member that does not answer is Unavailable', async () => {
  const nowhere = etcdMembers({ clientUrl: 'http://127.0.0.1:1', clock: systemClock });
  await expect(nowhere.list(options)).rejects.toMatchObject({ code: 'Unavailable' });
  nowhere.close();
});

test('a stopped leader hands Raft over first; a removed member says so', async () => {
  const two = await join('two', '127.0.0.2');
  const three = await join('three', '127.0.0.3');
  const third = etcdMembers({ clientUrl: three.options.clientUrl, clock: systemClock });
  const led = await leaderOf(first);
  expect(led.leaderId).toBe(led.memberId);
  const stopped = await bed.start(first);
  await stopped.stop();
  const after = await leaderOf(three.options);
  expect(after.leaderId).not.toBe('0');
  expect(after.leaderId).not.toBe(led.memberId);

  // The member that is down goes first: etcd refuses to shrink the majority while it is missed.
  await vi.waitFor(() => third.remove('one', options), patient);
  await vi.waitFor(() => third.remove('two', options), patient);
  const gone = (): void => expect(two.supervisor.health.reason).toContain('removed from the cluster');
  await vi.waitFor(gone, patient);
  third.close();
});
