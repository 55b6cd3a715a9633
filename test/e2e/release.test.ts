/** A release file as an operator uses it: refused when it is not right, set up, upgraded, killed, gone back from. */
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Installation, installation } from '../kit/install.ts';
import { type ReleaseFactory, releaseFactory } from '../kit/release.ts';

let here: Installation;
let releases: ReleaseFactory;
let first: string;
let second: string;

/** The release that is in use. */
const current = (): string => basename(readlinkSync(join(here.root, 'opt/skep/current')));
const kept = (): string[] => readdirSync(join(here.root, 'var/lib/skep/releases')).sort();
const left = (): string[] => readdirSync(here.root, { recursive: true, encoding: 'utf8' });

/** @throws when the file is not refused, or anything was changed */
async function refusal(file: string, ...flags: string[]): Promise<string> {
  const result = await here.install(['--from-file', file, ...flags], releases.tiny('script.run'));
  expect(result.code, result.stdout + result.stderr).toBe(5);
  expect(left()).toEqual([]);
  return result.stderr;
}

describe.skipIf(process.getuid?.() !== 0)('a release file', () => {
  beforeAll(async () => {
    releases = releaseFactory();
    first = releases.whole('0.1.1');
    second = releases.whole('0.1.2');
    here = await installation(first);
  }, 300_000);

  afterAll(async () => {
    await here.remove();
    releases.remove();
  });

  it('is plain POSIX sh in front, and says what it is', async () => {
    const script = join(releases.folder, 'front.sh');
    const text = readFileSync(first).subarray(0, 200_000).toString('latin1');
    writeFileSync(script, text.slice(0, text.indexOf('\nmain "$@"\n') + 11));
    execFileSync('shellcheck', ['-e', 'SC2317', script], { stdio: 'pipe' });
    for (const shell of [['dash'], ['bash'], ['busybox', 'ash']]) {
      const [command = '', ...args] = shell;
      expect(execFileSync(command, [...args, first, '--version'], { encoding: 'utf8' })).toBe('0.1.1\n');
    }
    expect(readFileSync(`${first}.sha256`, 'utf8')).toContain(basename(first));
  });

  it('is refused, and nothing changed, when it is damaged, foreign or unsigned', async () => {
    const other = generateKeyPairSync('ed25519').privateKey;
    const flip = (bytes: Buffer): Buffer => {
      bytes[bytes.length - 3] = 0;
      return bytes;
    };
    expect(await refusal(join(releases.folder, 'missing.run'))).toContain('missing.run cannot be read');
    expect(await refusal('/etc/hostname')).toContain('is no release file');
    expect(await refusal(releases.tiny('d.run', { damage: flip }))).toContain('is damaged');
    expect(await refusal(releases.tiny('t.run', { damage: (all) => all.subarray(0, -5) }))).toContain(
      'is damaged',
    );
    expect(await refusal(releases.tiny('k.run', { key: other }))).toContain(
      'is not from the key that is expected',
    );
    expect(await refusal(releases.tiny('u.run', { key: null }))).toContain('is not signed');
  });

  it('tells everything that is wrong at once, and --allow-unsigned lets no bad signature through', async () => {
    const other = generateKeyPairSync('ed25519').privateKey;
    const file = releases.tiny('both.run', { arch: 'mips', key: other });
    const said = await refusal(file, '--allow-unsigned');
    expect(said).toContain('is for linux-mips');
    expect(said).toContain('is not from the key that is expected');
    expect(await refusal(releases.tiny('a.run', { arch: 'mips', key: null }))).toContain('is not signed');
  });

  it('finds the newest for this processor in a folder, and says when there is none', async () => {
    const empty = join(releases.folder, 'empty');
    mkdirSync(empty);
    const none = await here.install(['--offline', empty]);
    expect(none.code).toBe(5);
    expect(none.stderr).toContain('there is no release file for linux-');
    const plan = await here.install(['--offline', releases.folder, '--dry-run']);
    expect(plan.stdout).toContain('would put 0.1.2-');
    expect(left()).toEqual([]);
  });

  it('takes a token from a file or standard input only', async () => {
    expect((await here.install(['cell', '--join', '127.0.0.1:1', '--token', 'SKEP1-a-b'])).code).toBe(2);
    const bad = await here.install(['cell', '--join', '127.0.0.1:1', '--token-file', '/etc/hostname']);
    expect(bad.code).toBe(4);
    expect(bad.stderr).toContain('begin with SKEP1-');
    expect((await here.install(['cell'])).stderr).toContain('--join HOST:7400');
  });

  it('leaves nothing when the disk is full, and says so', async () => {
    const data = join(here.root, 'var/lib/skep');
    mkdirSync(data, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=60m', 'tmpfs', data]);
    try {
      const unfit = await here.install([]);
      expect(unfit.code).toBe(4);
      expect(unfit.stderr).toMatch(/has \d+ MB free/);
      // Another process fills the disk after it was looked at.
      const full = await withCommand('df', 'echo; echo x 9999999 1 9999999 1% /', () => here.install([]));
      expect(full.code, full.stdout + full.stderr).toBe(7);
      expect(full.stderr).toContain('disk');
      expect(existsSync(join(here.root, 'opt/skep/current'))).toBe(false);
      expect(readdirSync(data)).toEqual([]);
    } finally {
      execFileSync('umount', [data]);
      execFileSync('rm', ['-rf', join(here.root, 'var')]);
    }
  });

  it('sets everything up from one file, without a network', async () => {
    const log = join(releases.folder, 'install.log');
    const result = await unshared(() => here.install(['--quiet', '--log', log]));
    expect(result.code, result.stdout + result.stderr).toBe(0);
    expect(result.stdout).toBe('');
    expect(readFileSync(log, 'utf8')).toContain('step 8/8');
    expect((await here.skep('version')).stdout).toContain('server  0.1.1');
    expect(here.processes().join('\n')).toContain('etcd --name=');
  });

  it('killed in any phase of an upgrade leaves a release in use that works, and is gone on from', async () => {
    const [before] = kept();
    const pid = here.agentPid();
    for (const step of [1, 4, 5, 6]) {
      const killed = await here.signalAt(`==> ${step}/8`, 'SIGKILL', [], second);
      expect(killed.killedBy).toBe('SIGKILL');
      // Steps 5 and 6 take milliseconds: the signal may come after the switch. installer-faults.test.ts kills at deeds.
      expect(current()).toMatch(step < 5 ? `${before}` : new RegExp(`^${before}$|^0\\.1\\.2-`));
      expect(here.agentPid()).toBe(pid);
    }
    await here.signalAt('==> 8/8', 'SIGKILL', [], second);
    expect(current()).toContain('0.1.2-');
    expect((await here.skep('--version')).stdout).toContain('0.1.2');
    const result = await here.install([], second);
    expect(result.code, result.stdout + result.stderr).toBe(0);
    expect(result.stdout).toContain('an earlier run was cut short');
    expect((await here.skep('version')).stdout).toContain('server  0.1.2');
  });

  it('goes back on demand, and says when there is nothing to go back to', async () => {
    const settings = join(here.root, 'etc/skep/agent.yaml');
    appendFileSync(settings, 'logLevel: warn\n');
    const installed = join(here.root, 'opt/skep/current/install.sh');
    const result = await here.install(['--rollback'], installed);
    expect(result.code, result.stdout + result.stderr).toBe(0);
    expect((await here.skep('version')).stdout).toContain('server  0.1.1');
    expect(readFileSync(settings, 'utf8')).toContain('logLevel: warn');
    const again = await here.install(['--rollback'], installed);
    expect(again.code).toBe(4);
    expect(again.stderr).toContain('there is no release before 0.1.1-');
  });

  it('goes away by the script that it brought', async () => {
    const copy = join(releases.folder, 'uninstall.sh');
    execFileSync('cp', [join(here.root, 'opt/skep/current/install.sh'), copy]);
    const result = await here.install(['--uninstall', '--purge', '--yes'], copy);
    expect(result.code, result.stdout + result.stderr).toBe(0);
    expect(left()).toEqual([]);
    expect(here.processes()).toEqual([]);
  });

  it('is also the command alone, for an operator of another host', async () => {
    const result = await here.install(['cli'], releases.small('1.0.1'));
    expect(result.code, result.stdout + result.stderr).toBe(0);
    expect((await here.skep('--version')).stdout).toBe('1.0.1\n');
    expect(existsSync(join(here.root, 'etc'))).toBe(false);
    expect(here.processes()).toEqual([]);
  });

  it('keeps the role and three releases, and goes down as it goes up', async () => {
    for (const version of ['1.0.2', '1.0.3', '1.0.4', '1.0.1']) {
      const result = await here.install([], releases.small(version));
      expect(result.code, result.stdout + result.stderr).toBe(0);
    }
    expect((await here.skep('--version')).stdout).toBe('1.0.1\n');
    expect(kept().map((name) => name.slice(0, 5))).toEqual(['1.0.1', '1.0.3', '1.0.4']);
    expect(readFileSync(join(here.root, 'var/lib/skep-install/choices'), 'utf8')).toContain('role\tcli');
  });
});

/** With a command of that name before all others on PATH. */
async function withCommand<T>(name: string, body: string, task: () => Promise<T>): Promise<T> {
  const folder = join(releases.folder, `with-${name}`);
  mkdirSync(folder);
  writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  const path = here.env['PATH'];
  here.env['PATH'] = `${folder}:${path}`;
  try {
    return await task();
  } finally {
    here.env['PATH'] = path;
  }
}

/** Whoever asks for a package or a download is refused. */
async function unshared<T>(task: () => Promise<T>): Promise<T> {
  return await withCommand('apt-get', 'exit 1', () => withCommand('npm', 'exit 1', task));
}
