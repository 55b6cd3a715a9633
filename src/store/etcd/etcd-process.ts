/**
 * One etcd process of the host: start it so that it outlives the agent, find it again, end it. Used by
 * supervisor.ts only. A process is known by its pid and start time, so a reused pid is never mistaken for it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { open, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../../base/clock.ts';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import { defaults } from '../../model/defaults.ts';
import { etcdDataFolder } from '../core/etcd-args.ts';
import type { EtcdExit } from '../core/etcd-exit.ts';
import { parseCmdline, parseStat } from '../core/proc.ts';
import { etcdLogPath } from './etcd-log-file.ts';

export interface EtcdProcess {
  readonly pid: number;
  readonly startTime: number;
  /** The options it runs with, as the kernel knows them. */
  readonly args: readonly string[];
  /** How it ended, when it is our child; an adopted process is asked for by `isAlive`. */
  readonly ended: Promise<EtcdExit> | undefined;
}

const pidFileSchema = z.object({ pid: z.number().int(), startTime: z.number(), args: z.array(z.string()) });

const pidFile = (dataDir: string): string => `${dataDir}/etcd.pid.json`;

/** True while the very process lives; a zombie does not. */
export function isAlive(process: Pick<EtcdProcess, 'pid' | 'startTime'>): boolean {
  const stat = statOf(process.pid);
  return stat !== undefined && !stat.dead && stat.startTime === process.startTime;
}

function statOf(pid: number): ReturnType<typeof parseStat> {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    // The folder is gone with the process; there is no other way to ask.
    return undefined;
  }
}

/**
 * The living etcd of this data folder: the one in the pid file, else any of this host that was started on
 * the folder (an agent may have died between starting etcd and writing the file).
 */
export async function findEtcd(binary: string, dataDir: string): Promise<EtcdProcess | undefined> {
  const noted = await readPidFile(dataDir);
  if (noted && isAlive(noted)) {
    const found = await inspect(noted.pid, binary, dataDir);
    if (found) return found;
  }
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const found = await inspect(Number(entry), binary, dataDir);
    if (found) {
      await writePidFile(dataDir, found);
      return found;
    }
  }
  return undefined;
}

async function inspect(pid: number, binary: string, dataDir: string): Promise<EtcdProcess | undefined> {
  let words: string[];
  try {
    words = parseCmdline(await readFile(`/proc/${pid}/cmdline`, 'utf8'));
  } catch {
    // It ended while we looked.
    return undefined;
  }
  const [command = '', ...args] = words;
  if (basename(command) !== basename(binary)) return undefined;
  if (!args.includes(`--data-dir=${etcdDataFolder(dataDir)}`)) return undefined;
  const stat = statOf(pid);
  return stat && !stat.dead ? { pid, startTime: stat.startTime, args, ended: undefined } : undefined;
}

/**
 * Starts etcd in a session of its own, its output in etcd.log.
 * Throws `InvalidConfig` when the binary is missing or cannot be run.
 */
export async function spawnEtcd(
  binary: string,
  dataDir: string,
  args: readonly string[],
): Promise<EtcdProcess> {
  const log = await open(etcdLogPath(dataDir), 'a', 0o600);
  try {
    const child = spawn(binary, [...args], {
      cwd: dataDir,
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      env: environment(),
    });
    const ended = exitOf(child);
    const pid = await pidOf(child, binary);
    // It must not keep the agent alive.
    child.unref();
    const started = { pid, startTime: statOf(pid)?.startTime ?? 0, args, ended };
    await writePidFile(dataDir, started);
    return started;
  } finally {
    await log.close();
  }
}

/** Only what etcd needs: an ETCD_* variable of the agent's own would contradict the options. */
function environment(): Record<string, string> {
  const path = process.env['PATH'] ?? '/usr/bin:/bin';
  // etcd 3.4 refuses to run on other processors than x86-64 unless it is told to.
  return process.arch === 'x64' ? { PATH: path } : { PATH: path, ETCD_UNSUPPORTED_ARCH: process.arch };
}

function exitOf(child: ChildProcess): Promise<EtcdExit> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code: code ?? undefined, killedBy: signal ?? undefined }));
  });
}

function pidOf(child: ChildProcess, binary: string): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('spawn', () => resolve(child.pid ?? 0));
    child.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        new SkepError('InvalidConfig', `cannot run etcd (${binary}): ${explainSpawn(cause)}`, {
          field: 'etcdBinary',
          hint: 'install it: apt-get install etcd-server; or name another binary in the configuration',
          cause,
        }),
      ),
    );
  });
}

function explainSpawn(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return 'there is no such file';
  if (error.code === 'EACCES') return 'it may not be executed';
  return messageOf(error);
}

/** Sends a signal unless the process is gone. */
export function signalEtcd(target: EtcdProcess, name: 'SIGTERM' | 'SIGKILL'): void {
  if (!isAlive(target)) return;
  try {
    process.kill(target.pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

const pollMs = 100;

/** Resolves when it has ended; rejects with the signal's reason. */
export async function waitForEnd(target: EtcdProcess, clock: Clock, signal: AbortSignal): Promise<EtcdExit> {
  if (target.ended) return raceAbort(target.ended, signal);
  while (isAlive(target)) await clock.sleep(pollMs, signal);
  return { code: undefined, killedBy: undefined };
}

async function raceAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const done = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { signal: done.signal });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    done.abort();
  }
}

/** SIGTERM, a wait, SIGKILL. Throws `Unavailable` when even that does not end it. */
export async function endEtcd(target: EtcdProcess, clock: Clock): Promise<void> {
  signalEtcd(target, 'SIGTERM');
  if (await endsWithin(target, defaults.etcdStopMs, clock)) return;
  signalEtcd(target, 'SIGKILL');
  if (await endsWithin(target, defaults.etcdStopMs, clock)) return;
  throw new SkepError('Unavailable', `etcd (pid ${target.pid}) does not end, not even by SIGKILL`, {
    hint: 'the kernel holds it, mostly for a disk that does not answer: look at dmesg',
  });
}

async function endsWithin(target: EtcdProcess, ms: number, clock: Clock): Promise<boolean> {
  const waiting = new AbortController();
  const timer = clock.after(ms, () => waiting.abort());
  try {
    await waitForEnd(target, clock, waiting.signal);
    return true;
  } catch (error) {
    if (waiting.signal.aborted) return false;
    throw error;
  } finally {
    timer.cancel();
  }
}

type PidFile = z.infer<typeof pidFileSchema>;

async function readPidFile(dataDir: string): Promise<PidFile | undefined> {
  try {
    return pidFileSchema.parse(JSON.parse(await readFile(pidFile(dataDir), 'utf8')));
  } catch {
    // Missing at first; half written never; whatever else is in it, the search of /proc decides.
    return undefined;
  }
}

async function writePidFile(dataDir: string, { pid, startTime, args }: EtcdProcess): Promise<void> {
  const text = JSON.stringify({ pid, startTime, args } satisfies Omit<PidFile, 'args'> & {
    args: readonly string[];
  });
  await writeFile(`${pidFile(dataDir)}.new`, `${text}\n`, { mode: 0o600 });
  await rename(`${pidFile(dataDir)}.new`, pidFile(dataDir));
}
