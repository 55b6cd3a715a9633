/** What the kernel says of a host in /proc: proc(5). Used by host/. */

/** Clock ticks since the start of the host. */
export interface CpuTicks {
  readonly busy: number;
  readonly total: number;
  readonly cores: number;
}

/** /proc/stat. Guests are in user and nice already; waiting for a disk is not being busy. */
export function parseCpu(stat: string): CpuTicks {
  const [first = '', ...rest] = stat.split('\n');
  const [user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, soft = 0, stolen = 0] = first
    .trim()
    .split(/\s+/)
    .slice(1)
    .map(Number);
  const busy = user + nice + system + irq + soft + stolen;
  return { busy, total: busy + idle + wait, cores: rest.filter((line) => /^cpu\d/.test(line)).length };
}

export interface MemoryBytes {
  readonly total: number;
  /** Without what the kernel gives back when asked. */
  readonly used: number;
  readonly swapUsed: number;
}

/** /proc/meminfo. */
export function parseMemory(meminfo: string): MemoryBytes {
  const bytesOf = (name: string): number =>
    1_024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(meminfo)?.[1] ?? 0);
  const total = bytesOf('MemTotal');
  return {
    total,
    used: total - bytesOf('MemAvailable'),
    swapUsed: bytesOf('SwapTotal') - bytesOf('SwapFree'),
  };
}

/** /proc/loadavg. */
export function parseLoad(loadavg: string): [number, number, number] {
  const [one = 0, five = 0, fifteen = 0] = loadavg.split(' ').slice(0, 3).map(Number);
  return [one, five, fifteen];
}

export interface NetworkBytes {
  readonly rxBytes: number;
  readonly txBytes: number;
}

/** Interfaces through which only passes what another counts too: loopback, containers' ends, bridges. */
const innerInterface = /^(lo|veth.*|docker\d+|docker_gwbridge|br-.*|virbr\d+|cni\d+|flannel.*|podman\d+)$/;

/** /proc/net/dev of a container: all that is not loopback. */
export function parseContainerNetwork(dev: string): NetworkBytes {
  return sumInterfaces(dev, (name) => name !== 'lo');
}

/** /proc/net/dev of a host: what goes in and out of it. */
export function parseHostNetwork(dev: string): NetworkBytes {
  return sumInterfaces(dev, (name) => !innerInterface.test(name));
}

function sumInterfaces(dev: string, counts: (name: string) => boolean): NetworkBytes {
  let rxBytes = 0;
  let txBytes = 0;
  for (const line of dev.split('\n')) {
    const colon = line.indexOf(':');
    if (colon < 0 || !counts(line.slice(0, colon).trim())) continue;
    const fields = line
      .slice(colon + 1)
      .trim()
      .split(/\s+/);
    rxBytes += Number(fields[0]);
    txBytes += Number(fields[8]);
  }
  return { rxBytes, txBytes };
}

export interface DiskBytes {
  readonly readBytes: number;
  readonly writtenBytes: number;
}

/** Whole disks; partitions, loops and what is stacked on disks would count twice. */
const wholeDisk = /^((s|h|v|xv)d[a-z]+|nvme\d+n\d+|mmcblk\d+|pmem\d+|nbd\d+)$/;
/** Linux counts in sectors of this size, whatever the disk's own. */
const sectorBytes = 512;

/** /proc/diskstats. */
export function parseDisks(diskstats: string): DiskBytes {
  let readBytes = 0;
  let writtenBytes = 0;
  for (const line of diskstats.split('\n')) {
    const fields = line.trim().split(/\s+/);
    if (!wholeDisk.test(fields[2] ?? '')) continue;
    readBytes += sectorBytes * Number(fields[5]);
    writtenBytes += sectorBytes * Number(fields[9]);
  }
  return { readBytes, writtenBytes };
}
