/** Real containers for tests: the offline image, names nobody else uses, and removal of one's own only. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { type AddressInfo, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

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
