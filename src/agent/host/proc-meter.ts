/** The meter of a Linux host: /proc and control groups. Built by the composition roots. */
import { statfs } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Clock, withDeadline } from '../../base/clock.ts';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import { parseCpu, parseDisks, parseHostNetwork, parseLoad, parseMemory } from '../core/proc-files.ts';
import type { ContainerReading, HostReading } from '../core/stats-rates.ts';
import type { Meter } from '../meter.ts';
import { ContainerMeter } from './container-meter.ts';
import { readKernelFile } from './kernel-file.ts';

/** So many containers are read before others have their turn. */
const readAtOnce = 25;
/** A sick disk may not answer. */
const diskDeadlineMs = 1_000;

export interface ProcMeterOptions {
  readonly clock: Clock;
  /** A folder on the file system that holds the containers. Default: Docker's; `/` where there is none. */
  readonly containersPath?: string | undefined;
}

export function procMeter({ clock, containersPath = '/var/lib/docker' }: ProcMeterOptions): Meter {
  const containers = new ContainerMeter(() => clock.now());
  return {
    host: () => readHost(clock, containersPath),
    async containers(running) {
      containers.keepOnly(running);
      const readings = new Map<string, ContainerReading>();
      for (const [i, container] of running.entries()) {
        if (i % readAtOnce === readAtOnce - 1) await nextTurn();
        const reading = containers.read(container);
        if (reading !== undefined) readings.set(container.id, reading);
      }
      return readings;
    },
  };
}

async function readHost(clock: Clock, containersPath: string): Promise<HostReading> {
  const problems: string[] = [];
  const read = <T>(path: string, parse: (text: string) => T): T => {
    try {
      return parse(readKernelFile(path));
    } catch (error) {
      problems.push(messageOf(error));
      return parse('');
    }
  };
  const memory = read('/proc/meminfo', parseMemory);
  const disk = await readDisk(clock, containersPath).catch((error: unknown) => {
    problems.push(messageOf(error));
    return { diskBytes: 0, diskUsedBytes: 0 };
  });
  return {
    cpu: read('/proc/stat', parseCpu),
    load: read('/proc/loadavg', parseLoad),
    memoryBytes: memory.total,
    memoryUsedBytes: memory.used,
    swapUsedBytes: memory.swapUsed,
    ...read('/proc/net/dev', parseHostNetwork),
    ...read('/proc/diskstats', parseDisks),
    ...disk,
    at: clock.now(),
    problem: problems.join('; '),
  };
}

/** As `df` counts: what only root may still use is neither free nor used. */
async function readDisk(
  clock: Clock,
  path: string,
): Promise<Pick<HostReading, 'diskBytes' | 'diskUsedBytes'>> {
  const late = (): Error => new SkepError('Unavailable', `the file system of ${path} does not answer`);
  const { signal } = new AbortController();
  const disk = await withDeadline(clock, diskDeadlineMs, signal, late, () =>
    statfs(path).catch(() => statfs('/')),
  );
  return { diskBytes: disk.blocks * disk.bsize, diskUsedBytes: (disk.blocks - disk.bfree) * disk.bsize };
}
