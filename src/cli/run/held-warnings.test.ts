import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { holdWarnings } from './held-warnings.ts';

test('a warning of Node waits until the screen has been given back, and the next is printed as ever', async () => {
  const printed: string[] = [];
  const print = ({ message }: Error): void => void printed.push(message);
  process.on('warning', print);
  try {
    const warnings = holdWarnings();
    for (let count = 0; count < 30; count++)
      process.emitWarning(`-${count} is negative`, 'TimeoutNegativeWarning');
    await setImmediate();
    expect(printed).toEqual([]);
    const held = warnings.release();
    expect(held).toHaveLength(20);
    expect(held[0]).toBe('TimeoutNegativeWarning: -0 is negative');
    process.emitWarning('another');
    await setImmediate();
    expect(printed).toEqual(['another']);
  } finally {
    process.off('warning', print);
  }
});
