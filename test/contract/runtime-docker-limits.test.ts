/** What a real container is really given: limits, rights, ports, environment; and images from a registry. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { dockerRuntime } from '../../src/agent/docker/docker-runtime.ts';
import type { Runtime } from '../../src/agent/runtime.ts';
import { silentLog } from '../../src/base/log.ts';
import { systemClock } from '../../src/base/node/system-clock.ts';
import { type ContainerChanges, type Containers, docker, dockerContainers, freePort } from '../kit/docker.ts';
import { type Registry, startRegistry } from '../kit/registry.ts';

const waiting = { timeout: 20_000, interval: 20 };
const { signal } = new AbortController();
const runtime: Runtime = dockerRuntime({ clock: systemClock, log: silentLog });
let containers: Containers;

beforeAll(async () => {
  containers = await dockerContainers(runtime);
});
afterAll(() => containers.removeAll());

const sh = (script: string): string[] => ['sh', '-c', script];

/** What a container writes before it ends. */
async function outputOf(args: readonly string[], changes?: ContainerChanges): Promise<string[]> {
  const id = await containers.run(args, changes);
  await containers.exited(id);
  const texts: string[] = [];
  for await (const { text } of runtime.logs(id, { follow: false, signal })) texts.push(text);
  return texts;
}

/** The first of the files that exists: cgroup version 1, then 2. */
const cgroup = (v1: string, v2: string) => sh(`cd /sys/fs/cgroup; cat ${v1} 2>/dev/null || cat ${v2}`);

async function statusFields(): Promise<Record<string, string>> {
  const lines = await outputOf(['cat', '/proc/self/status']);
  return Object.fromEntries(lines.map((line) => line.split(/:\s+/) as [string, string]));
}

describe('limits', () => {
  test('[diego 196] of memory hold, swap included', async () => {
    const memory = await outputOf(cgroup('memory/memory.limit_in_bytes', 'memory.max'), { memoryMb: 48 });
    expect(memory).toEqual([String(48 * 1_048_576)]);
  });

  test('[diego 191, 196] of processes hold', async () => {
    expect(await outputOf(cgroup('pids/pids.max', 'pids.max'), { maxPids: 33 })).toEqual(['33']);
    expect(await outputOf(cgroup('pids/pids.max', 'pids.max'), { maxPids: 0 })).toEqual(['max']);
  });

  test('[diego 196] of processor time hold', async () => {
    const [quota, period] = (
      await outputOf(
        sh(
          'cd /sys/fs/cgroup; cat cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us 2>/dev/null || tr " " "\\n" < cpu.max',
        ),
        { cpuMilli: 250 },
      )
    ).map(Number);
    expect(quota! / period!).toBe(0.25);
  });

  test('of processor weight hold', async () => {
    const shares = async (cpuWeight: number) =>
      Number((await outputOf(cgroup('cpu/cpu.shares', 'cpu.weight'), { cpuWeight }))[0]);
    const full = await shares(100);
    expect([1_024, 39]).toContain(full);
    expect(await shares(50)).toBeLessThan(full);
  });

  test('above what the host has are no error', async () => {
    await outputOf(['true'], { cpuMilli: 1_000_000, memoryMb: 2 ** 22 });
  });

  test('[diego 192] that are exceeded kill, and say why', async () => {
    // A string that doubles takes any amount of memory within milliseconds.
    const id = await containers.run(sh('a=x; while :; do a=$a$a; done'), { memoryMb: 16 });
    expect(await containers.exited(id)).toMatchObject({ oomKilled: true, exitCode: 137 });
  });
});

describe('rights', () => {
  const netRaw = 1n << 13n;
  const sysAdmin = 1n << 21n;
  const mknod = 1n << 27n;
  const chown = 1n;

  test('[diego 317-318] are few, and no program gains more', async () => {
    const status = await statusFields();
    const bounding = BigInt(`0x${status['CapBnd']}`);
    expect(status['NoNewPrivs']).toBe('1');
    expect(bounding & (netRaw | sysAdmin | mknod)).toBe(0n);
    expect(bounding & chown).toBe(chown);
  });

  test('[diego 316, 318] are all there when asked for', async () => {
    // Looked at, not run: not every machine that runs tests may give them.
    const id = await runtime.create(containers.spec(['true'], { privileged: true }), { signal });
    const format = '{{.HostConfig.Privileged}} {{.HostConfig.CapDrop}} {{.HostConfig.SecurityOpt}}';
    expect(await docker('inspect', '--format', format, id)).toMatch(/^true \[\] (?!.*no-new-privileges)/);
  });

  test('are enough to give files away, drop root and serve port 80', async () => {
    const script = `echo secret > /www/x; chown app /www/x; chmod 400 /www/x
      httpd -p 80 -u app -h /www; wget -qO - http://127.0.0.1/x; su -s /bin/sh app -c "id -un"`;
    expect(await outputOf(sh(script))).toEqual(['secret', 'app']);
  });
});

