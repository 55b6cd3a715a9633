/** The cell's small pure parts: capacity, ports, environment, exit reasons. */
import { expect, test } from 'vitest';
import { seededRng } from '../../base/core/rng.ts';
import { capacityOf } from './capacity.ts';
import { lrpEnvironment } from './environment.ts';
import { exitReason, withLastLines } from './exit-reason.ts';
import { pickPorts } from './ports.ts';

test('[diego 205] capacity is the host’s less a tenth, and at least 256 MiB', () => {
  expect(capacityOf({ memoryMb: 16_000, diskMb: 1_000 }, {})).toEqual({
    memoryMb: 14_400,
    diskMb: 900,
    containers: 250,
  });
  expect(capacityOf({ memoryMb: 1_000, diskMb: 1_000 }, {}).memoryMb).toBe(744);
  expect(capacityOf({ memoryMb: 100, diskMb: 1_000 }, {}).memoryMb).toBe(0);
});

test('what the operator sets is taken as it is', () => {
  const settings = { memoryMb: 99_999, diskMb: 5, containers: 3 };
  expect(capacityOf({ memoryMb: 16_000, diskMb: 1_000 }, settings)).toEqual(settings);
  expect(capacityOf({ memoryMb: 16_000, diskMb: 1_000 }, { reserveMemoryMb: 1_000 }).memoryMb).toBe(15_000);
});

test('ports are free ones of the range, wherever the search begins', () => {
  const range = { from: 100, to: 104 };
  for (let seed = 0; seed < 50; seed++) {
    const ports = pickPorts(range, 3, new Set([101, 103]), seededRng(seed));
    expect(ports?.toSorted()).toEqual([100, 102, 104]);
  }
  expect(pickPorts(range, 4, new Set([101, 103]), seededRng(1))).toBeUndefined();
  expect(pickPorts(range, 0, new Set(), seededRng(1))).toEqual([]);
});

test('[diego 8] a later variable wins, and ours come last', () => {
  const env = [
    { name: 'A', value: '1' },
    { name: 'A', value: '2' },
    { name: 'INSTANCE_INDEX', value: 'mine' },
  ];
  const facts = { index: 3, instanceGuid: 'g', address: '1.2.3.4', ports: [] };
  const names = Object.fromEntries(lrpEnvironment(env, facts).map(({ name, value }) => [name, value]));
  expect(names).toMatchObject({ A: '2', INSTANCE_INDEX: '3', CF_INSTANCE_ADDR: '', CF_INSTANCE_PORTS: '[]' });
});

test('[diego 210] an exit is told by its status', () => {
  expect(exitReason({ exitCode: 1, oomKilled: false })).toBe('Exited with status 1');
  expect(exitReason({ exitCode: 137, oomKilled: true })).toBe('Exited with status 137 (out of memory)');
});

test('the last lines are few and short', () => {
  expect(withLastLines('why', [])).toBe('why');
  expect(withLastLines('why', ['', 'a ', ' '])).toBe('why; last output: a');
  expect(withLastLines('why', ['1', '2', '3', '4', '5', '6'])).toBe('why; last output: 2 | 3 | 4 | 5 | 6');
  const long = withLastLines('why', ['x'.repeat(5_000), 'the end']);
  expect(long.length).toBeLessThan(640);
  expect(long.endsWith('the end')).toBe(true);
});
