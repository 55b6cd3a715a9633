/** What is seen of a container's process from this machine's own /proc: for the crash reason of one never healthy. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { dockerRuntime } from '../../src/agent/docker/docker-runtime.ts';
import { procWitness } from '../../src/agent/host/proc-witness.ts';
import type { Container, Runtime } from '../../src/agent/runtime.ts';
import { silentLog } from '../../src/base/log.ts';
import { systemClock } from '../../src/base/node/system-clock.ts';
import { type Containers, dockerContainers } from '../kit/docker.ts';

const waiting = { timeout: 30_000, interval: 100 };
const { signal } = new AbortController();
const runtime: Runtime = dockerRuntime({ clock: systemClock, log: silentLog });
const witness = procWitness();
let containers: Containers;

beforeAll(async () => {
  containers = await dockerContainers(runtime);
});
afterAll(() => containers.removeAll());

test('it tells what a process does and where it listens, and that it has gone', async () => {
  const script = 'httpd -p 8080; httpd -p 127.0.0.1:3000; sleep 3600 & trap "" TERM; wait';
  const id = await containers.run(['sh', '-c', script], { memoryMb: 64 });
  const container = (await runtime.inspect(id, { signal })) as Container;
  await vi.waitFor(
    () =>
      expect(witness.see(container)).toEqual({ name: 'sh', state: 'S', listens: ['127.0.0.1:3000', '8080'] }),
    waiting,
  );
  process.kill(container.pid, 'SIGSTOP');
  await vi.waitFor(() => expect(witness.see(container)).toMatchObject({ state: 'T' }), waiting);
  expect(witness.see({ id: 'f'.repeat(64), pid: container.pid })).toBeUndefined();
  process.kill(container.pid, 'SIGKILL');
  await vi.waitFor(() => expect(witness.see(container)).toBe('gone'), waiting);
});
