/**
 * Servers that come and go: hosts with `server: auto` become servers by themselves, one is removed by hand, one is lost
 * and replaced. No container starts anew through all of it, and every acknowledged write is there at the end.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LocalAgent } from '../../src/cli/run/local-cluster.ts';
import { type E2eCluster, e2eCluster, eventually, testImage } from '../kit/e2e-cluster.ts';

let cluster: E2eCluster;
let first: LocalAgent;
const written: string[] = [];

const call = () => ({ signal: AbortSignal.timeout(20_000), deadlineMs: 15_000 });
const program = ['--', 'sh', '-c', 'trap "exit 0" TERM; sleep 100000 & wait'];

beforeAll(async () => {
  cluster = await e2eCluster({ cells: 4, servers: 1, settings: { server: 'auto' } });
  first = cluster.agents[0] as LocalAgent;
});
afterAll(() => cluster?.stop(), 60_000);

async function write(agent: LocalAgent): Promise<void> {
  const name = `kept-${written.length}`;
  const flags = ['-n', '0', '-m', '16'];
  const result = await cluster.skep(['run', name, testImage, ...flags, ...program], { agent });
  expect(result, result.stderr).toMatchObject({ code: 0 });
  written.push(name);
}

/** @param without a host that was lost, whose instances are replaced as those of any cell */
const started = async (without = '') =>
  (await cluster.containers())
    .filter(({ cell }) => cell !== without)
    .map(({ id, startedAt }) => `${id} ${startedAt}`)
    .sort();

/**
 * What runs once just the four that are desired do, each the one that the store names. A host that was away still runs
 * what was replaced meanwhile until it is told to stop it.
 */
const startedOnce = (agent: LocalAgent): Promise<string[]> =>
  eventually('the four that the store names run, and no other', 60_000, async () => {
    const { rows } = await cluster.client(agent).call('listInstances', { query: { guid: 'web' } }, call());
    const named = rows.map(({ state, containerId }) => `${state} ${containerId}`).sort();
    const running = (await cluster.containers()).map(({ id }) => `RUNNING ${id}`).sort();
    expect(running).toHaveLength(4);
    expect(running).toEqual(named);
    return await started();
  });

const voters = async (agent: LocalAgent) => {
  const { servers } = await cluster.client(agent).call('status', {}, call());
  return servers
    .filter(({ health }) => health === 'leader' || health === 'follower')
    .map(({ server }) => server);
};

it('three hosts become servers by themselves, one after the other, and no container notices', async () => {
  const run = ['run', 'web', testImage, '-n', '4', '-m', '32', '--stop-grace', '1s', ...program];
  const result = await cluster.skep(run);
  expect(result, result.stderr).toMatchObject({ code: 0 });
  const before = await startedOnce(first);
  await eventually('three servers vote', 60_000, async () => expect(await voters(first)).toHaveLength(3));
  await write(first);
  expect(await started()).toEqual(before);
});

it('a server that is lost is replaced by the fourth host, and comes back as a cell', async () => {
  await expect(cluster.skep(['server', 'auto', '3', '--replace-after', '4s'])).resolves.toMatchObject({
    code: 0,
  });
  const lost = cluster.agentNamed((await voters(first)).find((name) => name !== first.name) ?? '');
  const before = await started(lost.name);
  const etcd = cluster.etcdPid(lost);
  await cluster.kill(lost, 'SIGKILL');
  if (etcd !== undefined) process.kill(etcd, 'SIGKILL');
  await eventually('the fourth host replaces it', 60_000, async () => {
    const now = await voters(first);
    expect(now).toHaveLength(3);
    expect(now).not.toContain(lost.name);
  });
  await write(first);
  const { rows } = await cluster.client(first).call('listEvents', { query: { limit: 500 } }, call());
  const told = rows.filter(({ type }) => type.startsWith('server.')).map(({ message }) => message);
  expect(told.join('\n')).toMatch(/silent for 4 s; cell-\d replaces it/);
  cluster.start(lost);
  await eventually('the lost host is back as a cell', 60_000, async () => {
    const { standby } = await cluster.client(first).call('listServers', {}, call());
    expect(standby).toEqual([{ host: lost.name, canServe: true }]);
    expect(cluster.etcdPid(lost)).toBeUndefined();
  });
  expect(await started(lost.name)).toEqual(expect.arrayContaining(before));
});

it('the leader is removed by hand: what breaks the quorum is refused, and it is a cell from then on', async () => {
  const before = await startedOnce(first);
  const { leader } = await cluster.client(first).call('status', {}, call());
  const gone = leader?.server ?? '';
  const other = cluster.agentNamed((await voters(first)).find((name) => name !== gone) ?? '');
  await cluster.skep(['server', 'auto', 'off'], { agent: other });
  const refused = await cluster.skep(['server', 'remove', gone, '--yes'], { agent: other });
  expect(refused.stderr).toMatch(/with 2 instead of 3 servers the loss of 0 would be survived, now of 1/);
  const removed = await cluster.skep(['server', 'remove', gone, '--yes', '--force'], { agent: other });
  expect(removed, removed.stderr).toMatchObject({ code: 0 });
  await write(other);
  await eventually('it is a cell only', 60_000, async () => {
    const { standby } = await cluster.client(other).call('listServers', {}, call());
    expect(standby).toContainEqual(expect.objectContaining({ host: gone, canServe: true }));
    expect(cluster.etcdPid(cluster.agentNamed(gone))).toBeUndefined();
  });
  expect(await started()).toEqual(before);
  const { rows } = await cluster.client(other).call('listLrps', { query: {} }, call());
  expect(rows.map(({ desired }) => desired.guid)).toEqual(expect.arrayContaining(written));
});
