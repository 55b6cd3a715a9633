/**
 * `skep console` in a real terminal: left, killed, joined again, watched, listed and closed, through a server that is
 * not the instance's own host.
 */
import { hostname } from 'node:os';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { LocalAgent } from '../../src/cli/run/local-cluster.ts';
import { cliProgram } from '../kit/cli-child.ts';
import { type E2eCluster, e2eCluster, eventually, run as runProgram, testImage } from '../kit/e2e-cluster.ts';
import { openTerminal, type TestTerminal } from '../kit/pty.ts';

let cluster: E2eCluster;
let relay: LocalAgent;
let host: LocalAgent;
let far: string;
const terminals: TestTerminal[] = [];

interface Size {
  readonly columns: number;
  readonly rows: number;
}

const call = () => ({ signal: AbortSignal.timeout(20_000), deadlineMs: 15_000 });

beforeAll(async () => {
  cluster = await e2eCluster({ cells: 2, servers: 1, settings: { cell: { hostShell: true } } });
  [relay, host] = cluster.agents as [LocalAgent, LocalAgent];
  const args = ['-n', '2', '--stop-grace', '1s', '-m', '32', '--', 'sleep', '100000'];
  const result = await cluster.skep(['run', 'web', testImage, ...args]);
  expect(result, result.stderr).toMatchObject({ code: 0 });
  const { rows } = await cluster.client().call('listInstances', { query: { guid: 'web' } }, call());
  far = `web/${rows.find((row) => row.cellId === host.name)?.index}`;
}, 120_000);

afterEach(async () => {
  for (const terminal of terminals.splice(0)) await terminal.close();
  for (const { session } of await consoles()) await cluster.skep(['console', 'close', session]);
});

afterAll(() => cluster?.stop(), 60_000);

const open = (args: readonly string[], size?: Size): TestTerminal => openSkep(['console', ...args], size);

function openSkep(args: readonly string[], size: Size = { columns: 80, rows: 24 }): TestTerminal {
  const [command, ...program] = cliProgram;
  const env = { SKEP_SERVER: relay.api };
  const terminal = openTerminal([command, ...program, ...args], { ...size, env });
  terminals.push(terminal);
  return terminal;
}

async function consoles(): Promise<{ session: string; clients: number; target: string }[]> {
  const listed = await cluster.skep(['console', 'ls', '-o', 'json']);
  expect(listed, listed.stderr).toMatchObject({ code: 0 });
  return JSON.parse(listed.stdout) as { session: string; clients: number; target: string }[];
}

/** The one console there is, once so many look at it. */
const untilLookedAt = (clients: number): Promise<{ session: string; target: string }> =>
  eventually(`${clients} clients look at the console`, 20_000, async () => {
    const [only, ...more] = await consoles();
    expect([only?.clients, more]).toEqual([clients, []]);
    return only as { session: string; target: string };
  });

const leftRunning = async (): Promise<string> => {
  const [container] = (await cluster.containers()).filter((one) => one.instance === far);
  return (await runProgram('docker', ['top', container?.id ?? ''], { deadlineMs: 20_000 })).stdout;
};

