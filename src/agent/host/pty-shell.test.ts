/** Shells on this host for real: their terminal, environment and end. */
import { existsSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { expect, onTestFinished, test } from 'vitest';
import { silentLog } from '../../base/log.ts';
import { systemClock } from '../../base/node/system-clock.ts';
import type { ProcessStream } from '../runtime.ts';
import { type HostCommandFacts, hostCommand } from './host-shell-command.ts';
import { ptyShell } from './pty-shell.ts';

const facts: HostCommandFacts = {
  user: userInfo().username,
  home: '/',
  shell: '/bin/sh',
  language: 'C.UTF-8',
  agentUnit: undefined,
  isUnderSystemd: false,
};

interface Opened {
  readonly shell: ProcessStream;
  readonly life: AbortController;
  /** Everything so far. */
  readonly text: () => string;
  readonly over: Promise<void>;
  type(line: string): Promise<void>;
  /** Resolves with the first group once it has been written. */
  says(pattern: RegExp): Promise<string>;
}

async function open(): Promise<Opened> {
  const life = new AbortController();
  onTestFinished(() => life.abort());
  const openShell = ptyShell({
    clock: systemClock,
    log: silentLog,
    commandOf: (session) => hostCommand(session, facts),
  });
  const shell = await openShell({
    session: 'cell-a.abcdef',
    size: { columns: 91, rows: 31 },
    signal: life.signal,
  });
  let text = '';
  const over = (async () => {
    for await (const { data } of shell.output) text += new TextDecoder().decode(data);
  })();
  return {
    shell,
    life,
    text: () => text,
    over,
    type: (line) => shell.write(new TextEncoder().encode(`${line}\n`)),
    says: (pattern) =>
      expect
        .poll(() => pattern.exec(text)?.[1], { timeout: 10_000 })
        .toBeDefined()
        .then(() => pattern.exec(text)?.[1] ?? ''),
  };
}

const isAlive = (pid: string): boolean =>
  existsSync(`/proc/${pid}/stat`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));

test('it has its size from the first byte, follows a new one, and ends with the status of the shell', async () => {
  const { shell, type, says, over } = await open();
  await type('echo "<$(stty size)>"');
  expect(await says(/<(\d+ \d+)>/)).toBe('31 91');
  await shell.resize({ columns: 70, rows: 20 });
  await type('echo "[$(stty size)]"');
  expect(await says(/\[(\d+ \d+)\]/)).toBe('20 70');
  await type('echo last words; exit 7');
  await over;
  expect(await shell.exitCode).toBe(7);
});

test('nothing of the agent’s environment reaches it', async () => {
  process.env['SKEP_SECRET_OF_TEST'] = 'hidden';
  onTestFinished(() => {
    delete process.env['SKEP_SECRET_OF_TEST'];
  });
  const { type, says, text } = await open();
  await type('env | sort; echo "do""ne<$(cat /proc/self/oom_score_adj)>"');
  expect(await says(/done<(-?\d+)>/)).toBe('0');
  expect(text()).toContain('SKEP_CONSOLE=cell-a.abcdef');
  expect(text()).not.toContain('SKEP_SECRET_OF_TEST');
  expect(text()).not.toContain('NODE_');
});

test('what it began on its terminal ends with it, also what heeds no hang-up', async () => {
  const { type, says, life, over } = await open();
  await type('(trap "" HUP; sleep 1000) & echo "pid<$!>"');
  const stubborn = await says(/pid<(\d+)>/);
  expect(isAlive(stubborn)).toBe(true);
  life.abort();
  await over;
  await expect.poll(() => isAlive(stubborn), { timeout: 10_000 }).toBe(false);
});

test('what holds the terminal in the background does not keep an ended shell open, and is killed', async () => {
  const { shell, type, says, over } = await open();
  await type('(trap "" HUP; sleep 1000) & echo "pid<$!>"');
  const left = await says(/pid<(\d+)>/);
  await type('exit 0');
  await over;
  expect(await shell.exitCode).toBe(0);
  await shell.kill('SIGKILL');
  await expect.poll(() => isAlive(left), { timeout: 10_000 }).toBe(false);
});

test('a lot of output that is read slowly arrives whole', async () => {
  const { shell, type, over, text } = await open();
  await type('stty -echo; for i in 1 2 3 4 5 6 7 8 9; do head -c 20000 /dev/zero | tr "\\0" x; done; exit 3');
  await over;
  expect(await shell.exitCode).toBe(3);
  expect(
    text()
      .match(/x{10,}/g)
      ?.join('').length,
  ).toBe(180_000);
});

test('under systemd it is a unit of its own that ends with the agent’s', () => {
  const command = hostCommand('host.b.x7f3k2', { ...facts, isUnderSystemd: true, agentUnit: 'skep.service' });
  expect(command).toMatchObject({ file: 'systemd-run', unit: 'skep-shell-x7f3k2.service' });
  expect(command.args).toEqual(
    expect.arrayContaining([
      '--pty',
      '--wait',
      '--unit=skep-shell-x7f3k2.service',
      '--property=BindsTo=skep.service',
      '--setenv=SKEP_CONSOLE=host.b.x7f3k2',
    ]),
  );
  expect(command.args.slice(-3)).toEqual(['--', '/bin/sh', '-l']);
});
