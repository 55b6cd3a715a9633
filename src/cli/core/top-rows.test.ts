import { expect, test } from 'vitest';
import type { ContainerSample, StatsSample } from '../../api/core/stats-shapes.ts';
import { containerColumns, containerRows, formatBytes, hostRows, topOrders } from './top-rows.ts';

const container = (name: string, cpuPercent: number, memoryBytes: number): ContainerSample => ({
  name,
  instanceGuid: name,
  cpuPercent,
  memoryBytes,
  pids: 1,
  rxBytesPerS: memoryBytes,
  txBytesPerS: 0,
  diskReadBytesPerS: cpuPercent,
  diskWriteBytesPerS: 0,
});
const samples: StatsSample[] = [
  { at: 1, cellId: 'a', problem: '', containers: [container('web/10', 5, 30), container('web/2', 5, 20)] },
  { at: 1, cellId: 'b', problem: '', containers: [container('web/0', 1, 40), container('db/0', 9, 10)] },
];
const web = (name: string): boolean => name.startsWith('web/');

test.each([
  ['cpu', 'web/2 web/10 web/0'],
  ['memory', 'web/0 web/10 web/2'],
  ['network', 'web/0 web/10 web/2'],
  ['disk', 'web/2 web/10 web/0'],
  ['name', 'web/0 web/2 web/10'],
] as const)('by %s: %s', (order, expected) => {
  expect(topOrders).toContain(order);
  expect(
    containerRows(samples, web, order)
      .map(({ name }) => name)
      .join(' '),
  ).toBe(expected);
});

test('cells without figures of their host are left out', () => {
  expect(hostRows(samples, 'cpu')).toEqual([]);
});

test('a limit stands behind what is used', () => {
  const [row] = containerRows(samples, web, 'name');
  const memory = containerColumns.find(({ title }) => title === 'MEM');
  expect(memory?.cell({ ...row!, memoryBytes: 2 ** 29, memoryLimitBytes: 2 ** 31 })).toBe('512M/2G');
  expect(memory?.cell({ ...row!, memoryBytes: 2 ** 29 })).toBe('512M');
});

test.each([
  [0, '0'],
  [0.4, '0'],
  [512, '512B'],
  [1_536, '1.5K'],
  [20 * 2 ** 20, '20M'],
  [5_000 * 2 ** 30, '5000G'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});
