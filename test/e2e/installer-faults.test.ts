/**
 * install.sh ended by kill -9 before any of its deeds, on a bare host and on one with a release: what ran before runs
 * on, or nothing does; the next run goes on to the same end as one that was never disturbed; and when the next run
 * fails too, all is as before the first. Kills at the last deed of each step, shared out among the tests;
 * SKEP_FAULTS=all: at every deed in each of them (some minutes).
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Installation, installation } from '../kit/install.ts';
import { type Deeds, deeds, shellReleases } from '../kit/shell-release.ts';

const onBare = [1, 2, 4, 5, 6, 7, 8];
/** The command is the same in both releases. */
const onOld = [1, 2, 4, 5, 7, 8];
const isWhole = process.env['SKEP_FAULTS'] === 'all';

let folder: string;
let here: Installation;
let watched: Deeds;
let files: { readonly old: string; readonly next: string; readonly broken: string };

interface Ended {
  readonly code: number | null;
  readonly said: string;
}

/** Runs a release file; it is killed before that deed. */
async function install(file: string, killAt?: number, flags: readonly string[] = []): Promise<Ended> {
  const env = { ...here.env, ...watched.reset(killAt), PATH: `${watched.path}:${here.env['PATH']}` };
  const command = 'DEEDS_GROUP=$$ exec sh "$@"';
  const words = ['-c', `export DEEDS_GROUP; ${command}`, 'sh', file, '--log', watched.log, ...flags];
  const child = spawn('sh', words, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
  }
  const [code] = (await once(child, 'close')) as [number | null];
  await expect.poll(isStarting, { timeout: 30_000 }).toBe(false);
  return { code, said };
}

/** Whether an agent that a killed run began is not there yet: setsid has left the group, and is about to become it. */
function isStarting(): boolean {
  const pidFile = join(here.root, 'run/skep/agent.pid');
  if (!existsSync(pidFile)) return false;
  try {
    const words = readFileSync(`/proc/${here.agentPid()}/cmdline`, 'utf8');
    return words.includes(here.root) && !readlinkSync(`/proc/${here.agentPid()}/exe`).startsWith(here.root);
  } catch {
    // It has ended.
    return false;
  }
}

async function installed(file: string): Promise<void> {
  const { code, said } = await install(file);
  expect(code, said).toBe(0);
}

/** The version that is in use: of the link, and of the agent that runs; undefined when there is none. */
function inUse(): { readonly link: string | undefined; readonly agent: string | undefined } {
  const current = join(here.root, 'opt/skep/current');
  const link = existsSync(current) ? basename(readlinkSync(current)) : undefined;
  const agents = here.processes().filter((words) => words.includes('skep.mjs agent'));
  expect(agents.length).toBeLessThan(2);
  const agent = agents.length === 0 ? undefined : readlinkSync(`/proc/${here.agentPid()}/exe`);
  return { link, agent: agent?.split('/').at(-2) };
}

/** Everything below the root that a run is responsible for, with what is in it. */
function tree(): string[] {
  const paths = readdirSync(here.root, { recursive: true, encoding: 'utf8' });
  return paths
    .filter((path) => !/agent\.(pid|log)$|^var\/lib\/skep\/releases\/.*\/cache/.test(path))
    .map((path) => {
      const full = join(here.root, path);
      const about = lstatSync(full);
      if (about.isSymbolicLink()) return `${path} -> ${readlinkSync(full)}`;
      return about.isFile() && about.size < 20_000 ? `${path}: ${readFileSync(full, 'utf8')}` : path;
    })
    .sort();
}

/**
 * Where a run is killed: deeds of the run before, counted from 1.
 * @param steps those in which that run did anything
 * @param share which of them are this test's, unless all are
 */
function points(steps: readonly number[], share: readonly number[]): number[] {
  const done = watched.done();
  // 0 is before the first step. Step 2 asks for Docker only, and 3 has nothing to do: the release brings an etcd.
  expect([...new Set(done.map(({ step }) => step))]).toEqual([0, ...steps]);
  // The first step leaves nothing, but while it looks whether a folder can be written.
  const probing = done.findIndex(
    ({ command }, at) => command === 'rmdir' && done[at - 1]?.command === 'mkdir',
  );
  return done.flatMap(({ step }, at) => {
    const isLast = share.includes(step) && done[at + 1]?.step !== step;
    const isProbing = at === probing && share.includes(step);
    return isWhole || isLast || isProbing ? [at + 1] : [];
  });
}

