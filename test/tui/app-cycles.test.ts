/**
 * Every page, dialog and pane opened and closed again, many times, through the real shell: run.ts with a terminal
 * and a server in memory, real emulators in the panes. Memory does not grow, and at the end no feed is open and no timer
 * is set.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { openShell } from '../kit/tui-shell.ts';
import type { VirtualClock } from '../kit/virtual-clock.ts';

/** `SKEP_UI_CYCLES=300` for the whole proof, which takes a minute or two. */
const cycles = Number(process.env['SKEP_UI_CYCLES'] || 60);
/** By then everything that is kept on purpose is full: the last messages, the history of commands, caches. */
const measuredFrom = Math.round(cycles / 3);
/** A cycle has 35 openings: half a kilobyte left behind by each of them would be more. */
const growthMaxBytes = (cycles - measuredFrom) * 20_000;

const [escape, prefix] = ['\x1b', '\x1d'];
/** All but the first page itself, the LRPs. */
const lists = ['cells', 'instances web', 'tasks', 'routes', 'events', 'consoles'];
const pages = [
  'pulses',
  'brain',
  'cell host-05',
  'tree',
  'help',
  'messages',
  'logs web',
  'logs payments-worker/18',
];
const about = ['describe web', 'describe host-05', 'yaml web', 'why web/0', 'why payments-worker/36'];
const dialogs = ['scale web', 'restart web', 'stop web', 'delete web', 'drain host-05', 'cordon host-05'];
/** What is typed, step by step, to open something and to be back at the first page. */
const openings: readonly (readonly [open: readonly string[], close: readonly string[]])[] = [
  ...[...lists, ...pages, ...about, ...dialogs].map((line) => [[`:${line}\r`], [escape]] as const),
  [
    [':cell host-05\r', 'R'],
    ['q', 'q'],
  ],
  [
    [':instances web\r', '\r'],
    ['q', 'q'],
  ],
  [
    [':tasks\r', '\r'],
    ['q', 'q'],
  ],
  [
    [':instances web\r', 'C'],
    [escape, 'q'],
  ],
  [['/web\r'], [escape]],
  [
    [':shell web/0\r', 'ls\r'],
    [`${prefix}x`, 'y'],
  ],
  [
    [':shell web/0\r', `${prefix}|`, `${prefix}-`],
    [`${prefix}x`, 'y', `${prefix}x`, 'y', `${prefix}x`, 'y'],
  ],
];

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** After everything that can go has gone. */
async function heapBytes(clock: VirtualClock): Promise<number> {
  for (let times = 0; times < 3; times += 1) {
    await clock.settle();
    collect();
  }
  return process.memoryUsage().heapUsed;
}

test(`${cycles} times all pages, dialogs and panes: memory does not grow, nothing is left`, async () => {
  const { clock, terminal, client, ended } = openShell();
  await clock.advance(100);
  const home = terminal.screenText();
  expect(home).toContain('── LRPs');
  const type = async (steps: readonly string[]): Promise<void> => {
    for (const step of steps) {
      terminal.type(step);
      await clock.advance(50);
    }
  };
  let before = 0;
  const openAtHome = client.open;
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    if (cycle === measuredFrom) before = await heapBytes(clock);
    for (const [open, close] of openings) {
      await type(open);
      const seen = terminal.screenText();
      await type(close);
      if (cycle > 0) continue;
      expect(seen, `${JSON.stringify(open)} opened nothing`).not.toBe(home);
      expect(terminal.screenText(), `${JSON.stringify(open)} stayed open`).toContain('── LRPs');
    }
    expect(client.open).toBe(openAtHome);
    // What the server in memory has heard is no memory of the UI.
    client.calls.splice(0);
  }
  const growth = (await heapBytes(clock)) - before;
  terminal.type(':quit\r');
  await expect(ended).resolves.toBe(0);
  await clock.settle();
  expect(terminal.closed).toBe(true);
  expect(client.open).toBe(0);
  expect(clock.pendingTimers).toBe(0);
  console.info(
    `${cycles} cycles: the heap grew by ${Math.round(growth / 1_024)} KiB from ${measuredFrom} on`,
  );
  expect(growth).toBeLessThan(growthMaxBytes);
}, 240_000);
