/** Writing to a real terminal device that takes nothing for a while, or for good. */
import { closeSync, openSync, readlinkSync } from 'node:fs';
import { type IPty, spawn } from '@lydell/node-pty';
import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../src/base/node/system-clock.ts';
import { ttyWriter, type Writer } from '../../src/tui/blessed/writer.ts';
import { eventually } from '../kit/e2e-cluster.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

interface Line {
  readonly writer: Writer;
  readonly pty: IPty;
  received(): string;
  closed(): number;
}

/** A terminal with nothing in it that would write. */
async function openLine(): Promise<Line> {
  const pty = spawn('sh', ['-c', 'stty raw -echo; echo ready; exec sleep 300'], { cols: 80, rows: 24 });
  cleanups.push(() => pty.kill('SIGKILL'));
  let received = '';
  pty.onData((data) => (received += data));
  await eventually('the terminal is raw', 10_000, () =>
    received.includes('ready') ? Promise.resolve() : Promise.reject(new Error(received)),
  );
  const fd = openSync(readlinkSync(`/proc/${pty.pid}/fd/1`), 'w');
  cleanups.push(() => closeSync(fd));
  let closed = 0;
  const writer = ttyWriter({ fd, clock: systemClock, onClosed: () => (closed += 1) });
  cleanups.push(() => writer.close());
  received = '';
  return { writer, pty, received: () => received, closed: () => closed };
}

test('what a stalled line does not take waits, and arrives whole when it goes on', async () => {
  const { writer, pty, received } = await openLine();
  let drained = 0;
  writer.onDrained(() => (drained += 1));
  pty.pause();
  const text = Array.from({ length: 40_000 }, (_, at) => `${at},`).join('');
  writer.write(text);
  writer.write('end');
  expect(writer.busy).toBe(true);
  expect(writer.written).toBeLessThan(text.length);
  pty.resume();
  await writer.taken();
  expect(writer.busy).toBe(false);
  expect(drained).toBe(1);
  await eventually('everything arrived', 10_000, () =>
    received().endsWith('end') ? Promise.resolve() : Promise.reject(new Error(`${received().length}`)),
  );
  expect(received()).toBe(`${text}end`);
  expect(writer.written).toBe(text.length + 3);
});

test('the last words drop what was not taken, and end a sequence that was cut', async () => {
  const { writer, pty, received } = await openLine();
  pty.pause();
  writer.write('x'.repeat(300_000));
  writer.last('\x18unheard');
  expect(writer.busy).toBe(false);
  pty.resume();
  writer.last('\x18heard');
  await eventually('the last words arrived', 10_000, () =>
    received().endsWith('\x18heard') ? Promise.resolve() : Promise.reject(new Error(`${received().length}`)),
  );
  expect(received().length).toBeLessThan(300_000);
});

test('a line that was closed is told once', async () => {
  const { writer, pty, closed } = await openLine();
  (pty as unknown as { destroy(): void }).destroy();
  await eventually('it is told', 10_000, () => {
    writer.write('x');
    return closed() > 0 ? Promise.resolve() : Promise.reject(new Error('still open'));
  });
  writer.write('y');
  writer.last('z');
  expect(closed()).toBe(1);
});
