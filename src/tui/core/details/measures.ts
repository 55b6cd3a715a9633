/** What is measured of a host and of a container alike, and the four charts of it. */
import { statsIntervalMs } from '../../../api/core/stats-shapes.ts';
import { type Chart, type ChartSeries, formatBytes, formatPercent, formatRate } from './chart.ts';
import type { History } from './history.ts';

export type Measure = 'cpu' | 'memory' | 'rx' | 'tx' | 'read' | 'write';

export const noMeasures: History<Measure> = { cpu: [], memory: [], rx: [], tx: [], read: [], write: [] };

interface Rates {
  readonly cpuPercent: number;
  readonly rxBytesPerS: number;
  readonly txBytesPerS: number;
  readonly diskReadBytesPerS: number;
  readonly diskWriteBytesPerS: number;
}

export function measuresOf(sample: Rates, memory: number): Record<Measure, number> {
  return {
    cpu: sample.cpuPercent,
    memory,
    rx: sample.rxBytesPerS,
    tx: sample.txBytesPerS,
    read: sample.diskReadBytesPerS,
    write: sample.diskWriteBytesPerS,
  };
}

/** CPU, memory, network, disk. Without a top of the scale, what fits the values is taken. */
export function chartsOf(
  history: History<Measure>,
  tops: { readonly cpu?: number | undefined; readonly memory?: number | undefined },
): readonly Chart[] {
  const series = (name: string, measure: Measure, colour: ChartSeries['colour']): ChartSeries => ({
    name,
    values: history[measure],
    colour,
  });
  const stepMs = statsIntervalMs;
  return [
    { title: 'CPU', stepMs, max: tops.cpu, format: formatPercent, series: [series('', 'cpu', 1)] },
    { title: 'memory', stepMs, max: tops.memory, format: formatBytes, series: [series('', 'memory', 2)] },
    { title: 'net', stepMs, format: formatRate, series: [series('in', 'rx', 3), series('out', 'tx', 4)] },
    {
      title: 'disk',
      stepMs,
      format: formatRate,
      series: [series('read', 'read', 3), series('write', 'write', 4)],
    },
  ];
}
