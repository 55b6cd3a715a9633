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

const started = async () =>
  (await cluster.containers()).map(({ id, startedAt }) => `${id} ${startedAt}`).sort();

const voters = async (agent: LocalAgent) => {
  const { servers } = await cluster.client(agent).call('status', {}, call());
  return servers.filter(({ health }) => health === 'leader' || health === 'follower').map(({ server }) => server);
};

it('three hosts become servers by themselves, one after the other, and no container notices', async () => {
  const run = ['run', 'web', testImage, '-n', '4', '-m', '32', '--stop-grace', '1s', ...program];
  const result = await cluster.skep(run);
  expect(result, result.stderr).toMatchObject({ code: 0 });
  const before = await started();
  await eventually('three servers vote', 60_000, async () => expect(await voters(first)).toHaveLength(3));
  await write(first);
  expect(await started()).toEqual(before);
});
