/** What `skep top` shows of samples: rows and their order. */
import type { ContainerSample, HostSample, StatsSample } from '../../api/core/stats-shapes.ts';
import { formatMebibytes } from './format.ts';
import type { Column } from './table.ts';

export interface HostRow extends HostSample {
  readonly cellId: string;
  readonly containers: number;
}

export interface ContainerRow extends ContainerSample {
  readonly cellId: string;
}

export const topOrders = ['cpu', 'memory', 'network', 'disk', 'name'] as const;
export type TopOrder = (typeof topOrders)[number];

const bytesPerMb = 1_048_576;

/** One row a cell that has told of its host. */
export function hostRows(samples: readonly StatsSample[], order: TopOrder): HostRow[] {
  const rows = samples.flatMap(({ cellId, host, containers }) =>
    host === undefined ? [] : [{ ...host, cellId, containers: containers.length }],
  );
  return rows.sort(
    (a, b) =>
      weight(b, b.memoryUsedBytes, order) - weight(a, a.memoryUsedBytes, order) ||
      compare(a.cellId, b.cellId),
  );
}

/** One row a container that is meant. */
export function containerRows(
  samples: readonly StatsSample[],
  isMeant: (name: string) => boolean,
  order: TopOrder,
): ContainerRow[] {
  const rows = samples.flatMap(({ cellId, containers }) =>
    containers.filter(({ name }) => isMeant(name)).map((container) => ({ ...container, cellId })),
  );
  return rows.sort(
    (a, b) => weight(b, b.memoryBytes, order) - weight(a, a.memoryBytes, order) || compare(a.name, b.name),
  );
}

type Rates = Pick<
  HostSample,
  'cpuPercent' | 'rxBytesPerS' | 'txBytesPerS' | 'diskReadBytesPerS' | 'diskWriteBytesPerS'
>;

function weight(row: Rates, memoryBytes: number, order: TopOrder): number {
  switch (order) {
    case 'cpu':
      return row.cpuPercent;
    case 'memory':
      return memoryBytes;
    case 'network':
      return row.rxBytesPerS + row.txBytesPerS;
    case 'disk':
      return row.diskReadBytesPerS + row.diskWriteBytesPerS;
    case 'name':
      return 0;
  }
}

/** `web/2` before `web/10`. */
const compare = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true });

const right = 'right' as const;
const rates: readonly Column<Rates>[] = [
  { title: 'NET IN/S', align: right, cell: (row) => formatBytes(row.rxBytesPerS) },
  { title: 'NET OUT/S', align: right, cell: (row) => formatBytes(row.txBytesPerS) },
  { title: 'DISK READ/S', align: right, cell: (row) => formatBytes(row.diskReadBytesPerS) },
  { title: 'DISK WRITE/S', align: right, cell: (row) => formatBytes(row.diskWriteBytesPerS) },
];

export const hostColumns: readonly Column<HostRow>[] = [
  { title: 'CELL', cell: (row) => row.cellId },
  { title: 'CPU', align: right, cell: (row) => percent(row.cpuPercent) },
  { title: 'CORES', align: right, cell: (row) => String(row.cores) },
  { title: 'LOAD', align: right, cell: (row) => row.load[0].toFixed(2) },
  { title: 'MEM', align: right, cell: (row) => share(row.memoryUsedBytes, row.memoryBytes) },
  { title: 'DISK', align: right, cell: (row) => share(row.diskUsedBytes, row.diskBytes) },
  ...rates,
  { title: 'CONTAINERS', align: right, cell: (row) => String(row.containers) },
];

export const containerColumns: readonly Column<ContainerRow>[] = [
  { title: 'INSTANCE', cell: (row) => row.name },
  { title: 'CELL', cell: (row) => row.cellId },
  { title: 'CPU', align: right, cell: (row) => percent(row.cpuPercent) },
  { title: 'MEM', align: right, cell: (row) => share(row.memoryBytes, row.memoryLimitBytes) },
  ...rates,
  { title: 'PIDS', align: right, cell: (row) => String(row.pids) },
];

const percent = (value: number): string => `${value.toFixed(1)}%`;

/** `512M/2G`. */
function share(used: number, of: number | undefined): string {
  const whole = of === undefined ? '' : `/${formatMebibytes(Math.round(of / bytesPerMb))}`;
  return `${formatMebibytes(Math.round(used / bytesPerMb))}${whole}`;
}

/** `0`, `512B`, `1.5K`, `20M`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1) return '0';
  let value = bytes;
  for (const unit of ['B', 'K', 'M', 'G']) {
    if (value < 1_000 || unit === 'G')
      return `${value < 10 ? Math.round(value * 10) / 10 : Math.round(value)}${unit}`;
    value /= 1_024;
  }
  return '0';
}
