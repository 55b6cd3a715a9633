/** What a real cluster tells of itself: the decision trace, a dump that the simulator takes, metrics. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LocalAgent } from '../../src/cli/run/local-cluster.ts';
import { type E2eCluster, e2eCluster, eventually, testImage } from '../kit/e2e-cluster.ts';
import { freePorts } from '../kit/ports.ts';
import { readDump } from '../sim/from-dump.ts';
import { report, simulate } from '../sim/simulate.ts';

let cluster: E2eCluster;
let server: LocalAgent;
let metricsPort: number;

beforeAll(async () => {
  [metricsPort] = (await freePorts(1, ['127.0.0.1'])) as [number];
  const metricsListen = `127.0.0.1:${metricsPort}`;
  cluster = await e2eCluster({ cells: 1, servers: 1, settings: { explain: true, metricsListen } });
  server = cluster.agents[0] as LocalAgent;
}, 180_000);

afterAll(async () => {
  await cluster?.stop();
}, 120_000);

function trace(): Record<string, unknown>[] {
  const text = readFileSync(join(server.folder, 'data', 'explain.jsonl'), 'utf8');
  const lines = text.trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

const runOne = async (name: string, ...flags: string[]): Promise<void> => {
  const result = await cluster.skep(['run', name, testImage, ...flags, '--', 'sleep', '100000']);
  expect(result.stderr + result.stdout).toContain(name);
};

it('the leader writes down what it decides; SIGUSR2 switches that off and on', async () => {
  await runOne('web');
  const placed = await eventually('the placement is written down', 30_000, async () => {
    const line = trace().find(({ kind, subject }) => kind === 'placed' && subject === 'web/0');
    if (line === undefined) throw new Error('not yet');
    return line;
  });
  expect(placed).toMatchObject({ cell: server.name, chosen: { inZone: 0, terms: { starting: 0 } } });
  expect(trace().map(({ kind, rule, subject }) => `${kind} ${rule} ${subject}`)).toContain(
    'decided create web/0',
  );

  server.process?.kill('SIGUSR2');
  await eventually('it is switched off', 10_000, async () => {
    if (!cluster.logTail(server, 200).includes('explain.off')) throw new Error('not yet');
  });
  await runOne('quiet');
  server.process?.kill('SIGUSR2');
  await eventually('it is switched on', 10_000, async () => {
    if (!/explain\.off[^]*explain\.on/.test(cluster.logTail(server, 400))) throw new Error('not yet');
  });
  await runOne('big', '--memory', '900G', '--detach');
  const refused = await eventually('the refusal is written down', 30_000, async () => {
    const line = trace().find(({ kind, subjects }) => kind === 'refused' && String(subjects) === 'big/0');
    if (line === undefined) throw new Error('not yet');
    return line;
  });
  expect(refused).toMatchObject({
    count: 1,
    cells: 1,
    counts: { memory: 1 },
    nearest: { cellId: server.name },
  });
  expect(trace().filter(({ subject }) => subject === 'quiet/0')).toEqual([]);
}, 120_000);

it('what skep debug state writes down is what the simulator begins with', async () => {
  await runOne('steady');
  const path = join(cluster.folder, 'cluster.jsonl');
  expect(await cluster.skep(['debug', 'state', path])).toMatchObject({ code: 0, stdout: '' });
  const dump = readDump(readFileSync(path, 'utf8'));
  expect(dump.cells.map(({ cellId }) => String(cellId))).toEqual([server.name]);
  expect(dump.guids).toContain('steady');
  expect(dump.containers.map(({ spec }) => spec.identity.guid)).toContain('steady');
  const result = await simulate({ seed: 1, minutes: 2, dump });
  if (result.failure !== undefined) throw new Error(report(result, 100));
}, 120_000);

it('every part counts what it does, on the API and on an address of its own', async () => {
  const scrape = async (address: string): Promise<string> =>
    await (await fetch(`http://${address}/metrics`)).text();
  await eventually('brain, server, cell and engine have counted', 30_000, async () => {
    const text = await scrape(server.api);
    const value = (series: string): number =>
      Number(
        text
          .split('\n')
          .find((line) => line.startsWith(`${series} `))
          ?.split(' ')[1],
      );
    const seen = {
      leader: value('skep_brain_leader'),
      leaderships: value('skep_brain_leaderships_total'),
      placements: value('skep_brain_placements_total{kind="lrp"}'),
      waiting: value('skep_brain_waiting'),
      running: value('skep_cell_instances{state="running"}'),
      starts: value('skep_cell_starts_total'),
      creates: value('skep_cell_engine_call_duration_seconds_count{call="create"}'),
      session: value('skep_server_cell_sessions'),
      store: value('skep_store_up'),
    };
    expect(seen).toEqual({
      leader: 1,
      leaderships: 1,
      placements: 3,
      waiting: 1,
      running: 3,
      starts: 3,
      creates: 3,
      session: 1,
      store: 1,
    });
    expect(text).toMatch(/^skep_store_db_bytes\{member="[0-9a-f]+"\} [1-9]/m);
  });
  const named = (text: string): string[] =>
    [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name ?? '');
  expect(named(await scrape(`127.0.0.1:${metricsPort}`))).toEqual(named(await scrape(server.api)));
}, 60_000);
