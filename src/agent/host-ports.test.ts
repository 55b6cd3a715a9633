/** Ports that instances insist on, beside those that the cell picks. */
import { expect, test } from 'vitest';
import { seededRng } from '../base/core/rng.ts';
import { hostPorts } from './host-ports.ts';

const range = { from: 20_000, to: 20_002 };

test('a fixed port is held beside the picked ones, and never picked for another', () => {
  const ports = hostPorts(range, seededRng(1));
  expect(ports.reserve('a', 1, [20_001])).not.toContain(20_001);
  expect(ports.reserve('b', 1)).not.toContain(20_001);
  expect(() => ports.reserve('c', 1)).toThrow('no 1 free host ports');
});

test('a fixed port that another holds is refused until it is released; its own holder may have it again', () => {
  const ports = hostPorts(range, seededRng(1));
  ports.reserve('a', 0, [80]);
  expect(ports.reserve('a', 0, [80])).toEqual([]);
  expect(() => ports.reserve('b', 0, [80])).toThrow('host port 80 is held by another instance here');
  ports.release('a');
  expect(ports.reserve('b', 0, [80])).toEqual([]);
});
