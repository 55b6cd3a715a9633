/** What containers use, read from the kernel of this machine while one of them is busy. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { ContainerReading } from '../../src/agent/core/stats-rates.ts';
import { dockerRuntime } from '../../src/agent/docker/docker-runtime.ts';
import { procMeter } from '../../src/agent/host/proc-meter.ts';
import type { Container, Runtime } from '../../src/agent/runtime.ts';
import { silentLog } from '../../src/base/log.ts';
import { systemClock } from '../../src/base/node/system-clock.ts';
import { type Containers, dockerContainers } from '../kit/docker.ts';

const waiting = { timeout: 30_000, interval: 100 };
const { signal } = new AbortController();
const runtime: Runtime = dockerRuntime({ clock: systemClock, log: silentLog });
const meter = procMeter({ clock: systemClock });
let containers: Containers;

beforeAll(async () => {
  containers = await dockerContainers(runtime);
});
afterAll(() => containers.removeAll());

async function run(...args: string[]): Promise<Container> {
  const id = await containers.run(args, { memoryMb: 128 });
  return (await runtime.inspect(id, { signal })) as Container;
}

async function read({ id, pid }: Container): Promise<ContainerReading> {
  const reading = (await meter.containers([{ id, pid }])).get(id);
  if (reading === undefined) throw new Error('it is not there');
  return reading;
}

const countsDisk = ({ problem }: ContainerReading): boolean => {
  expect(problem).toMatch(/^$|do not count: disk$/);
  return problem === '';
};

test('a container that works shows it, and an idle one does not', async () => {
  const idle = await run('sleep', '3600');
  const script = [
    // 40 MB of memory, held by a shell variable; a file past the page cache; packets to the bridge.
    'big=$(head -c 40000000 /dev/zero | tr "\\0" x)',
    'dd if=/dev/zero of=/tmp/file bs=1M count=8 oflag=direct 2>/dev/null',
    'while :; do echo hi | nc -w 1 172.17.0.1 9; i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; done 2>/dev/null',
  ].join('\n');
  const busy = await run('sh', '-c', script);
  const first = await read(busy);
  await vi.waitFor(async () => {
    const reading = await read(busy);
    expect(reading.cpuMs).toBeGreaterThan(first.cpuMs + 20);
    expect(reading.memoryBytes).toBeGreaterThan(40_000_000);
    expect(reading.pids).toBeGreaterThan(0);
    expect(reading.txBytes).toBeGreaterThan(0);
    // Kernels from 6.10 count none in control groups of version 1, and that is said.
    if (countsDisk(reading)) expect(reading.writtenBytes).toBeGreaterThanOrEqual(8 * 2 ** 20);
  }, waiting);
  const reading = await read(busy);
  expect(reading).toMatchObject({ memoryLimitBytes: 128 * 2 ** 20 });
  const quiet = await read(idle);
  expect(quiet.memoryBytes).toBeLessThan(20_000_000);
  expect(quiet.pids).toBe(1);
  expect((await read(idle)).cpuMs - quiet.cpuMs).toBeLessThan(5);
});

test('a container that has ended is simply not there', async () => {
  const brief = await run('sleep', '3600');
  await read(brief);
  await runtime.stop(brief.id, { graceMs: 0, signal });
  await vi.waitFor(async () => {
    expect((await meter.containers([{ id: brief.id, pid: brief.pid }])).size).toBe(0);
  }, waiting);
});

test('the host is read whole', async () => {
  const reading = await meter.host();
  expect(reading.problem).toBe('');
  for (const value of [reading.cpu.total, reading.cpu.cores, reading.memoryBytes, reading.diskBytes]) {
    expect(value).toBeGreaterThan(0);
  }
  expect(reading.memoryUsedBytes).toBeLessThan(reading.memoryBytes);
  expect(reading.diskUsedBytes).toBeLessThanOrEqual(reading.diskBytes);
});