describe('a container', () => {
  test('[diego 8-10] gets its environment, user and folder; the last value of a name wins', async () => {
    const env = [
      { name: 'COLOUR', value: 'red' },
      { name: 'COLOUR', value: 'deep blue=x' },
    ];
    const lines = await outputOf(sh('echo $COLOUR; id -un; pwd'), { env, user: 'app', dir: '/home/app' });
    expect(lines).toEqual(['deep blue=x', 'app', '/home/app']);
  });

  test("[diego 177] runs the image's own command when given none", async () => {
    const id = await containers.run([]);
    const [, ...processes] = (await docker('top', id, '-eo', 'pid,args')).split('\n');
    expect(processes.map((line) => line.replace(/^\s*\d+\s+/, '').trim())).toEqual(['/bin/sh']);
  });

  test('whose task reads its input meets the end of it', async () => {
    expect(await outputOf(sh('cat; echo done'), { kind: 'task' })).toEqual(['done']);
  });

  test.each([
    ['a missing command', ['nosuchprogram'], {}, /executable file (?:\S+ )?not found/],
    ['a command that is no program', ['/www/index.html'], {}, /permission denied/],
    ['an unknown user', ['true'], { user: 'nosuchuser' }, /unable to find user nosuchuser/],
  ])('with %s is refused in words', async (_, args, changes, reason) => {
    await expect(containers.run(args, changes)).rejects.toMatchObject({
      code: 'InvalidRequest',
      message: expect.stringMatching(reason),
    });
  });

  test('with too little memory to start is refused in words', async () => {
    await expect(containers.run(['true'], { memoryMb: 1 })).rejects.toMatchObject({
      code: 'InvalidRequest',
      message: expect.stringMatching(/minimum memory limit/i),
    });
  });
});

describe('ports', () => {
  test('[diego 185] are reached on the host address', async () => {
    const hostPort = await freePort();
    const ports = [{ containerPort: 8080, hostPort }];
    const id = await containers.run(['httpd', '-f', '-p', '8080', '-h', '/www'], { ports });
    await vi.waitFor(async () => {
      const answer = await fetch(`http://127.0.0.1:${hostPort}/`);
      expect(await answer.text()).toContain('It works.');
    }, waiting);
    const container = await runtime.inspect(id, { signal });
    expect(container?.ports).toEqual(ports);
    expect(container?.ipAddress).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
  });

  test('are bound on that address only', async () => {
    const hostPort = await freePort('127.0.0.2');
    await containers.run(['sleep', '3600'], {
      hostAddress: '127.0.0.2',
      ports: [{ containerPort: 80, hostPort }],
    });
    const server = createServer().listen(hostPort, '127.0.0.3');
    await once(server, 'listening');
    server.close();
  });

  test('that a program of the host holds are refused', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port: hostPort } = server.address() as { port: number };
    const started = containers.run(['true'], { ports: [{ containerPort: 80, hostPort }] });
    await expect(started).rejects.toMatchObject({
      code: 'ResourceConflict',
      hint: expect.stringContaining('ss -ltnp'),
    });
    server.close();
  });

  test('on an address that is not of this host are refused', async () => {
    const started = containers.run(['true'], {
      hostAddress: '192.0.2.1',
      ports: [{ containerPort: 80, hostPort: await freePort() }],
    });
    await expect(started).rejects.toMatchObject({ code: 'InvalidRequest' });
  });
});

describe('images', () => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await startRegistry();
  });
  afterAll(async () => {
    await docker('rmi', '-f', registry.image);
    await registry.close();
  });
  const ensure = (image: string) => runtime.ensureImage(image, { signal });

  test('[diego 312] are pulled when they are not here, and only then', async () => {
    await ensure(registry.image);
    expect(registry.layerFetches()).toBe(1);
    await ensure(registry.image);
    expect(registry.layerFetches()).toBe(1);
    const id = await runtime.create(containers.spec([], { image: registry.image }), { signal });
    const marker = await runtime.readFile(id, '/marker', { maxBytes: 1_000, signal });
    expect(Buffer.from(marker).toString()).toMatch(/^made by/);
    await runtime.remove(id, { signal });
  });

  test.each([
    ['that is unknown', (host: string) => `${host}/team/nothing:9`, 'ResourceNotFound', /manifest unknown/],
    ['that is private', (host: string) => `${host}/team/private:1`, 'ResourceNotFound', /./],
    ['of a registry that is away', () => '127.0.0.1:1/team/app:1', 'Unavailable', /connection refused/],
    [
      'that is misspelt',
      () => 'Nginx:1',
      'InvalidRequest',
      /invalid reference format|repository name must be lowercase/,
    ],
  ])('[diego 199-200] one %s is refused in the words of its registry', async (_, image, code, reason) => {
    const error = expect.objectContaining({
      code,
      message: expect.stringMatching(reason),
      hint: expect.any(String),
    });
    await expect(ensure(image(registry.host))).rejects.toEqual(error);
  });
});
