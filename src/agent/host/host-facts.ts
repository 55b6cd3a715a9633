/**
 * This host's facts: memory by systeminformation, which reads a file of the kernel, the disk by one system call: its
 * fsSize runs `df` and `cat`, for which an agent would stand still on every sweep. Built by the composition roots.
 */
import { statfs } from 'node:fs/promises';
import { arch, platform } from 'node:os';
import { dirname } from 'node:path';
import { mem } from 'systeminformation';
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
      `the memory and the disk of ${containersPath} did not tell their size within ${readDeadlineMs / 1_000} s`,
      { hint: 'see whether this hangs: df' },
    );
  return {
    facts: ({ signal }) => withDeadline(clock, readDeadlineMs, signal, late, () => read(containersPath)),
  };
}

async function read(containersPath: string): Promise<HostFacts> {
  return {
    memoryMb: Math.floor((await memoryBytes()) / bytesPerMb),
    diskMb: Math.floor((await fileSystemBytes(containersPath)) / bytesPerMb),
    os: platform(),
    arch: arch(),
  };
}

/** Throws `Unavailable` when the kernel does not tell. */
async function memoryBytes(): Promise<number> {
  const { total } = await mem();
  if (total > 0) return total;
  throw new SkepError('Unavailable', 'the memory of this host could not be read', {
    hint: 'see what this says: free -m',
  });
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