it('shows the same screen to who comes back after the client was killed', async () => {
  const first = open([far]);
  await first.untilScreen(/\$|#/);
  first.type('stty size\r');
  await first.untilScreen(/24 80/);
  first.type('vi /tmp/kept\r');
  await first.untilScreen(/~/);
  first.type('isome words\u001b');
  const before = await first.untilScreen(/some words[^]*\[Modified\]|some words/);
  process.kill(first.pid, 'SIGKILL');
  await first.ended;
  const { session } = await untilLookedAt(0);
  const again = open(['--session', session]);
  await again.untilScreen(/some words/);
  expect(await again.screen()).toBe(before);
  again.type(':wq\r');
  await again.untilScreen(/# ?$|\$ ?$/);
  again.type('cat /tmp/kept; exit 5\r');
  await again.untilScreen(/some words/);
  expect(await again.ended).toBe(5);
});

it('goes on after Ctrl-] d, can be watched, and ends with Ctrl-] x', async () => {
  const first = open([far, '--', 'sh', '-c', 'echo begun; exec sleep 6611']);
  await first.untilScreen(/begun/);
  first.type('\u001dd');
  expect(await first.ended).toBe(0);
  const { session, target } = await untilLookedAt(0);
  expect(target).toBe(far);
  expect(await first.screen()).toContain(`skep console --session ${session}`);
  const watcher = open(['--session', session, '--watch'], { columns: 100, rows: 30 });
  await watcher.untilScreen(/begun/);
  const again = open(['--session', session]);
  await again.untilScreen(/begun/);
  await untilLookedAt(2);
  again.type('\u001dx');
  await again.untilScreen(/closed by/);
  await watcher.untilScreen(/closed by/);
  await Promise.all([again.ended, watcher.ended]);
  expect(await leftRunning()).not.toContain('6611');
  const events = await cluster.skep(['events', '-o', 'json']);
  expect(events.stdout).toMatch(/console\.opened/);
  expect(events.stdout).toMatch(/console\.resumed/);
  await eventually('the journal has the end', 10_000, async () => {
    const told = await cluster.skep(['events', '-o', 'json']);
    expect(told.stdout).toMatch(
      /"console\.closed"[^]*closed by 127\.0\.0\.1|closed by 127\.0\.0\.1[^]*"console\.closed"/,
    );
  });
});

it('follows the size of the terminal', async () => {
  const terminal = open([far], { columns: 101, rows: 33 });
  await terminal.untilScreen(/\$|#/);
  terminal.type('stty size\r');
  await terminal.untilScreen(/33 101/);
  terminal.resize(60, 20);
  await eventually('the program knows its size', 20_000, async () => {
    terminal.type('stty size\r');
    expect(await terminal.untilScreen(/stty size/)).toMatch(/20 60/);
  });
  terminal.type('exit\r');
  expect(await terminal.ended).toBe(0);
});

it('opens a shell on the host, which is taken up again and told in the journal', async () => {
  const args = ['cell', 'shell', host.name];
  const first = openSkep(args, { columns: 91, rows: 31 });
  await first.untilScreen(/\$|#/);
  first.type('stty size; echo "on $(cat /proc/sys/kernel/hostname) as $(id -u) <${SKEP_CONSOLE}>"\r');
  await first.untilScreen(new RegExp(`31 91[^]*on ${hostname()} as 0 <${host.name}\\.`));
  first.type('\u001dd');
  expect(await first.ended).toBe(0);
  const { session, target } = await untilLookedAt(0);
  expect(target).toBe(host.name);
  const table = await cluster.skep(['console', 'ls']);
  expect(table.stdout).toMatch(/shell on the host/);
  const again = open(['--session', session]);
  await again.untilScreen(/31 91/);
  again.type('exit 6\r');
  expect(await again.ended).toBe(6);
  await eventually('the journal has its end', 20_000, async () => {
    const told = await cluster.skep(['audit', '-o', 'json']);
    expect(told.stdout).toMatch(/a login shell on the host itself/);
    expect(told.stdout).toMatch(new RegExp(`console ${session} ended by itself, status 6`));
  });
});

it('refuses what makes no sense with what to do', async () => {
  const gone = await cluster.skep(['console', 'close', `${host.name}.nosuch`]);
  expect(gone).toMatchObject({ code: 3, stderr: expect.stringContaining('skep console ls') });
  const piped = await cluster.skep(['console', far]);
  expect(piped).toMatchObject({ code: 2, stderr: expect.stringContaining('skep exec NAME -- COMMAND') });
});

it('top shows what cells and instances use, once and live', async () => {
  const cells = await cluster.skep(['top', '--once', '-o', 'json']);
  expect(cells, cells.stderr).toMatchObject({ code: 0 });
  const hosts = JSON.parse(cells.stdout) as { cellId: string; memoryBytes: number; cores: number }[];
  expect(hosts.map(({ cellId }) => cellId).toSorted()).toEqual([relay.name, host.name].toSorted());
  for (const one of hosts) expect(Math.min(one.memoryBytes, one.cores)).toBeGreaterThan(0);
  const instances = await cluster.skep(['top', 'web', '--once', '--sort', 'name', '--no-headers']);
  expect(instances.stdout).toMatch(/^web\/0 .*32M.*\nweb\/1 .*32M/);
  const [command, ...program] = cliProgram;
  const size = { columns: 120, rows: 20, env: { SKEP_SERVER: relay.api } };
  const live = openTerminal([command, ...program, 'top', far], size);
  terminals.push(live);
  await live.untilScreen(new RegExp(`INSTANCE[^]*${far} `));
  live.type('\u0003');
  expect(await live.ended).toBe(130);
});

it('leaves nothing running when the agent of the cell is killed', async () => {
  const terminal = open([far, '--', 'sleep', '6612']);
  await untilLookedAt(1);
  await eventually('it runs', 20_000, async () => expect(await leftRunning()).toContain('6612'));
  await cluster.kill(host, 'SIGKILL');
  await terminal.ended;
  expect(await leftRunning()).toContain('6612');
  cluster.start(host);
  await eventually('it has ended', 30_000, async () => expect(await leftRunning()).not.toContain('6612'));
}, 60_000);
