/** Files as kernels write them, of control groups 1 and 2 and of hosts. */
import { describe, expect, test } from 'vitest';
import { parseIoStat, parseLimit, parseServiceBytes, parseStat } from './cgroup-files.ts';
import { cgroupFolders, parseCgroupMounts, parseCgroupPaths } from './cgroup-folders.ts';
import {
  parseContainerNetwork,
  parseCpu,
  parseDisks,
  parseHostNetwork,
  parseLoad,
  parseMemory,
} from './proc-files.ts';
import { type ContainerReading, containerSample, type HostReading, hostSample } from './stats-rates.ts';

const mountsV1 = `23 29 0:6 / /dev rw,nosuid - devtmpfs udev rw,size=8123456k
32 31 0:27 / /sys/fs/cgroup/unified rw,nosuid shared:10 - cgroup2 cgroup2 rw,nsdelegate
33 31 0:28 / /sys/fs/cgroup/systemd rw,nosuid shared:11 - cgroup cgroup rw,xattr,name=systemd
36 31 0:31 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:15 - cgroup cgroup rw,cpu,cpuacct
37 31 0:32 / /sys/fs/cgroup/memory rw,nosuid shared:16 - cgroup cgroup rw,memory
38 31 0:33 / /sys/fs/cgroup/blkio rw,nosuid shared:17 - cgroup cgroup rw,blkio
39 31 0:34 / /sys/fs/cgroup/pids rw,nosuid shared:18 - cgroup cgroup rw,pids`;
const mountsV2 = `24 30 0:22 / /sys rw,nosuid shared:7 - sysfs sysfs rw
35 24 0:30 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot`;

const folders = (mounts: string, paths: string) =>
  cgroupFolders(parseCgroupMounts(mounts), parseCgroupPaths(paths));
const id = '3f2a';

describe('where control groups lie', () => {
  test('version 1, cgroupfs driver, with each controller in a hierarchy of its own', () => {
    const paths = `12:pids:/docker/${id}\n9:blkio:/docker/${id}\n5:memory:/docker/${id}\n4:cpu,cpuacct:/docker/${id}\n1:name=systemd:/docker/${id}\n0::/system.slice/containerd.service\n`;
    expect(folders(mountsV1, paths)).toEqual({
      version: 1,
      cpu: `/sys/fs/cgroup/cpu,cpuacct/docker/${id}`,
      memory: `/sys/fs/cgroup/memory/docker/${id}`,
      io: `/sys/fs/cgroup/blkio/docker/${id}`,
      pids: `/sys/fs/cgroup/pids/docker/${id}`,
    });
  });
  test.each([
    ['cgroupfs', `/docker/${id}`],
    ['systemd', `/system.slice/docker-${id}.scope`],
  ])('version 2, %s driver', (_driver, path) => {
    const folder = `/sys/fs/cgroup${path}`;
    expect(folders(mountsV2, `0::${path}\n`)).toEqual({
      version: 2,
      cpu: folder,
      memory: folder,
      io: folder,
      pids: folder,
    });
  });
  test('a controller that is missing is told from one that is there', () => {
    expect(folders(mountsV1, `5:memory:/docker/${id}\n`)).toMatchObject({
      memory: `/sys/fs/cgroup/memory/docker/${id}`,
      cpu: undefined,
      pids: undefined,
    });
  });
  test('only a part of the hierarchy is mounted, and a blank in the path', () => {
    const part = '36 31 0:31 /docker /sys/fs/my\\040cgroups rw - cgroup cgroup rw,memory';
    expect(folders(part, `5:memory:/docker/${id}\n`)?.memory).toBe(`/sys/fs/my cgroups/${id}`);
  });
  test.each([
    ['nothing is mounted', '', `0::/docker/${id}`],
    ['it lies outside of what we see', mountsV2, '0::/../other'],
    ['the process is in none', mountsV2, ''],
  ])('%s', (_why, mounts, paths) => {
    expect(folders(mounts, paths)).toBeUndefined();
  });
});

describe('files of control groups', () => {
  test.each([
    ['max\n', undefined],
    ['9223372036854771712\n', undefined],
    ['134217728\n', 134_217_728],
    ['', undefined],
  ])('a limit of %j is %j', (text, limit) => {
    expect(parseLimit(text)).toBe(limit);
  });
  test('values of stat files are found by their whole name', () => {
    const stat = 'cache 5\ninactive_file 100\nactive_file 200\ntotal_inactive_file 300\n';
    expect(parseStat(stat, 'inactive_file')).toBe(100);
    expect(parseStat(stat, 'total_inactive_file')).toBe(300);
    expect(parseStat(stat, 'cache')).toBe(5);
    expect(parseStat(stat, 'file')).toBeUndefined();
    expect(parseStat('usage_usec 1234\nuser_usec 1000', 'usage_usec')).toBe(1_234);
  });
  test('bytes of disks, without those that lie on others', () => {
    const io =
      '8:0 rbytes=1000 wbytes=2000 rios=1 wios=2 dbytes=0 dios=0\n253:0 rbytes=1000 wbytes=2000 rios=1\n259:1 rbytes=5 wbytes=6\n';
    expect(parseIoStat(io)).toEqual({ readBytes: 1_005, writtenBytes: 2_006 });
    const bytes = '8:0 Read 10\n8:0 Write 20\n8:0 Sync 30\n8:0 Total 30\n7:0 Read 99\nTotal 30\n';
    expect(parseServiceBytes(bytes)).toEqual({ readBytes: 10, writtenBytes: 20 });
    expect(parseServiceBytes('Total 0\n')).toEqual({ readBytes: 0, writtenBytes: 0 });
  });
});

