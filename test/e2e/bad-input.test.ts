/** Nonsense, and hosts that lack something: every refusal says what was wrong and what to do, and loses nothing. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Why } from '../../src/api/core/routes.ts';
import { seededRng } from '../../src/base/core/rng.ts';
import { silentLog } from '../../src/base/log.ts';
import { systemClock } from '../../src/base/node/system-clock.ts';
import type { LocalAgent } from '../../src/cli/run/local-cluster.ts';
import { etcdBbs } from '../../src/store/etcd/etcd-bbs.ts';
import {
  type CliResult,
  type E2eCluster,
  e2eCluster,
  eventually,
  run,
  testImage,
} from '../kit/e2e-cluster.ts';
import { freePorts } from '../kit/ports.ts';
import { dockerSocket, unixProxy } from '../kit/unix-proxy.ts';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
let cluster: E2eCluster;
let agent: LocalAgent;
const skep = (...args: string[]): Promise<CliResult> => cluster.skep(args);
const call = () => ({ signal: AbortSignal.timeout(20_000), deadlineMs: 15_000 });
const sleeper = ['--', 'sleep', '100000'];

beforeAll(async () => {
  cluster = await e2eCluster({ cells: 1, servers: 1 });
  agent = cluster.agents[0] as LocalAgent;
}, 120_000);
afterAll(() => cluster?.stop(), 60_000);

describe('the CLI refuses', () => {
  it.each([
    ['a name with illegal characters', ['run', 'we b', testImage], 2, /letters, digits/],
    ['a negative count', ['run', 'neg', testImage, '-n', '-3'], 2, /-3/],
    ['an absurd count', ['run', 'many', testImage, '-n', '99999999999'], 2, /100000|100,000/],
    ['a count that is no number', ['scale', 'x', 'lots'], 2, /lots/],
    ['a size that is none', ['run', 'size', testImage, '-m', '12potatoes'], 2, /12potatoes/],
    ['scaling what does not exist', ['scale', 'nothing', '3'], 3, /nothing/],
    ['removing what does not exist', ['rm', 'nothing', '--yes'], 3, /nothing/],
    ['an unknown command', ['frobnicate'], 2, /frobnicate/],
    ['an unknown flag', ['ps', '--frob'], 2, /--frob/],
  ])('%s', async (_name, args, code, message) => {
    const result = await cluster.skep(args);
    expect(result.code, result.stderr).toBe(code);
    expect(result.stderr).toMatch(message);
    expect(result.stderr).not.toMatch(/at .*\.ts:\d+/);
  });

  it('a name that exists, and leaves what exists alone', async () => {
    expect((await skep('run', 'twice', testImage, '-n', '2', ...sleeper)).code).toBe(0);
    const again = await skep('run', 'twice', testImage, '-n', '5', ...sleeper);
    expect(again.code).toBe(4);
    expect(again.stderr).toMatch(/twice.*exists/s);
    const { desired } = await cluster.client().call('getLrp', { params: { guid: 'twice' } }, call());
    expect(desired.instances).toBe(2);
  });

  it('an index that is out of range, and names those that are not', async () => {
    const result = await skep('stop', 'twice/7');
    expect(result.code).toBe(3);
    expect(result.stderr).toMatch(/0.*1/s);
  });

  it('to reach a cluster whose agent does not run, and says how to start it', async () => {
    const [port] = await freePorts(1);
    const env = { ...process.env, SKEP_SERVER: `127.0.0.1:${port}` };
    const result = await run(process.execPath, [main, 'ps'], { env, deadlineMs: 30_000 });
    expect(result.code).toBe(7);
    expect(result.stderr).toMatch(/skep agent|systemctl start skep/);
  });
});

describe('the cluster says why', () => {
  it('what exits at once was not run, though it started', async () => {
    const result = await skep('run', 'exits', testImage, '--', 'sh', '-c', 'echo no config; exit 9');
    expect(result.code, result.stdout).toBe(1);
    expect(result.stderr).toMatch(/exits\/0 crashed 3 times: Exited with status 9; last output: no config/);
    expect((await skep('rm', 'exits', '--yes')).code).toBe(0);
  });

  it('[diego 198] more memory than any cell has: accepted, unplaced, with the nearest cell', async () => {
    const result = await skep('run', 'huge', testImage, '-m', '900000', '--timeout', '20s', ...sleeper);
    expect(result.code, result.stderr).toBe(5);
    expect(result.stderr + result.stdout).toMatch(/insufficient resources: memory/);
    const why = await skep('why', 'huge');
    expect(why.stdout).toMatch(/insufficient resources: memory/);
    expect(why.stdout).toMatch(/cell-1/);
    expect((await skep('rm', 'huge', '--yes')).code).toBe(0);
  });

  it('[diego 199, 211, 222] an unknown image: the reason of the registry, or that none answers', async () => {
    await cluster
      .client()
      .call('desireLrp', { body: { guid: 'noimage', image: '127.0.0.1:1/none:1' } }, call());
    await eventually('the reason is shown', 60_000, async () => {
      const why = await skep('why', 'noimage');
      expect(why.stdout).toMatch(/failed to create container: .*127\.0\.0\.1:1\/none:1/);
      expect(why.stdout).toMatch(/refused|connect/i);
    });
    expect((await skep('rm', 'noimage', '--yes')).code).toBe(0);
  });

  it('a check that fails is told with what it says while the instance still starts', async () => {
    const check = { kind: 'command' as const, args: ['sh', '-c', 'echo no database; exit 1'] };
    const body = { guid: 'unready', image: testImage, checks: [check], startTimeoutMs: 600_000 };
    const action = { kind: 'run' as const, args: ['sleep', '100000'] };
    await cluster.client().call('desireLrp', { body: { ...body, action } }, call());
    await eventually('the cell tells it', 60_000, async () => {
      const why = await skep('why', 'unready/0');
      expect(why.stdout).toMatch(/has not passed cmd:sh -c .* yet, failed \d+ times, last: .*no database/);
    });
    await eventually('programs are told it too', 60_000, async () => {
      const { instances } = JSON.parse((await skep('why', 'unready', '-o', 'json')).stdout) as Why;
      expect(instances[0]).toMatchObject({
        actual: { state: 'CLAIMED', crashCount: 0 },
        doing: { phase: 'checking', checks: [{ purpose: 'liveness' }] },
      });
    });
    expect((await skep('rm', 'unready', '--yes')).code).toBe(0);
  }, 120_000);

  it('an image whose registry says nothing is told as being pulled, since when', async () => {
    const sockets = new Set<Socket>();
    const registry = createServer((socket) => sockets.add(socket));
    await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
    try {
      const image = `127.0.0.1:${(registry.address() as AddressInfo).port}/slow:1`;
      await cluster.client().call('desireLrp', { body: { guid: 'pulled', image } }, call());
      await eventually('the cell tells it', 60_000, async () => {
        expect((await skep('why', 'pulled')).stdout).toContain(`image ${image} has been pulled for `);
      });
      expect((await skep('rm', 'pulled', '--yes')).code).toBe(0);
    } finally {
      for (const socket of sockets) socket.destroy();
      registry.close();
    }
  }, 120_000);

  it('exec into a crashed instance: what it is, and why', async () => {
    const action = { kind: 'run' as const, args: ['sh', '-c', 'echo broken config; exit 17'] };
    await cluster.client().call('desireLrp', { body: { guid: 'crashy', image: testImage, action } }, call());
    // Three containers, by an engine that may be busy with many others.
    await eventually('it is CRASHED', 150_000, async () => {
      const { rows } = await cluster.client().call('listInstances', { query: { guid: 'crashy' } }, call());
      expect(rows[0]).toMatchObject({ state: 'CRASHED', crashCount: 3 });
      expect(rows[0]?.crashReason).toMatch(/Exited with status 17[\s\S]*broken config/);
    });
    const result = await skep('exec', 'crashy/0', '--', 'true');
    expect(result.code).not.toBe(0);
    expect(result.stderr).toMatch(/CRASHED/);
    expect(result.stderr).toMatch(/17/);
    expect((await skep('rm', 'crashy', '--yes')).code).toBe(0);
  }, 300_000);

  it('a corrupt record is skipped and reported, its containers stay, the rest goes on', async () => {
    expect((await skep('run', 'spoiled', testImage, ...sleeper)).code).toBe(0);
    const endpoint = `http://${agent.address}:${cluster.ports.etcdClient}`;
    const bbs = etcdBbs({ endpoints: [endpoint], clock: systemClock, log: silentLog, rng: seededRng(1) });
    const key = '/skep/v1/desired/spoiled';
    const write = (value: string) => bbs.commit([{ compare: [], puts: [{ key, value }] }], call());
    const before = (await bbs.read([key], call())).records[0]?.value ?? '';
    await write('{"v":1,"instances":"many"}');
    expect((await skep('run', 'healthy', testImage, ...sleeper)).code).toBe(0);
    const status = await skep('status');
    expect(status.stdout).toContain(key);
    const running = (await cluster.containers()).filter((one) => one.instance === 'spoiled/0');
    expect(running).toHaveLength(1);
    await write(before);
    bbs.close();
    await eventually('it counts again', 60_000, async () => {
      expect((await skep('status')).stdout).not.toContain(key);
    });
    expect((await cluster.containers()).filter((one) => one.instance === 'spoiled/0')).toEqual(running);
    for (const name of ['spoiled', 'healthy']) expect((await skep('rm', name, '--yes')).code).toBe(0);
  }, 300_000);
});

describe('an agent refuses to start', () => {
  let folder: string;
  let ports: number[];
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'skep-bad-'));
    ports = await freePorts(3);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function agentWith(settings: string, asUser?: string): Promise<CliResult> {
    const file = join(folder, 'agent.yaml');
    const [api, client, peer] = ports;
    const given = `ports: {api: ${api}, etcdClient: ${client}, etcdPeer: ${peer}}\nsocket: ${folder}/s.sock\n`;
    writeFileSync(file, `name: bad\n${given}${settings}`);
    const args = [main, 'agent', '--config', file];
    if (asUser === undefined) return run(process.execPath, args, { deadlineMs: 90_000 });
    return run('setpriv', ['--reuid', asUser, '--clear-groups', process.execPath, ...args], {
      deadlineMs: 90_000,
    });
  }

  it('a second one on the same data folder', async () => {
    const result = await agentWith(`dataDir: ${agent.folder}/data\n`);
    expect(result.code).not.toBe(0);
    expect(result.stderr).toMatch(/another agent already uses the data folder/);
    expect(result.stderr).toContain(String(agent.process?.pid));
  });

  it('a data folder that it may not write', async () => {
    const sealed = join(folder, 'sealed');
    mkdirSync(sealed, { mode: 0o500 });
    chmodSync(folder, 0o755);
    const result = await agentWith(`dataDir: ${sealed}/data\n`, '65534');
    expect(result.code).toBe(2);
    expect(result.stderr).toMatch(/sealed\/data cannot be written: EACCES/);
    expect(result.stderr).toMatch(/--data-dir/);
  });

  it('a port that is taken, and names it', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(ports[1], '127.0.0.1', resolve));
    const result = await agentWith(`dataDir: ${folder}/data\n`);
    taken.close();
    expect(result.code).not.toBe(0);
    expect(result.stderr).toContain(String(ports[1]));
    expect(result.stderr).toMatch(/taken|in use/);
  });

  it('a setting that is wrong, with file, line, field and reason', async () => {
    const result = await agentWith(`dataDir: ${folder}/data\ncell:\n  containers: -4\n`);
    expect(result.code).toBe(2);
    expect(result.stderr).toMatch(/agent\.yaml:6: cell\.containers: must be 1 or more \(it is -4\)/);
  });
});

describe('Docker', () => {
  it('[diego 203-204, 224] is down at start and comes later: the cell joins, says so, and works when it is there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'skep-nodocker-'));
    const engine = unixProxy(join(folder, 'docker.sock'), dockerSocket());
    const other = await e2eCluster({
      cells: 1,
      servers: 1,
      settings: { dockerHost: `unix://${engine.path}` },
    });
    const engineDown = async (): Promise<number> =>
      (await other.client().call('status', {}, call())).cells.engineDown;
    try {
      await other.client().call('desireLrp', { body: lrp('waits') }, call());
      await eventually('the reason is shown', 30_000, async () => {
        expect((await other.skep(['status'])).stdout).toMatch(/cell-1/);
        expect((await other.skep(['why', 'waits'])).stdout).toMatch(/engine|Docker/i);
      });
      await engine.open();
      await eventually('it runs', 60_000, async () => expect(await stateOf(other, 'waits')).toBe('RUNNING'));
      const before = await other.containers();
      await engine.close();
      await eventually('the cell is seen without its engine', 60_000, async () =>
        expect(await engineDown()).toBe(1),
      );
      expect(await stateOf(other, 'waits')).toBe('RUNNING');
      await engine.open();
      await eventually('the engine is back', 60_000, async () => expect(await engineDown()).toBe(0));
      expect(await other.containers()).toEqual(before);
    } finally {
      await engine.close();
      await other.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

const lrp = (guid: string) => ({
  guid,
  image: testImage,
  memoryMb: 16,
  action: { kind: 'run' as const, args: ['sleep', '100000'] },
});

async function stateOf(from: E2eCluster, guid: string): Promise<string | undefined> {
  return (await from.client().call('listInstances', { query: { guid } }, call())).rows[0]?.state;
}