/** A whole release: everything that its own list of sums names is there. */
function expectWhole(release: string): void {
  const at = join(here.root, 'var/lib/skep/releases', release);
  const names = readFileSync(join(at, 'SHA256SUMS'), 'utf8').split('\n').filter(Boolean);
  for (const line of names) expect(existsSync(join(at, line.slice(66)))).toBe(true);
}

/** The script holds its lock on /var/lib, so every host has one. */
function bare(): void {
  for (const name of readdirSync(here.root)) rmSync(join(here.root, name), { recursive: true });
  mkdirSync(join(here.root, 'var/lib'), { recursive: true });
}

/** As bare as at first. */
async function removed(): Promise<void> {
  if (inUse().agent !== undefined) process.kill(here.agentPid(), 'SIGKILL');
  await expect.poll(() => here.processes(), { timeout: 10_000 }).toEqual([]);
  bare();
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'skep-faults-'));
  here = await installation();
  bare();
  watched = deeds(folder);
  here.env['PATH'] = `${watched.path}:${here.env['PATH']}`;
  const releases = shellReleases(folder);
  files = {
    old: releases.make('0.1.1'),
    next: releases.make('0.1.2'),
    broken: releases.make('0.1.3', 'exit 1'),
  };
});

afterAll(async () => {
  await here.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** Of one test: with every deed it is some hundred runs. */
const deadlineMs = isWhole ? 3_600_000 : 400_000;

describe.skipIf(process.getuid?.() !== 0)('install.sh killed with kill -9', { timeout: deadlineMs }, () => {
  // One that fails leaves its host in the middle of something.
  beforeEach(removed);

  it('on a bare host: the next run sets up the same as one that nobody disturbed', async () => {
    await installed(files.old);
    const [whole, kills] = [tree(), points(onBare, [1, 5, 8])];
    await removed();
    for (const at of kills) {
      expect((await install(files.old, at)).code, `killed at ${at}`).toBe(null);
      const { link } = inUse();
      if (link !== undefined) expectWhole(link);
      await installed(files.old);
      expect(tree(), `killed at ${at}`).toEqual(whole);
      await removed();
    }
  });

  it('on a bare host, and the next run fails: nothing is left, or what answers already', async () => {
    await installed(files.old);
    const [kills, { link }] = [points(onBare, [4, 6, 7]), inUse()];
    await removed();
    for (const at of kills) {
      await install(files.old, at);
      const isUp = inUse().agent !== undefined;
      const { code, said } = await install(files.broken);
      expect(code, said).toBe(9);
      if (isUp) {
        expect(inUse(), `killed at ${at}`).toEqual({ link, agent: link });
        await removed();
      } else {
        expect(inUse(), `killed at ${at}`).toEqual({ link: undefined, agent: undefined });
        expect(tree(), `killed at ${at}\n${said}`).toEqual(['var', 'var/lib']);
      }
    }
  });

  it('on a host with a release: that one runs on, and the next run upgrades it', async () => {
    await installed(files.old);
    await installed(files.next);
    const [whole, kills] = [tree(), points(onOld, [2, 4, 7])];
    for (const at of kills) {
      await removed();
      await installed(files.old);
      const before = inUse();
      await install(files.next, at);
      const { link, agent } = inUse();
      expectWhole(link ?? '');
      // From the switch on it is being replaced; until then nothing has happened to it.
      if (link === before.link) expect(agent).toBe(before.agent);
      await installed(files.next);
      expect(tree(), `killed at ${at}`).toEqual(whole);
      expect(inUse().agent).toBe(inUse().link);
    }
    await removed();
  });

  it('on a host with a release, and the next run fails: that release runs, and all is as before', async () => {
    await installed(files.old);
    const [before, whole] = [inUse(), tree()];
    await installed(files.next);
    const [kills, after] = [points(onOld, [5, 8]), inUse()];
    await removed();
    await installed(files.old);
    for (const at of kills) {
      await install(files.next, at);
      const isUp = inUse().agent === after.agent;
      const { code, said } = await install(files.broken);
      expect(code, said).toBe(9);
      expect(inUse(), `killed at ${at}\n${said}`).toEqual(isUp ? after : before);
      if (isUp) await installed(files.old);
      else expect(tree(), `killed at ${at}\n${said}`).toEqual(whole);
    }
  });
});

/** Copies of a release file, each with one byte that is not as it was signed, and where that is. */
function damaged(file: string): [where: string, path: string][] {
  const bytes = readFileSync(file);
  const text = bytes.toString('latin1');
  const lines = text.split('\n').slice(1, 11);
  const names = lines.map((line) => line.split(' ')[0] ?? '');
  const ends = names.map((name, at) => text.indexOf(`\n${name} `) + 1 + (lines[at]?.length ?? 0) - 3);
  const length = Number(/^#payload-bytes (\d+)$/m.exec(text)?.[1]);
  const places: [string, number][] = [
    ...names.map((name, at): [string, number] => [name, ends[at] ?? 0]),
    ['the first byte of the archive', bytes.length - length],
    ['the middle of the archive', bytes.length - Math.round(length / 2)],
    ['the last byte', bytes.length - 1],
  ];
  const spoiled = places.map(([where, at]): [string, number, number] => [
    where,
    at,
    bytes[at] === 0x37 ? 0x38 : 0x37,
  ]);
  // 64 bytes end in a character of which two bits count: the next one of the alphabet decodes to the same bytes.
  const last = text.indexOf('==\n', text.indexOf('\n#signature ')) - 1;
  expect('AQgw', 'the last character of the signature').toContain(text[last]);
  spoiled.push(['bits of #signature that mean nothing', last, (bytes[last] ?? 0) + 1]);
  return spoiled.map(([where, at, byte], number) => {
    const copy = Buffer.from(bytes);
    copy[at] = byte;
    const path = join(folder, `damaged-${number}.run`);
    writeFileSync(path, copy);
    return [where, path];
  });
}

describe.skipIf(process.getuid?.() !== 0)(
  'install.sh on a host with a release',
  { timeout: deadlineMs },
  () => {
    it('refuses a file with one wrong byte, wherever it is, and one that is cut off', async () => {
      await installed(files.old);
      const [before, whole] = [inUse(), tree()];
      const cut = join(folder, 'cut.run');
      writeFileSync(cut, readFileSync(files.next).subarray(0, -1));
      for (const [where, path] of [...damaged(files.next), ['the end', cut]] as const) {
        const { code, said } = await install(files.old, undefined, ['--from-file', path]);
        expect(code, `${where}: ${said}`).toBe(5);
        expect(said).toContain('Nothing was changed');
      }
      expect(inUse()).toEqual(before);
      expect(tree()).toEqual(whole);
    });

    it('that goes on from a killed run waits for somebody else who installs packages', async () => {
      await removed();
      await installed(files.old);
      const at = watched.done().findIndex(({ step }) => step === 7) + 1;
      await removed();
      expect((await install(files.old, at)).code).toBe(null);
      const asked = join(folder, 'dpkg-asked');
      // Its lock is held at first; then nothing is left to do.
      const body = [
        '#!/bin/sh',
        'case "$*" in',
        `  --audit) [ -f ${asked} ] || echo 'x is half installed' ;;`,
        `  '--configure -a') touch ${asked}; echo 'lock was locked by another process with pid 1'; exit 2 ;;`,
        '  *) exec /usr/bin/dpkg "$@" ;;',
        'esac',
      ];
      writeFileSync(join(watched.path, 'dpkg'), `${body.join('\n')}\n`, { mode: 0o755 });
      try {
        await installed(files.old);
        expect(existsSync(asked)).toBe(true);
      } finally {
        rmSync(join(watched.path, 'dpkg'));
      }
    });

    it('goes back when the disk fills up meanwhile, and upgrades when there is room again', async () => {
      await removed();
      const disk = join(here.root, 'var/lib');
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', disk]);
      // It fills up after it was looked at.
      writeFileSync(join(watched.path, 'df'), '#!/bin/sh\necho; echo x 9 1 9999999 1% /\n', { mode: 0o755 });
      try {
        await installed(files.old);
        const before = inUse();
        expect(fill(join(disk, 'filler'))).toContain('No space left');
        const { code, said } = await install(files.next);
        expect([1, 7], said).toContain(code);
        expect(said).toContain('disk');
        expect(inUse(), said).toEqual(before);
        rmSync(join(disk, 'filler'));
        await installed(files.next);
      } finally {
        rmSync(join(watched.path, 'df'));
        process.kill(here.agentPid(), 'SIGKILL');
        execFileSync('umount', ['--lazy', disk]);
      }
    });
  },
);

/** Leaves no byte free; what was said then. */
function fill(path: string): string {
  return spawnSync('sh', ['-c', 'head -c 100m /dev/zero >"$1"', 'sh', path], { encoding: 'utf8' }).stderr;
}