describe('files of a host', () => {
  test('processor time: guests are counted in user already', () => {
    const stat =
      'cpu  100 10 50 800 40 5 5 20 60 0\ncpu0 50 5 25 400 20 2 3 10 30 0\ncpu1 50 5 25 400 20 3 2 10 30 0\nintr 5\n';
    expect(parseCpu(stat)).toEqual({ busy: 190, total: 1_030, cores: 2 });
  });
  test('memory and load', () => {
    const meminfo =
      'MemTotal:       1000 kB\nMemFree: 100 kB\nMemAvailable:    600 kB\nSwapTotal: 50 kB\nSwapFree: 20 kB\n';
    expect(parseMemory(meminfo)).toEqual({ total: 1_024_000, used: 409_600, swapUsed: 30_720 });
    expect(parseLoad('0.52 1.58 12.59 3/1234 5678\n')).toEqual([0.52, 1.58, 12.59]);
  });
  const dev = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:    1000      10    0    0    0     0          0         0     1000      10    0    0    0     0       0          0
  eth0:   20000     200    0    0    0     0          0         0    30000     300    0    0    0     0       0          0
veth1f2:    500      5    0    0    0     0          0         0      600       6    0    0    0     0       0          0
docker0:   7000     70    0    0    0     0          0         0     8000      80    0    0    0     0       0          0`;
  test('network: of a container all but loopback, of a host what leaves it', () => {
    expect(parseContainerNetwork(dev)).toEqual({ rxBytes: 27_500, txBytes: 38_600 });
    expect(parseHostNetwork(dev)).toEqual({ rxBytes: 20_000, txBytes: 30_000 });
  });
  test('disks, without partitions and what lies on them', () => {
    const disks = `   8       0 sda 100 5 2000 50 200 5 4000 60 0 90 110
   8       1 sda1 90 5 1900 50 190 5 3900 60 0 90 110
 259       0 nvme0n1 1 0 10 0 1 0 20 0 0 0 0
 259       1 nvme0n1p1 1 0 10 0 1 0 20 0 0 0 0
 253       0 dm-0 100 0 2000 0 200 0 4000 0 0 0 0
   7       0 loop0 5 0 50 0 0 0 0 0 0 0 0`;
    expect(parseDisks(disks)).toEqual({ readBytes: 2_010 * 512, writtenBytes: 4_020 * 512 });
  });
});

describe('rates', () => {
  const container: ContainerReading = {
    at: 1e3,
    cpuMs: 500,
    memoryBytes: 10,
    memoryLimitBytes: undefined,
    rxBytes: 100,
    txBytes: 200,
    readBytes: 300,
    writtenBytes: 400,
    pids: 3,
    problem: '',
  };
  test('two cores busy for half a second are 200 %', () => {
    const after = { ...container, at: 1_500, cpuMs: 1_500, rxBytes: 600, writtenBytes: 500 };
    expect(containerSample({ name: 'web/0', instanceGuid: 'g' }, container, after)).toEqual({
      name: 'web/0',
      instanceGuid: 'g',
      cpuPercent: 200,
      memoryBytes: 10,
      pids: 3,
      rxBytesPerS: 1e3,
      txBytesPerS: 0,
      diskReadBytesPerS: 0,
      diskWriteBytesPerS: 200,
    });
  });
  test('counters that went back began anew', () => {
    const after = { ...container, at: 2_000, cpuMs: 0, rxBytes: 0 };
    expect(containerSample({ name: 'x', instanceGuid: 'g' }, container, after)).toMatchObject({
      cpuPercent: 0,
      rxBytesPerS: 0,
    });
  });
  test('a host is measured in all of its cores together', () => {
    const host: HostReading = {
      at: 0,
      cpu: {
        busy: 100,
        total: 1e3,
        cores: 4,
      },
      load: [1, 2, 3],
      memoryBytes: 9,
      memoryUsedBytes: 8,
      swapUsedBytes: 7,
      rxBytes: 0,
      txBytes: 0,
      readBytes: 0,
      writtenBytes: 0,
      diskBytes: 6,
      diskUsedBytes: 5,
      problem: '',
    };
    const after = { ...host, at: 2_000, cpu: { busy: 200, total: 1_400, cores: 4 }, txBytes: 4_000 };
    expect(hostSample(host, after)).toMatchObject({ cpuPercent: 25, cores: 4, txBytesPerS: 2_000 });
    expect(hostSample(host, host).cpuPercent).toBe(0);
  });
});
