/** Two readings made a sample: what happened between them, a second. Used by stats.ts. */
import type { ContainerSample, HostSample } from '../../api/core/stats-shapes.ts';
import type { CpuTicks } from './proc-files.ts';

/** Counters of a container since it started, at a moment in milliseconds. */
export interface ContainerReading {
  readonly at: number;
  readonly cpuMs: number;
  readonly memoryBytes: number;
  readonly memoryLimitBytes: number | undefined;
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly readBytes: number;
  readonly writtenBytes: number;
  readonly pids: number;
  /** What of it could not be read, and why; '' when all was. */
  readonly problem: string;
}

/** Counters of a host since it started, at a moment in milliseconds. */
export interface HostReading {
  readonly at: number;
  readonly cpu: CpuTicks;
  readonly load: readonly [number, number, number];
  readonly memoryBytes: number;
  readonly memoryUsedBytes: number;
  readonly swapUsedBytes: number;
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly readBytes: number;
  readonly writtenBytes: number;
  readonly diskBytes: number;
  readonly diskUsedBytes: number;
  readonly problem: string;
}

export function containerSample(
  who: Pick<ContainerSample, 'name' | 'instanceGuid'>,
  before: ContainerReading,
  after: ContainerReading,
): ContainerSample {
  const perS = perSecond(before.at, after.at);
  return {
    ...who,
    cpuPercent: perS(before.cpuMs, after.cpuMs) / 10,
    memoryBytes: after.memoryBytes,
    ...(after.memoryLimitBytes === undefined ? {} : { memoryLimitBytes: after.memoryLimitBytes }),
    rxBytesPerS: perS(before.rxBytes, after.rxBytes),
    txBytesPerS: perS(before.txBytes, after.txBytes),
    diskReadBytesPerS: perS(before.readBytes, after.readBytes),
    diskWriteBytesPerS: perS(before.writtenBytes, after.writtenBytes),
    pids: after.pids,
  };
}

export function hostSample(before: HostReading, after: HostReading): HostSample {
  const perS = perSecond(before.at, after.at);
  const ticks = after.cpu.total - before.cpu.total;
  return {
    cores: after.cpu.cores,
    cpuPercent: ticks <= 0 ? 0 : (100 * Math.max(0, after.cpu.busy - before.cpu.busy)) / ticks,
    load: [...after.load],
    memoryBytes: after.memoryBytes,
    memoryUsedBytes: after.memoryUsedBytes,
    swapUsedBytes: after.swapUsedBytes,
    rxBytesPerS: perS(before.rxBytes, after.rxBytes),
    txBytesPerS: perS(before.txBytes, after.txBytes),
    diskReadBytesPerS: perS(before.readBytes, after.readBytes),
    diskWriteBytesPerS: perS(before.writtenBytes, after.writtenBytes),
    diskBytes: after.diskBytes,
    diskUsedBytes: after.diskUsedBytes,
  };
}

/** A counter that went back began anew: nothing is known of the time between. */
function perSecond(beforeAt: number, afterAt: number): (before: number, after: number) => number {
  const seconds = Math.max(1, afterAt - beforeAt) / 1_000;
  return (before, after) => Math.round(Math.max(0, after - before) / seconds);
}
