/**
 * `logs` as it is used on what crashes, moves and grows; and what an instance is told of itself. One server, two
 * cells; the tests share the cluster but not their LRPs.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { LocalAgent } from '../../src/cli/run/local-cluster.ts';
import { type CliChild, startCli } from '../kit/cli-child.ts';
import { type E2eCluster, e2eCluster, eventually, run as runProgram, testImage } from '../kit/e2e-cluster.ts';

let cluster: E2eCluster;
let server: LocalAgent;
const children: CliChild[] = [];
const call = () => ({ signal: AbortSignal.timeout(20_000), deadlineMs: 15_000 });
const quits = 'trap "exit 0" TERM';
const counts = `${quits}; i=0; while :; do i=$((i+1)); echo "line $i"; sleep 0.2; done`;

beforeAll(async () => {
  cluster = await e2eCluster({ cells: 2, servers: 1 });
  server = cluster.agents[0] as LocalAgent;
}, 120_000);
afterEach(async () => {
  for (const child of children.splice(0)) await child.kill();
});
afterAll(() => cluster?.stop(), 60_000);

async function run(name: string, script: string, ...flags: string[]): Promise<void> {
  const args = ['run', name, testImage, '-m', '32', '--stop-grace', '1s', ...flags, '--', 'sh', '-c', script];
  const result = await cluster.skep(args);
  expect(result, result.stderr).toMatchObject({ code: 0 });
}

async function logs(...args: string[]): Promise<string[]> {
  const result = await cluster.skep(['logs', ...args]);
  expect(result, result.stderr).toMatchObject({ code: 0 });
  return result.stdout.split('\n').filter(Boolean);
}

function follow(...args: string[]): CliChild {
  const child = startCli(server.api, ['logs', '-f', ...args]);
  children.push(child);
  return child;
}

const remove = async (name: string) => expect((await cluster.skep(['rm', name, '--yes'])).code).toBe(0);

const instances = async (guid: string) =>
  (await cluster.client().call('listInstances', { query: { guid } }, call())).rows;

describe('logs', () => {
  const script = `${quits}; for i in 1 2 3 4 5; do echo "out $i"; done; echo "wrong one" >&2
    printf 'a\\033]0;owned\\007b \\033[31mred\\033[0m\\n'; sleep 100000 & wait`;
  beforeAll(() => run('plain', script, '-n', '2'));
  afterAll(() => remove('plain'));

  it('shows the last lines of each instance, each with where it comes from', async () => {
    await eventually('all has been written', 20_000, async () =>
      expect(await logs('plain')).toHaveLength(14),
    );
    const lines = await logs('plain', '-n', '3');
    expect(lines).toHaveLength(6);
    for (const line of lines) expect(line).toMatch(/^plain\/[01] cell-[12] \| /);
    expect(await logs('plain/1', '--no-prefix', '--stream', 'out', '--grep', '^out')).toEqual(
      [1, 2, 3, 4, 5].map((i) => `out ${i}`),
    );
  });

  it('chooses by stream, by text and by time', async () => {
    expect(await logs('plain/0', '--no-prefix', '--stream', 'err')).toEqual(['wrong one']);
    expect(await logs('plain/0', '--no-prefix', '--grep', 'out [24]')).toEqual(['out 2', 'out 4']);
    expect(await logs('plain', '--since', '1h')).toHaveLength(14);
    const after = new Date(Date.now() + 60_000).toISOString();
    expect(await logs('plain', '--since', after)).toEqual([]);
  });

  it('gives lines as JSON to programs', async () => {
    const [first] = await logs('plain/0', '-o', 'jsonl', '--grep', 'wrong');
    expect(JSON.parse(first ?? '')).toEqual({
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      name: 'plain/0',
      cell: expect.stringMatching(/^cell-[12]$/),
      id: expect.any(String),
      stream: 'stderr',
      text: 'wrong one',
    });
  });

  it('shows control sequences instead of passing them to the terminal', async () => {
    expect(await logs('plain/0', '--no-prefix', '--grep', 'red')).toEqual(['a^[]0;owned^Gb red']);
    const raw = await cluster.skep(['logs', 'plain/0', '--no-prefix', '--raw', '--grep', 'red']);
    expect(raw.stdout).toBe('a\u001b]0;owned\u0007b \u001b[31mred\u001b[0m\n');
  });

  it('refuses what does not exist, and says what does', async () => {
    const index = await cluster.skep(['logs', 'plain/9']);
    expect(index.code).toBe(3);
    expect(index.stderr).toMatch(/plain\/9 does not exist[\s\S]*0, 1/);
    expect((await cluster.skep(['logs', 'nothing'])).code).toBe(3);
    expect((await cluster.skep(['logs', 'plain', '--grep', '('])).code).toBe(2);
  });
});

describe('logs of what crashed', () => {
  it('--previous shows what the container before wrote', async () => {
    const script = `${quits}; echo "started $INSTANCE_GUID"; sleep 1; [ -e /nothing ] || { sleep 1; echo dying; exit 3; }`;
    await cluster.client().call(
      'desireLrp',
      {
        body: {
          guid: 'dies',
          image: testImage,
          memoryMb: 32,
          action: { kind: 'run', args: ['sh', '-c', script] },
        },
      },
      call(),
    );
    await eventually('it has crashed for good', 40_000, async () =>
      expect((await instances('dies'))[0]).toMatchObject({ state: 'CRASHED', crashCount: 3 }),
    );
    const [started, ...rest] = await logs('dies', '--previous', '--no-prefix');
    expect(started).toMatch(/^started \S+$/);
    expect(rest).toEqual(['dying']);
    await remove('dies');
  });
});

describe('logs -f', () => {
  it('goes on over a crash, tells it, joins new instances, and ends at Ctrl-C', async () => {
    await run('busy', counts, '-n', '2');
    const child = follow('busy', '-n', '1');
    await child.until(/^busy\/0 cell-[12] \| line \d+$/m);
    await child.until(/^busy\/1 cell-[12] \| line \d+$/m);
    const [victim] = (await cluster.containers()).filter((one) => one.instance === 'busy/0');
    await runProgram('docker', ['kill', victim?.id ?? ''], { deadlineMs: 20_000 });
    await child.until(/^-- busy\/0 exited 137 on cell-[12] --$/m);
    await child.until(/^-- busy\/0 on cell-[12] joined --$/m);
    await eventually('the new one counts from 1', 20_000, async () =>
      expect(child.stdout().match(/^busy\/0 cell-[12] \| line 1$/gm)).toHaveLength(1),
    );
    expect((await cluster.skep(['scale', 'busy', '3'])).code).toBe(0);
    await child.until(/^-- busy\/2 on cell-[12] joined --$/m);
    await child.until(/^busy\/2 cell-[12] \| line 1$/m);
    expect((await cluster.skep(['scale', 'busy', '1'])).code).toBe(0);
    await child.until(/^-- busy\/2 (exited|ended).* on cell-[12] --$/m);
    child.process.kill('SIGINT');
    expect(await child.ended).toBe(130);
    await remove('busy');
  });

  it('survives the death of the server that it reads from, and neither loses nor repeats a line', async () => {
    await run('steady', counts, '-n', '2');
    const child = follow('steady', '-n', 'all');
    await child.until(/^steady\/0 .* line [5-9]$/m);
    await cluster.kill(server, 'SIGKILL');
    await child.until(/^-- .*trying again --$/m);
    cluster.start(server);
    await child.until(/^-- connected again --$/m);
    const numbers = (index: number) =>
      [...child.stdout().matchAll(new RegExp(`^steady/${index} .* line (\\d+)$`, 'gm'))].map((match) =>
        Number(match[1]),
      );
    const seen = [numbers(0).length, numbers(1).length];
    await eventually('both go on', 30_000, async () => {
      for (const index of [0, 1]) expect(numbers(index).length).toBeGreaterThan((seen[index] ?? 0) + 10);
    });
    for (const index of [0, 1]) expect(numbers(index)).toEqual(numbers(index).map((_, i) => i + 1));
    await remove('steady');
  });
});

describe('an instance is told of itself', () => {
  it('[diego 180, 185] its index, its guid, and an address at which it is reached', async () => {
    const script = `${quits}; env > /www/env.txt; httpd -p 8080 -h /www; sleep 100000 & wait`;
    await run('served', script, '-n', '2', '-p', '8080', '--check', 'http:8080/env.txt');
    for (const row of await instances('served')) {
      const shown = await cluster.skep([
        'exec',
        `served/${row.index}`,
        '--',
        'sh',
        '-c',
        'echo $CF_INSTANCE_ADDR',
      ]);
      const address = shown.stdout.trim();
      const text = await (await fetch(`http://${address}/env.txt`)).text();
      const told = Object.fromEntries(text.split('\n').map((line) => line.split(/=(.*)/s).slice(0, 2)));
      const port = row.netInfo?.ports[0];
      expect(told).toMatchObject({
        CF_INSTANCE_ADDR: address,
        CF_INSTANCE_IP: row.netInfo?.address,
        CF_INSTANCE_PORT: String(port?.hostPort),
        CF_INSTANCE_PORTS: JSON.stringify([{ external: port?.hostPort, internal: 8080 }]),
        INSTANCE_INDEX: String(row.index),
        CF_INSTANCE_INDEX: String(row.index),
        INSTANCE_GUID: row.instanceGuid,
        CF_INSTANCE_GUID: row.instanceGuid,
      });
      expect(address).toBe(`${row.netInfo?.address}:${port?.hostPort}`);
    }
    await remove('served');
  });
});
