/**
 * What a container has used, read from its control groups and from its namespace's network counters: one pass costs
 * six small reads a container, and starts no process. Used by proc-meter.ts.
 */
import { messageOf } from '../../base/core/errors.ts';
import { parseIoStat, parseLimit, parseNumber, parseServiceBytes, parseStat } from '../core/cgroup-files.ts';
import {
  type CgroupFolders,
  type CgroupMounts,
  cgroupFolders,
  parseCgroupMounts,
  parseCgroupPaths,
} from '../core/cgroup-folders.ts';
import { parseContainerNetwork } from '../core/proc-files.ts';
import type { ContainerReading } from '../core/stats-rates.ts';
import { hasGone, readKernelFile } from './kernel-file.ts';

/** What does not change while a container lives. */
interface Known {
  readonly folders: CgroupFolders | undefined;
  readonly limitBytes: number | undefined;
  /** Whether this kernel counts disk bytes there. */
  readonly countsDisk: boolean;
}

type Running = { readonly id: string; readonly pid: number };

export class ContainerMeter {
  readonly #now: () => number;
  #mounts: CgroupMounts | undefined;
  /** By container id and number of its process. */
  #known = new Map<string, Known>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Undefined when it has ended. */
  read(container: Running): ContainerReading | undefined {
    try {
      const known = this.#knownOf(container);
      return this.#readAll(container, known);
    } catch (error) {
      if (hasGone(error)) return undefined;
      return { ...nothing, at: this.#now(), problem: messageOf(error) };
    }
  }

  /** Forgets all but these. */
  keepOnly(running: readonly Running[]): void {
    const keys = new Set(running.map(keyOf));
    for (const key of this.#known.keys()) if (!keys.has(key)) this.#known.delete(key);
  }

  #knownOf(container: Running): Known {
    const key = keyOf(container);
    let known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#mounts ??= parseCgroupMounts(readKernelFile('/proc/self/mountinfo'));
    const paths = parseCgroupPaths(readKernelFile(`/proc/${container.pid}/cgroup`));
    const folders = cgroupFolders(this.#mounts, paths);
    const countsDisk = folders?.version === 2 || countsOfV1(this.#mounts);
    known = { folders, limitBytes: limitOf(folders), countsDisk };
    this.#known.set(key, known);
    return known;
  }

  #readAll({ pid }: Running, { folders, limitBytes, countsDisk }: Known): ContainerReading {
    const network = parseContainerNetwork(readKernelFile(`/proc/${pid}/net/dev`));
    const at = this.#now();
    if (folders === undefined) {
      return { ...nothing, ...network, at, problem: 'its control groups are not mounted on this host' };
    }
    const { cpu, memory, io, pids } = folders;
    const missing = countsDisk ? [] : ['disk'];
    const read = <T>(
      folder: string | undefined,
      name: string,
      what: string,
      work: (text: string) => T,
      none: T,
    ): T => {
      if (folder !== undefined) return work(readOptional(`${folder}/${name}`));
      missing.push(what);
      return none;
    };
    const isNew = folders.version === 2;
    const cpuMs = isNew
      ? read(cpu, 'cpu.stat', 'CPU', (text) => (parseStat(text, 'usage_usec') ?? 0) / 1e3, 0)
      : read(cpu, 'cpuacct.usage', 'CPU', (text) => (parseNumber(text) ?? 0) / 1e6, 0);
    const used = read(
      memory,
      isNew ? 'memory.current' : 'memory.usage_in_bytes',
      'memory',
      (text) => parseNumber(text) ?? 0,
      0,
    );
    const cached =
      memory === undefined
        ? 0
        : parseStat(readOptional(`${memory}/memory.stat`), isNew ? 'inactive_file' : 'total_inactive_file');
    const bytes = isNew
      ? read(io, 'io.stat', 'disk', parseIoStat, noBytes)
      : read(io, serviceBytes, 'disk', parseServiceBytes, noBytes);
    return {
      at,
      cpuMs,
      ...network,
      ...bytes,
      memoryBytes: Math.max(0, used - (cached ?? 0)),
      memoryLimitBytes: limitBytes,
      pids: read(pids, 'pids.current', 'processes', (text) => parseNumber(text) ?? 0, 0),
      problem: missing.length === 0 ? '' : `this host's control groups do not count: ${missing.join(', ')}`,
    };
  }
}

const serviceBytes = 'blkio.throttle.io_service_bytes';
const noBytes = { readBytes: 0, writtenBytes: 0 };
const nothing = {
  cpuMs: 0,
  memoryBytes: 0,
  memoryLimitBytes: undefined,
  rxBytes: 0,
  txBytes: 0,
  ...noBytes,
  pids: 0,
};

const keyOf = ({ id, pid }: Running): string => `${id} ${pid}`;

function limitOf(folders: CgroupFolders | undefined): number | undefined {
  if (folders?.memory === undefined) return undefined;
  const name = folders.version === 2 ? 'memory.max' : 'memory.limit_in_bytes';
  return parseLimit(readOptional(`${folders.memory}/${name}`));
}

/**
 * Linux from 6.10 counts bytes in version 1 only where somebody set a limit on a disk (blk-throttle is set up by the
 * first one): then not even the whole host has any.
 */
function countsOfV1(mounts: CgroupMounts): boolean {
  const mount = mounts.v1.get('blkio');
  if (mount === undefined) return true;
  const { readBytes, writtenBytes } = parseServiceBytes(readOptional(`${mount.point}/${serviceBytes}`));
  return readBytes + writtenBytes > 0;
}

/** A controller that is switched off has no file; a group that has gone is found out by its process's files. */
function readOptional(path: string): string {
  try {
    return readKernelFile(path);
  } catch (error) {
    if (hasGone(error)) return '';
    throw error;
  }
}
