/**
 * This host's facts, by systeminformation: cheap enough for every sweep of the cell. Built by the
 * composition roots.
 */
import { arch, platform } from 'node:os';
import { fsSize, mem, type Systeminformation } from 'systeminformation';
import { type Clock, withDeadline } from '../../base/clock.ts';
import { SkepError } from '../../base/core/errors.ts';
import type { Host, HostFacts } from '../host-port.ts';

const bytesPerMb = 1_048_576;
/** Reading file systems runs `df`, which a sick disk can stall. */
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
      `the host's memory and disk could not be read within ${readDeadlineMs / 1_000} s`,
      {
        hint: 'see whether this hangs: df -l',
      },
    );
  return {
    facts: ({ signal }) => withDeadline(clock, readDeadlineMs, signal, late, () => read(containersPath)),
  };
}

async function read(containersPath: string): Promise<HostFacts> {
  const [memory, disks] = await Promise.all([mem(), fsSize()]);
  const disk = fileSystemOf(containersPath, disks);
  if (memory.total <= 0 || disk === undefined) {
    const missing = disk === undefined ? `the file system of ${containersPath}` : 'the memory';
    throw new SkepError('Unavailable', `${missing} of this host could not be read`, {
      hint: 'see what these say: free -m; df -l',
    });
  }
  return {
    memoryMb: Math.floor(memory.total / bytesPerMb),
    diskMb: Math.floor(disk.size / bytesPerMb),
    os: platform(),
    arch: arch(),
  };
}

type FileSystem = Pick<Systeminformation.FsSizeData, 'mount' | 'size'>;

/** The file system on which a path lies: the one with the longest mount point above it. */
export function fileSystemOf(path: string, disks: readonly FileSystem[]): FileSystem | undefined {
  const holds = ({ mount }: FileSystem): boolean =>
    mount === '/' || path === mount || path.startsWith(`${mount}/`);
  return disks.filter(holds).toSorted((a, b) => b.mount.length - a.mount.length)[0];
}
