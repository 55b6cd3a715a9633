/**
 * This host's facts, by Node's own calls: cheap enough for every sweep of the cell, and no program is started, which
 * an agent would stand still for. Built by the composition roots.
 */
import { statfs } from 'node:fs/promises';
import { arch, platform, totalmem } from 'node:os';
import { dirname } from 'node:path';
import { type Clock, withDeadline } from '../../base/clock.ts';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import type { Host, HostFacts } from '../host-port.ts';

const bytesPerMb = 1_048_576;
/** A file system of another host, or a sick disk, may not answer. */
const readDeadlineMs = 10_000;

export interface HostFactsOptions {
  readonly clock: Clock;
  /** A folder on the file system that holds the containers; need not exist. Default: Docker's. */
  readonly containersPath?: string | undefined;
}

export function hostFacts({ clock, containersPath = '/var/lib/docker' }: HostFactsOptions): Host {
  const late = (): Error =>
    new SkepError(
      'Unavailable',
      `the file system of ${containersPath} did not tell its size within ${readDeadlineMs / 1_000} s`,
      { hint: 'see whether this hangs: df' },
    );
  return {
    facts: ({ signal }) => withDeadline(clock, readDeadlineMs, signal, late, () => read(containersPath)),
  };
}

async function read(containersPath: string): Promise<HostFacts> {
  return {
    memoryMb: Math.floor(totalmem() / bytesPerMb),
    diskMb: Math.floor((await fileSystemBytes(containersPath)) / bytesPerMb),
    os: platform(),
    arch: arch(),
  };
}

/** Of the file system on which the path lies, or would lie. Throws `Unavailable` when it does not tell. */
async function fileSystemBytes(path: string): Promise<number> {
  try {
    const { blocks, bsize } = await statfs(path);
    return blocks * bsize;
  } catch (error) {
    const above = dirname(path);
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && above !== path)
      return await fileSystemBytes(above);
    throw new SkepError('Unavailable', `the size of the disk cannot be read: ${messageOf(error)}`, {
      hint: `see what this says: df ${path}`,
      cause: error,
    });
  }
}
