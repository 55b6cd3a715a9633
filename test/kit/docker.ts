/** Real containers for tests: the offline image, names nobody else uses, and removal of one's own only. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Container, ContainerSpec, Runtime } from '../../src/agent/runtime.ts';
import { buildContainerSpec } from './container-spec.ts';

const run = promisify(execFile);

/** Holds busybox with every applet in /bin, users root and app, and /www/index.html. */
export const testImage = 'skep-test/busybox:1';

/** Makes the test image unless it is there. */
export async function ensureTestImage(): Promise<void> {
  await run('sh', [fileURLToPath(new URL('../../scripts/test-image.sh', import.meta.url)), testImage]);
}

/** Runs the docker command; its output, trimmed. */
export async function docker(...args: readonly string[]): Promise<string> {
  return (await run('docker', [...args])).stdout.trim();
}

export function uniqueClusterId(): string {
  return `test-${process.pid}-${randomBytes(4).toString('hex')}`;
}

/** Removes every container of a test's cluster, by the engine's own command: it cannot fail with our code. */
export async function removeContainersOf(clusterId: string): Promise<void> {
  const ids = await docker('ps', '-aq', '--filter', `label=skep.cluster=${clusterId}`);
  if (ids !== '') await docker('rm', '-f', '-v', ...ids.split('\n'));
}

/** A TCP port that was free a moment ago. */
export async function freePort(address = '127.0.0.1'): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, address, resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Containers of one test file: its own cluster id, short to make, removed together. */
export interface Containers {
  readonly clusterId: string;
  /** The spec of a container that runs `args`; the rest is small and changeable. */
  spec(args: readonly string[], changes?: ContainerChanges): ContainerSpec;
  /** Creates and starts one. */
  run(args: readonly string[], changes?: ContainerChanges): Promise<string>;
  /** Waits until it has ended. */
  exited(id: string): Promise<Container>;
  removeAll(): Promise<void>;
}

export type ContainerChanges = Partial<Omit<ContainerSpec, 'identity'>> & {
  readonly kind?: 'lrp' | 'task';
};

const exitDeadlineMs = 20_000;

export async function dockerContainers(runtime: Runtime): Promise<Containers> {
  await ensureTestImage();
  const clusterId = uniqueClusterId();
  const { signal } = new AbortController();
  let made = 0;

  const spec: Containers['spec'] = (args, { kind = 'lrp', ...changes } = {}) => {
    const instanceGuid = `${clusterId}-${++made}`;
    const identity = { clusterId, cellId: 'cell-1', kind, guid: 'web', index: 0, instanceGuid };
    return buildContainerSpec({ identity, image: testImage, args, ...changes });
  };

  return {
    clusterId,
    spec,
    async run(args, changes) {
      const id = await runtime.create(spec(args, changes), { signal });
      await runtime.start(id, { signal });
      return id;
    },
    async exited(id) {
      for (const giveUpAt = Date.now() + exitDeadlineMs; ; await sleep(20)) {
        const container = await runtime.inspect(id, { signal });
        if (container?.state === 'exited') return container;
        if (Date.now() > giveUpAt) throw new Error(`container ${id} is still ${container?.state ?? 'gone'}`);
      }
    },
    removeAll: () => removeContainersOf(clusterId),
  };
}
