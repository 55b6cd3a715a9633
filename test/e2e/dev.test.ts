/** `skep dev` in a terminal: comes up, is driven by the CLI, and leaves nothing behind at Ctrl-C. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { cliProgram } from '../kit/cli-child.ts';
import { ensureTestImage } from '../kit/docker.ts';
import { run, testImage } from '../kit/e2e-cluster.ts';
import { freePorts } from '../kit/ports.ts';
import { openTerminal, type TestTerminal } from '../kit/pty.ts';

let terminal: TestTerminal | undefined;
afterEach(() => terminal?.close());

/** Three free ports in a row, as `skep dev` takes them. */
async function portsInARow(): Promise<number> {
  for (let tries = 0; tries < 20; tries++) {
    const [first = 0, second, third] = await freePorts(3);
    if (second === first + 1 && third === first + 2) return first;
  }
  throw new Error('no three free ports in a row on 127.0.0.1');
}

function dev(port: number): TestTerminal {
  terminal = openTerminal([...cliProgram, 'dev', '--cells', '1', '--port', String(port)], {
    columns: 120,
    rows: 40,
  });
  return terminal;
}

const folderOf = (from: TestTerminal): string => /data in (\/\S+)/.exec(from.output())?.[1] ?? '';

/** Processes of this machine that name the folder on their command lines. */
function processesOf(folder: string): string[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return all.map(commandLine).filter((line) => line.includes(folder));
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

async function expectNothingLeft(folder: string): Promise<void> {
  expect(folder).toMatch(/skep-dev-/);
  expect(existsSync(folder)).toBe(false);
  expect(processesOf(folder)).toEqual([]);
}

describe('skep dev', () => {
  it('runs a cluster until Ctrl-C, however often that is pressed, and takes everything along', async () => {
    await ensureTestImage();
    const port = await portsInARow();
    const shown = dev(port);
    await shown.untilScreen(/Ready: cell-1 127\.0\.0\.1:\d+[\s\S]*export SKEP_SERVER=127\.0\.0\.1:\d+/);
    const [command, ...program] = cliProgram;
    const skep = (...args: string[]) =>
      run(command, [...program, ...args], {
        env: { ...process.env, SKEP_SERVER: `127.0.0.1:${port}` },
        deadlineMs: 60_000,
      });
    const started = await skep('run', 'web', testImage, '-n', '2', '-m', '32', '--', 'sleep', '100000');
    expect(started, started.stderr).toMatchObject({ code: 0 });
    const { clusterId } = JSON.parse((await skep('status', '-o', 'json')).stdout) as { clusterId: string };
    const containers = async () => {
      const label = `label=skep.cluster=${clusterId}`;
      const listed = await run('docker', ['ps', '-aq', '--filter', label], { deadlineMs: 20_000 });
      return listed.stdout.split('\n').filter(Boolean);
    };
    expect(await containers()).toHaveLength(2);
    const folder = folderOf(shown);
    expect(processesOf(folder).length).toBeGreaterThanOrEqual(2);
    shown.type('\u0003');
    await shown.untilScreen(/Stopping/);
    shown.type('\u0003');
    expect(await shown.ended).toBe(0);
    expect(await containers()).toEqual([]);
    await expectNothingLeft(folder);
  });

  it('stops at Ctrl-C while it is coming up', async () => {
    const shown = dev(await portsInARow());
    await shown.untilScreen(/Starting 1 agent /);
    shown.type('\u0003');
    expect(await shown.ended).toBe(0);
    await expectNothingLeft(folderOf(shown));
  });

  it('says which port is taken, and leaves nothing', async () => {
    const port = await portsInARow();
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(port, '127.0.0.1', resolve));
    const shown = dev(port);
    expect(await shown.ended).toBe(1);
    taken.close();
    expect(shown.output()).toContain(`port ${port} on 127.0.0.1 is taken`);
    await expectNothingLeft(folderOf(shown));
  });
});
