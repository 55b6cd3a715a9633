/**
 * Finds the facts that core/host-doctor.ts judges: from /proc, /sys, a few small durable writes, the engine's socket
 * and systemd. Nothing is changed, every question has a deadline, and one that fails spoils no other.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, open, readFile, rm, statfs } from 'node:fs/promises';
import { request } from 'node:http';
import { release } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { withDeadline } from '../../base/clock.ts';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import type { EngineFacts, Found, HostProbe } from '../core/host-doctor.ts';

export interface HostProbeOptions {
  readonly dataDir: string;
  /** The engine's socket, or its address. */
  readonly engine: { readonly socketPath: string } | { readonly host: string; readonly port: number };
  /** Whose limit of open files counts; undefined: this process's. */
  readonly agentPid: number | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const deadlineMs = 5_000;
const bytesPerMb = 1_048_576;
const writes = 24;

/** Never rejects but for the signal. */
export async function probeHost(options: HostProbeOptions): Promise<HostProbe> {
  const { dataDir, engine, agentPid } = options;
  const find = <T>(what: string, work: (signal: AbortSignal) => Promise<T>) => found(options, what, work);
  const [engineFacts, disk, fsyncMs, openFiles, memory, kernel, unit, clockSynchronised] = await Promise.all([
    find('the container engine', (signal) => askEngine(engine, signal)),
    find('the disk', () => askDisk(dataDir)),
    find('durable writes', () => timeWrites(dataDir)),
    find('the limit of open files', () => askOpenFiles(agentPid)),
    find('the memory', askMemory),
    find('the kernel', askKernel),
    find('systemd', askUnit),
    find('the clock', askClock),
  ]);
  return { dataDir, engine: engineFacts, disk, fsyncMs, openFiles, memory, kernel, unit, clockSynchronised };
}

async function found<T>(
  { clock, signal }: HostProbeOptions,
  what: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<Found<T>> {
  const late = (): Error => new SkepError('Timeout', `no answer within ${deadlineMs / 1_000} s`);
  try {
    return { found: await withDeadline(clock, deadlineMs, signal, late, work) };
  } catch (error) {
    signal.throwIfAborted();
    return { missing: `${what}: ${messageOf(error)}` };
  }
}

interface InfoAnswer {
  readonly ServerVersion?: string;
  readonly Driver?: string;
  readonly LiveRestoreEnabled?: boolean;
  readonly CgroupVersion?: string;
  readonly Warnings?: readonly string[] | null;
  /** Podman's. */
  readonly BuildahVersion?: string;
}

async function askEngine(engine: HostProbeOptions['engine'], signal: AbortSignal): Promise<EngineFacts> {
  const info = (await getJson(engine, '/info', signal)) as InfoAnswer;
  const kind = info.BuildahVersion === undefined ? 'docker' : 'podman';
  return {
    name: `${kind} ${info.ServerVersion ?? 'unknown'}`,
    driver: info.Driver ?? 'unknown',
    liveRestore: info.LiveRestoreEnabled === true,
    cgroupVersion: info.CgroupVersion ?? '1',
    warnings: info.Warnings ?? [],
  };
}

function getJson(engine: HostProbeOptions['engine'], path: string, signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const asking = request({ ...engine, path, headers: { host: 'docker' }, agent: false, signal });
    asking.on('error', reject);
    asking.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
      });
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode !== 200)
          return reject(new Error(`it answered with status ${response.statusCode}`));
        try {
          resolve(JSON.parse(text));
        } catch (error) {
          reject(error as Error);
        }
      });
    });
    asking.end();
  });
}

async function askDisk(path: string): Promise<{ freeMb: number; totalMb: number }> {
  const { bavail, blocks, bsize } = await statfs(path);
  return {
    freeMb: Math.floor((bavail * bsize) / bytesPerMb),
    totalMb: Math.floor((blocks * bsize) / bytesPerMb),
  };
}

/** As etcd writes: a few KiB, and then nothing goes on until they are durable. */
async function timeWrites(dataDir: string): Promise<number[]> {
  const folder = await mkdtemp(join(dataDir, '.doctor-'));
  try {
    const file = await open(join(folder, 'probe'), 'w');
    const block = Buffer.alloc(4_096, 1);
    const times: number[] = [];
    try {
      for (let write = 0; write < writes; write++) {
        const before = process.hrtime.bigint();
        await file.write(block);
        await file.datasync();
        times.push(Number(process.hrtime.bigint() - before) / 1e6);
      }
    } finally {
      await file.close();
    }
    return times;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function askOpenFiles(pid: number | undefined): Promise<number> {
  const text = await readFile(`/proc/${pid ?? 'self'}/limits`, 'utf8');
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(text)?.[1];
  if (soft === undefined) throw new Error('the kernel does not tell');
  return soft === 'unlimited' ? Number.MAX_SAFE_INTEGER : Number(soft);
}

async function askMemory(): Promise<{ availableMb: number; totalMb: number }> {
  const text = await readFile('/proc/meminfo', 'utf8');
  const mb = (name: string): number =>
    Math.floor(Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) / 1_024);
  return { availableMb: mb('MemAvailable'), totalMb: mb('MemTotal') };
}

async function askKernel() {
  const filesystems = await readFile('/proc/filesystems', 'utf8');
  const forward = await readFile('/proc/sys/net/ipv4/ip_forward', 'utf8');
  return {
    release: release(),
    overlay: /\boverlay\b/.test(filesystems),
    forwarding: forward.trim() === '1',
    controllers: await controllersOf(),
  };
}

/** Version 2 lists them in one file; version 1 as a table with the last column 1 where it is on. */
async function controllersOf(): Promise<string[]> {
  const unified = await readFile('/sys/fs/cgroup/cgroup.controllers', 'utf8').catch(() => '');
  const table = await readFile('/proc/cgroups', 'utf8').catch(() => '');
  const old = table.split('\n').flatMap((line) => /^(\w+)\s+\d+\s+\d+\s+1$/.exec(line)?.[1] ?? []);
  return [...new Set([...unified.trim().split(/\s+/), ...old])];
}

async function askUnit() {
  const text = await output('systemctl', [
    'show',
    '-p',
    'LoadState,ActiveState,UnitFileState,NRestarts',
    'skep',
  ]);
  const field = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(text ?? '')?.[1] ?? '';
  if (text === undefined || field('LoadState') !== 'loaded') return undefined;
  return {
    active: field('ActiveState'),
    enabled: field('UnitFileState'),
    restarts: Number(field('NRestarts')) || 0,
  };
}

/** By systemd, which asks the kernel; where it cannot be asked, chrony. */
async function askClock(): Promise<boolean> {
  const told = await output('timedatectl', ['show', '-p', 'NTPSynchronized', '--value']);
  if (told !== undefined) return told.trim() === 'yes';
  const chrony = await output('chronyc', ['tracking']);
  if (chrony === undefined) throw new Error('neither timedatectl nor chronyc answers');
  return !/Not synchronised/.test(chrony);
}

/** Undefined when the program is not there or fails: where systemd does not run, that is no finding. */
function output(command: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(command, [...args], { timeout: deadlineMs - 500 }, (error, stdout) =>
      resolve(error === null ? stdout : undefined),
    );
  });
}
