/** What the engine says of itself and its disk: for capacity, and for what containers may be given. */
import { readFile, statfs } from 'node:fs/promises';
import { messageOf } from '../../base/core/errors.ts';
import type { RuntimeInfo } from '../runtime.ts';
import type { Engine } from './engine.ts';

const bytesPerMb = 1_048_576;
/** Drivers that limit every writable layer. Those on overlay need a quota of the file system beneath. */
const limitingDrivers: ReadonlySet<string> = new Set(['btrfs', 'zfs', 'devicemapper', 'windowsfilter']);
const overlayDrivers: ReadonlySet<string> = new Set(['overlay2', 'overlay', 'vfs']);

interface InfoAnswer {
  readonly ServerVersion?: string;
  readonly MemTotal?: number;
  readonly NCPU?: number;
  readonly Driver?: string;
  readonly DockerRootDir?: string;
  readonly Runtimes?: Readonly<Record<string, unknown>> | null;
  readonly Plugins?: { readonly Volume?: readonly string[] | null } | null;
}

interface VersionAnswer {
  readonly Version?: string;
  readonly Components?: readonly { readonly Name?: string }[];
}

export interface EngineInfo extends RuntimeInfo {
  readonly cpus: number;
}

/** @throws Unavailable when the engine does not answer */
export async function readEngineInfo(engine: Engine, signal: AbortSignal): Promise<EngineInfo> {
  const what = 'ask the container engine about itself';
  const [info, version] = await Promise.all([
    engine.getJson<InfoAnswer>({ what, signal }, '/info'),
    engine.getJson<VersionAnswer>({ what, signal }, '/version'),
  ]);
  const root = info.DockerRootDir ?? '/';
  return {
    name: engineName(version),
    memoryMb: Math.floor((info.MemTotal ?? 0) / bytesPerMb),
    cpus: info.NCPU ?? 1,
    diskMb: await diskMb(engine, root),
    canLimitDisk: await canLimitDisk(engine, info.Driver ?? '', root),
    ...placementFacts(info),
  };
}

/** What placement rules may name, in order, so that equal answers are equal. */
export function placementFacts({ Runtimes: runtimes, Plugins: plugins }: InfoAnswer): {
  readonly runtimes: readonly string[];
  readonly volumeDrivers: readonly string[];
} {
  return { runtimes: Object.keys(runtimes ?? {}).sort(), volumeDrivers: (plugins?.Volume ?? []).toSorted() };
}

/** `docker 20.10.24`: without what a distribution appends. */
function engineName({ Version: version = 'unknown', Components: components = [] }: VersionAnswer): string {
  const podman = components.some(({ Name: name }) => name?.startsWith('Podman'));
  return `${podman ? 'podman' : 'docker'} ${version.replace(/\+.*$/, '')}`;
}

/** 0 when it cannot be seen from here: an engine on another host. Then the operator must say it. */
async function diskMb(engine: Engine, root: string): Promise<number> {
  try {
    const { blocks, bsize } = await statfs(root);
    return Math.floor((blocks * bsize) / bytesPerMb);
  } catch (error) {
    engine.log.warn('engine.disk_unknown', { path: root, reason: messageOf(error) });
    return 0;
  }
}

async function canLimitDisk(engine: Engine, driver: string, root: string): Promise<boolean> {
  if (limitingDrivers.has(driver)) return true;
  if (!overlayDrivers.has(driver)) return false;
  try {
    return hasProjectQuota(await readFile('/proc/self/mounts', 'utf8'), root);
  } catch (error) {
    engine.log.warn('engine.mounts_unknown', { reason: messageOf(error) });
    return false;
  }
}

/** Whether `path` lies on an xfs that is mounted with project quotas, by the text of /proc/self/mounts. */
export function hasProjectQuota(mounts: string, path: string): boolean {
  let longest = '';
  let limits = false;
  for (const line of mounts.split('\n')) {
    const [, point = '', type = '', flags = ''] = line.split(' ');
    const holds = point === '/' || path === point || path.startsWith(`${point}/`);
    if (point === '' || !holds || point.length < longest.length) continue;
    longest = point;
    limits = type === 'xfs' && /(?:^|,)(?:pquota|prjquota)(?:,|$)/.test(flags);
  }
  return limits;
}
