/** `skep doctor` against a real cluster: what it finds, also while the agent is down, and what its archive does not hold. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { LocalAgent } from '../../src/cli/run/local-cluster.ts';
import { type CliResult, type E2eCluster, e2eCluster, eventually, testImage } from '../kit/e2e-cluster.ts';

let cluster: E2eCluster;
afterEach(() => cluster?.stop());

interface Found {
  readonly bad: number;
  readonly groups: readonly {
    readonly name: string;
    readonly checks: readonly {
      readonly id: string;
      readonly verdict: string;
      readonly value: string;
      readonly remedy?: string;
    }[];
  }[];
}

const doctor = (first: LocalAgent, ...more: string[]): Promise<CliResult> =>
  cluster.skep(['doctor', '--config', first.configPath, ...more]);

async function find(
  first: LocalAgent,
  ...more: string[]
): Promise<Map<string, { verdict: string; value: string; remedy?: string }>> {
  const { stdout, stderr } = await doctor(first, '--json', ...more);
  expect(stdout, stderr).toContain('"groups"');
  const told = JSON.parse(stdout) as Found;
  return new Map(
    told.groups.flatMap(({ name, checks }) =>
      checks.map((found) => [`${name}: ${found.id}`, found] as const),
    ),
  );
}

test('finds what there is, names what is missing with its remedy, and leaks nothing', async () => {
  cluster = await e2eCluster({ cells: 2, servers: 1 });
  const [first, second] = cluster.agents as [LocalAgent, LocalAgent];
  const secret = 'hunter2-Kx9"q\\z';
  const ran = await cluster.skep([
    'run',
    'web',
    testImage,
    '--memory',
    '32M',
    '-e',
    `DB_URL=${secret}`,
    '-e',
    'MODE=verbose-mode-of-web',
    '--',
    'sh',
    '-c',
    'echo $DB_URL; sleep 100000',
  ]);
  expect(ran.code, ran.stderr).toBe(0);
  await cluster.skep(['backup', 'save']);

  const well = await find(first);
  const verdict = (id: string): string | undefined => well.get(id)?.verdict;
  for (const id of [
    'etcd',
    'etcd.size',
    'etcd.alarms',
    'ports',
    'backups',
    'engine',
    'kernel',
    'files.open',
  ]) {
    expect(['ok', 'warn'], `${id}: ${JSON.stringify(well.get(`server ${first.name}: ${id}`))}`).toContain(
      verdict(`server ${first.name}: ${id}`),
    );
  }
  expect(well.get(`cell ${second.name}: engine`)?.verdict).toBe('ok');
  expect(verdict('cluster: quorum')).toBe('ok');
  expect(verdict('cluster: versions')).toBe('ok');
  expect(well.get('cluster: engines')?.value).toContain('2 cells');

  const archive = join(cluster.folder, 'report.tar.gz');
  const bundled = await doctor(first, '--bundle', archive);
  expect(bundled.stderr).toContain('report.tar.gz');
  expect(statSync(archive).mode & 0o777).toBe(0o600);
  const unpacked = join(cluster.folder, 'unpacked');
  mkdirSync(unpacked);
  execFileSync('tar', ['-xzf', archive, '-C', unpacked]);
  const files = readdirSync(join(unpacked, 'skep-report'));
  expect(files).toEqual(
    expect.arrayContaining(['doctor.json', 'status.json', 'events.json', 'metrics.txt', 'config.json']),
  );
  for (const file of files) {
    const text = readFileSync(join(unpacked, 'skep-report', file), 'utf8');
    expect(text, file).not.toContain('hunter2');
    expect(text, file).not.toContain('verbose-mode-of-web');
  }

  await cluster.kill(second, 'SIGKILL');
  await cluster.kill(first, 'SIGKILL');
  const down = await doctor(first, '--json');
  expect(down.code).toBe(1);
  const broken = await find(first);
  expect(broken.get('this host: agent')).toMatchObject({
    verdict: 'bad',
    remedy: expect.stringContaining('systemctl start skep'),
  });
  expect(broken.get('this host: engine')?.verdict).not.toBe('bad');
  expect(broken.get('this host: etcd')?.verdict).toBe('ok');
  const text = await doctor(first);
  expect(text.stdout).toMatch(/bad +agent .*nobody answers at/);
  expect(text.stdout).toContain('→ systemctl start skep');
});

test('a server whose host is gone, and ports that nobody listens at', async () => {
  cluster = await e2eCluster({ cells: 3, servers: 3 });
  const [first, second, third] = cluster.agents as [LocalAgent, LocalAgent, LocalAgent];
  const etcd = cluster.etcdPid(third);
  await cluster.kill(third, 'SIGKILL');
  if (etcd !== undefined) process.kill(etcd, 'SIGKILL');
  await eventually('the loss is seen', 60_000, async () => {
    const found = await find(first);
    const seen = found.get('cluster: quorum');
    if (seen?.verdict !== 'warn') throw new Error(JSON.stringify(seen));
    expect(seen.value).toContain(third.name);
    expect(found.get(`server ${third.name}: agent`)?.verdict).toBe('bad');
    expect(found.get(`server ${second.name}: ports`)).toMatchObject({ verdict: 'bad' });
  });
  expect((await doctor(first)).code).toBe(1);
});
