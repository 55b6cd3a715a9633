/** The shell of the UI: what it does when its server dies, its line is slow or closed, and what it keeps. */
import { describe, expect, test } from 'vitest';
import { SkepError } from '../../src/base/core/errors.ts';
import { clusterStatus } from '../kit/tui-data.ts';
import { clusterServer, openShell } from '../kit/tui-shell.ts';

const gone = new SkepError('Unavailable', 'connection refused');

test('it is there within the first moment, and names its window', async () => {
  const { clock, terminal } = openShell();
  await clock.advance(100);
  expect(terminal.screenText()).toMatch(/── LRPs[\s\S]*api /);
  expect(terminal.said).toContain('title skep test');
});

test('while nothing happens a frame a second is made, for the ages, and none is asked of a line that is full', async () => {
  const { clock, terminal } = openShell();
  await clock.advance(1_000);
  const before = terminal.frames;
  await clock.advance(60_000);
  expect(terminal.frames - before).toBeLessThanOrEqual(95);
  terminal.stall(true);
  await clock.advance(60_000);
  const stalled = terminal.frames;
  terminal.stall(false);
  await clock.advance(40);
  expect(terminal.frames).toBe(stalled + 1);
});

describe('a server that dies', () => {
  test('is left for another one, which is said; views go on there', async () => {
    const others: ReturnType<typeof clusterServer>[] = [];
    const { clock, terminal, client } = openShell({
      connect(virtual, address) {
        const other = clusterServer(virtual, address);
        other.status = { ...clusterStatus, server: 'host-02' };
        others.push(other);
        return other;
      },
    });
    await clock.advance(3_000);
    client.status = gone;
    client.cut();
    await clock.advance(4_000);
    expect(terminal.screenText()).toContain('now on host-02: host-01 does not answer');
    expect(terminal.screenText()).toMatch(/── LRPs ─/);
    expect(others.reduce((sum, { open }) => sum + open, 0)).toBe(1);
    expect(client.open).toBe(0);
  });

  test('and is the only one: the data stays with its age, and it is back by itself', async () => {
    const { clock, terminal, client } = openShell();
    await clock.advance(3_000);
    client.status = gone;
    client.cut();
    // The views of a server that does not answer break as soon as they are opened.
    const breaking = async (seconds: number): Promise<void> => {
      for (let second = 0; second < seconds; second += 1) {
        await clock.advance(1_000);
        client.cut();
      }
    };
    await breaking(42);
    expect(terminal.screenText()).toMatch(/NO SERVER, data is 4\d ?s old/);
    expect(terminal.screenText()).toMatch(/api +ok/);
    client.status = clusterStatus;
    await clock.advance(6_000);
    expect(terminal.screenText()).not.toContain('NO SERVER');
  });
});

test('another context: all of the one before is closed, the header says where it is, and it leads back', async () => {
  const clients: ReturnType<typeof clusterServer>[] = [];
  const { clock, terminal, client, ended } = openShell({
    contexts: {
      names: ['test', 'staging', 'broken'],
      open(name) {
        if (name === 'broken') throw new SkepError('InvalidConfig', 'context broken cannot be read');
        const first = name === 'test' ? client : clusterServer(clock, `${name}:7400`);
        first.status = { ...clusterStatus, server: `${name}-01` };
        clients.push(first);
        return { first, connect: () => first, context: name };
      },
    },
  });
  await clock.advance(1_000);
  terminal.type(':theme light\r:ctx broken\r');
  await clock.advance(100);
  expect(terminal.screenText()).toContain('context broken cannot be read');
  expect(client.open).toBe(1);
  terminal.type(':cells\r:ctx staging\r');
  await clock.advance(1_000);
  expect(terminal.screenText()).toMatch(/^ staging  !/);
  expect(terminal.screenText()).toMatch(/── LRPs ─/);
  expect(terminal.said).toContain('title skep staging');
  expect(client.open).toBe(0);
  const before = client.calls.length;
  await clock.advance(10_000);
  expect(client.calls.length).toBe(before);
  terminal.type(':messages\r');
  await clock.advance(100);
  expect(terminal.screenText()).toContain('context broken cannot be read');
  terminal.type(':ctx test\r');
  await clock.advance(1_000);
  expect(terminal.screenText()).toMatch(/^ test  !/);
  expect(clients[0]?.open).toBe(0);
  terminal.type(':q\r');
  await expect(ended).resolves.toBe(0);
  await clock.settle();
  expect(clock.pendingTimers).toBe(0);
});

test.each([129, 143])('an end of the line with status %i is the end of the UI', async (exit) => {
  const { clock, terminal, client, ended } = openShell();
  await clock.advance(100);
  terminal.end(exit);
  await expect(ended).resolves.toBe(exit);
  await clock.settle();
  expect(terminal.closed).toBe(true);
  expect(client.open).toBe(0);
  expect(clock.pendingTimers).toBe(0);
});

test('settings that change are kept; what goes wrong with that is said', async () => {
  const kept: string[] = [];
  const { clock, terminal } = openShell({
    remember({ settings }, onProblem) {
      kept.push(settings.theme);
      onProblem('settings are not kept: no space left');
    },
  });
  await clock.advance(100);
  terminal.type(':theme light\r');
  await clock.advance(100);
  expect(kept).toContain('light');
  expect(terminal.screenText()).toContain('no space left');
});

test("what was wrong with the operator's files is said when it opens", async () => {
  const { clock, terminal } = openShell({ problems: ['keys.yaml: describe: no such key'] });
  await clock.advance(100);
  expect(terminal.screenText()).toContain('keys.yaml: describe: no such key');
});

test('the editor has the terminal, and the record that it saved is shown before it counts', async () => {
  const { clock, terminal } = openShell({ editText: (text) => Promise.resolve(`${text}annotation: new\n`) });
  await clock.advance(100);
  terminal.type(':edit web\r');
  await clock.advance(200);
  expect(terminal.said).toContain('lend');
  expect(terminal.screenText()).toContain('web');
});

test('a shell over the whole screen has the terminal byte for byte until it is left', async () => {
  const { clock, terminal } = openShell();
  await clock.advance(100);
  terminal.type(':instances\r');
  await clock.advance(200);
  terminal.type('S');
  await clock.advance(200);
  expect(terminal.said).toContain('handOver');
  expect(terminal.wired).toContain('\u001b[31mred');
  terminal.type('\u001dd');
  await clock.advance(200);
  expect(terminal.screenText()).toMatch(/── instances/);
});
