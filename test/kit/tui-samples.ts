/** Measures of a cell and of its containers for tests of the terminal UI: waves, always the same. */
import type { ContainerSample, StatsSample } from '../../src/api/core/stats-shapes.ts';
import { now } from './tui-data.ts';

const gibibyte = 1_073_741_824;
const mebibyte = 1_048_576;

const wave = (at: number, middle: number, height: number, length: number): number =>
  Math.max(0, middle + height * Math.sin(at / length) + (height / 3) * Math.sin(at / 2.3));

const containerSample = (name: string, guid: string, at: number): ContainerSample => ({
  name,
  instanceGuid: guid,
  cpuPercent: wave(at, 38, 24, 9),
  memoryBytes: wave(at, 300, 40, 14) * mebibyte,
  memoryLimitBytes: 512 * mebibyte,
  rxBytesPerS: wave(at, 90_000, 60_000, 5),
  txBytesPerS: wave(at, 30_000, 28_000, 7),
  diskReadBytesPerS: 0,
  diskWriteBytesPerS: wave(at, 4_000, 9_000, 6),
  pids: 23,
});

/** The n-th sample since somebody looked. */
export function sampleOf(at: number, cell: boolean): StatsSample {
  const host = {
    cores: 16,
    cpuPercent: wave(at, 46, 22, 11),
    load: [7.31, 6.02, 5.88] as [number, number, number],
    memoryBytes: 64 * gibibyte,
    memoryUsedBytes: wave(at, 41, 3, 20) * gibibyte,
    swapUsedBytes: 0,
    rxBytesPerS: wave(at, 9_000_000, 5_000_000, 6),
    txBytesPerS: wave(at, 4_000_000, 3_000_000, 8),
    diskReadBytesPerS: wave(at, 200_000, 400_000, 5),
    diskWriteBytesPerS: wave(at, 2_000_000, 1_500_000, 9),
    diskBytes: 1_900 * gibibyte,
    diskUsedBytes: 420 * gibibyte,
  };
  const names = Array.from({ length: 34 }, (_, i) => i * 14 + 4);
  return {
    at: now - 1_000,
    cellId: 'host-05',
    ...(cell ? { host } : {}),
    containers: cell
      ? names.map((i, n) => containerSample(`payments-worker/${i}`, `6f1d-${i}`, at + n))
      : [containerSample('payments-worker/0', '6f1d', at)],
    problem: '',
  };
}
