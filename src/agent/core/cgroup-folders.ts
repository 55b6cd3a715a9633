/**
 * Where a container's control groups lie in this host's file system, of both versions and either driver: worked out
 * from what the kernel says of mounts and of a process. Used by host/container-meter.ts.
 */

/** A file system of control groups: `root` is the part of the hierarchy that is mounted. */
export interface CgroupMount {
  readonly point: string;
  readonly root: string;
}

export interface CgroupMounts {
  /** By controller: `cpuacct`, `memory`, … */
  readonly v1: ReadonlyMap<string, CgroupMount>;
  readonly v2: CgroupMount | undefined;
}

/** The folder of each controller; all the same one with version 2. Undefined: this host does not have it. */
export interface CgroupFolders {
  readonly version: 1 | 2;
  readonly cpu: string | undefined;
  readonly memory: string | undefined;
  readonly io: string | undefined;
  readonly pids: string | undefined;
}

/** Reads /proc/self/mountinfo, proc(5). */
export function parseCgroupMounts(mountinfo: string): CgroupMounts {
  const v1 = new Map<string, CgroupMount>();
  let v2: CgroupMount | undefined;
  for (const line of mountinfo.split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , root = '/', point = ''] = before.split(' ').map(unescaped);
    const [type, , options = ''] = after.split(' ');
    const mount = { point, root };
    if (type === 'cgroup2') v2 ??= mount;
    if (type !== 'cgroup') continue;
    for (const controller of options.split(',')) if (!v1.has(controller)) v1.set(controller, mount);
  }
  return { v1, v2 };
}

/** A blank in a path is written `\040`. */
function unescaped(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_all, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

/** Reads /proc/PID/cgroup: the path in each hierarchy, by controller; '' is version 2. cgroups(7). */
export function parseCgroupPaths(text: string): ReadonlyMap<string, string> {
  const paths = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^\d+:([^:]*):(\/.*)$/.exec(line);
    if (match === null) continue;
    for (const controller of (match[1] ?? '').split(',')) paths.set(controller, match[2] ?? '/');
  }
  return paths;
}

/** Undefined when the process is in no group that this host shows. A hybrid host counts as version 1. */
export function cgroupFolders(
  mounts: CgroupMounts,
  paths: ReadonlyMap<string, string>,
): CgroupFolders | undefined {
  const folderOf = (controller: string): string | undefined =>
    folderIn(mounts.v1.get(controller), paths.get(controller));
  const [cpu, memory, io, pids] = ['cpuacct', 'memory', 'blkio', 'pids'].map(folderOf);
  if (memory !== undefined || cpu !== undefined) return { version: 1, cpu, memory, io, pids };
  const unified = folderIn(mounts.v2, paths.get(''));
  if (unified === undefined) return undefined;
  return { version: 2, cpu: unified, memory: unified, io: unified, pids: unified };
}

function folderIn(mount: CgroupMount | undefined, path: string | undefined): string | undefined {
  if (mount === undefined || path === undefined) return undefined;
  // Outside of the part of the hierarchy that we may see.
  if (path.startsWith('/..')) return undefined;
  const root = mount.root === '/' ? '' : mount.root;
  const below = path === root || path.startsWith(`${root}/`) ? path.slice(root.length) : path;
  return mount.point + (below === '/' ? '' : below);
}
