/** Behaviours that Diego's tests verify with real containers and no other test of ours does: docs/diego-conformance.md. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dockerRuntime } from '../../src/agent/docker/docker-runtime.ts';
import type { Runtime } from '../../src/agent/runtime.ts';
import { silentLog } from '../../src/base/log.ts';
import { systemClock } from '../../src/base/node/system-clock.ts';
import { type Containers, dockerContainers } from '../kit/docker.ts';

const { signal } = new AbortController();
const runtime: Runtime = dockerRuntime({ clock: systemClock, log: silentLog });
let containers: Containers;

beforeAll(async () => {
  containers = await dockerContainers(runtime);
});
afterAll(() => containers.removeAll());

const sh = (script: string): string[] => ['sh', '-c', script];

test.each([
  [1_024, 0],
  [0, 0],
  [1, 2],
])(
  '[diego 191] within a limit of %i processes a second one ends the shell with %i',
  async (maxPids, exitCode) => {
    const id = await containers.run(sh('sleep 0 & wait; exit 0'), { maxPids });
    expect(await containers.exited(id)).toMatchObject({ exitCode });
  },
);

test('[diego 11] a result file that only another user may read is read', async () => {
  const id = await containers.run(sh('cd /home/app; echo mine > result; chmod 400 result'), { user: 'app' });
  await containers.exited(id);
  const bytes = await runtime.readFile(id, '/home/app/result', { maxBytes: 100, signal });
  expect(Buffer.from(bytes).toString()).toBe('mine\n');
});
