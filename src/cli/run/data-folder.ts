/** The agent's data folder: made, proved writable, and held by one agent at a time. */
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { messageOf, SkepError } from '../../base/core/errors.ts';

/** Makes the folder and its parents, owner only, and proves that it can be written. */
export function prepareDataFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    accessSync(path, constants.W_OK | constants.X_OK);
    const probe = join(path, '.writable');
    writeFileSync(probe, '');
  } catch (error) {
    throw new SkepError('InvalidConfig', `data folder ${path} cannot be written: ${messageOf(error)}`, {
      field: 'dataDir',
      hint: `run the agent as root, or choose another folder: skep agent --data-dir PATH`,
      cause: error,
    });
  }
}

/**
 * Holds the folder until the process ends, however it ends: an abstract socket goes with its owner, so no
 * stale lock can remain.
 * @throws SkepError ResourceConflict when another agent holds it
 */
export async function lockDataFolder(path: string): Promise<Server> {
  const name = createHash('sha256').update(realpathSync(path)).digest('hex').slice(0, 32);
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new SkepError(
              'ResourceConflict',
              `another agent already uses the data folder ${path}${holder(path)}`,
              {
                hint: 'stop that agent first, or give this one a folder of its own: --data-dir PATH',
              },
            )
          : error,
      );
    });
    server.listen(`\0skep-agent-${name}`, resolve);
  });
  server.unref();
  writeFileSync(join(path, 'agent.pid'), `${process.pid}\n`);
  return server;
}

function holder(path: string): string {
  try {
    return ` (pid ${readFileSync(join(path, 'agent.pid'), 'utf8').trim()})`;
  } catch {
    return '';
  }
}

/** What the agent remembers of its cluster, so that it can answer before the store does. */
export function readClusterId(path: string): string | undefined {
  try {
    const stored = JSON.parse(readFileSync(join(path, 'cluster.json'), 'utf8')) as { clusterId?: unknown };
    return typeof stored.clusterId === 'string' ? stored.clusterId : undefined;
  } catch {
    return undefined;
  }
}

/** Replaces the memory in one step, so that a crash leaves the old or the new. */
export function writeClusterId(path: string, clusterId: string): void {
  const file = join(path, 'cluster.json');
  writeFileSync(`${file}.new`, `${JSON.stringify({ clusterId })}\n`);
  renameSync(`${file}.new`, file);
}
