/**
 * The installer of this host: install.sh of the release that runs, started so that it outlives the agent that it
 * restarts: as a unit of its own under systemd, else in a session of its own. It writes its output and exit status
 * into files, which this agent, or the one that it starts, reads. Built by the composition roots.
 */
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { UpgradeReport } from '../../api/core/upgrade-shapes.ts';
import { type Clock, withDeadline } from '../../base/clock.ts';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import type { Installer, InstallerAction } from '../installer.ts';

/** Far more than any takes; then it hangs. */
const runDeadlineMs = 15 * 60_000;
const pollMs = 200;
const reportLines = 40;
const lineChars = 500;
const unit = 'skep-upgrade';

/** `$0` is the folder, the rest are the words of install.sh. */
const script = [
  'sh "$@" >"$0/log" 2>&1 </dev/null',
  'echo $? >"$0/status.new"',
  'rm -f "$0/incoming.run" "$0/running"',
  'mv "$0/status.new" "$0/status"',
].join('; ');

/** What of the environment says where this installation is, and not what was asked for when it was made. */
const kept = [
  'PATH',
  'HOME',
  'DOCKER_HOST',
  'SKEP_INSTALL_ROOT',
  'SKEP_INSTALL_PORT_BASE',
  'SKEP_INSTALL_INIT',
];

export interface ReleaseInstallerOptions {
  /** install.sh beside the program that runs. */
  readonly script: string;
  /** Where a release file is kept until it is installed, with log and status. */
  readonly folder: string;
  readonly clock: Clock;
}

/** Undefined where the program was not set up by install.sh. */
export function releaseInstaller(options: ReleaseInstallerOptions): Installer | undefined {
  if (!existsSync(options.script)) return undefined;
  const { folder, clock } = options;
  return {
    receive: (chunks, announced) => receive(folder, chunks, announced),
    async run(action, signal) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await refuseSecond(folder);
      await rm(join(folder, 'status'), { force: true });
      await (await open(join(folder, 'running'), 'w')).close();
      await launch(folder, [options.script, ...words(action, folder)]);
      return await ended(folder, clock, signal);
    },
    async last(signal) {
      if (existsSync(join(folder, 'status')) || existsSync(join(folder, 'running'))) {
        return await ended(folder, clock, signal);
      }
      throw new SkepError('ResourceNotFound', 'nobody has upgraded this host through its agent yet');
    },
  };
}

function words(action: InstallerAction, folder: string): string[] {
  const file = ['--from-file', join(folder, 'incoming.run'), '--yes'];
  switch (action) {
    case 'install':
      return file;
    case 'check':
      return ['--check', ...file];
    case 'rollback':
      return ['--rollback', '--yes'];
  }
}

async function receive(
  folder: string,
  chunks: AsyncIterable<Uint8Array>,
  { bytes, sha256 }: { readonly bytes: number; readonly sha256: string },
): Promise<void> {
  const path = join(folder, 'incoming.run');
  const hash = createHash('sha256');
  let left = bytes;
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const file = await open(path, 'w', 0o600);
    try {
      for await (const chunk of chunks) {
        hash.update(chunk);
        await file.writeFile(chunk);
        left -= chunk.length;
        if (left <= 0) break;
      }
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    await rm(path, { force: true });
    throw new SkepError(
      'InsufficientResources',
      `the release cannot be kept in ${folder}: ${messageOf(error)}`,
      {
        hint: `make room there: df -h ${folder}`,
        cause: error,
      },
    );
  }
  if (left === 0 && hash.digest('hex') === sha256) return;
  await rm(path, { force: true });
  throw new SkepError('InvalidRequest', 'the release file did not arrive as it was announced', {
    hint: 'run the same command again',
  });
}

/** One that was killed leaves its mark; one that works holds install.sh's lock, which refuses a second. */
async function refuseSecond(folder: string): Promise<void> {
  if (!isUnderSystemd() || !existsSync(join(folder, 'running'))) return;
  const isActive = await promisify(execFile)('systemctl', ['is-active', '--quiet', unit]).then(
    () => true,
    () => false,
  );
  if (!isActive) return;
  throw new SkepError('ResourceConflict', 'another upgrade of this host goes on', {
    hint: `see how far it is: ${join(folder, 'log')}`,
  });
}

export const isUnderSystemd = (): boolean =>
  existsSync('/run/systemd/system') && process.env['INVOCATION_ID'] !== undefined;

async function launch(folder: string, args: readonly string[]): Promise<void> {
  const command = ['-c', script, folder, ...args];
  if (isUnderSystemd()) {
    await promisify(execFile)('systemd-run', [
      '--quiet',
      '--collect',
      `--unit=${unit}`,
      'sh',
      ...command,
    ]).catch((error: unknown) => {
      throw new SkepError(
        'InvalidStateTransition',
        `systemd did not start the upgrade: ${messageOf(error)}`,
        {
          hint: 'upgrade this host with install.sh --from-file FILE',
        },
      );
    });
    return;
  }
  const env = Object.fromEntries(kept.map((name) => [name, process.env[name]]));
  const child = spawn('sh', command, { cwd: '/', detached: true, stdio: 'ignore', env });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  child.unref();
}

async function ended(folder: string, clock: Clock, signal: AbortSignal): Promise<UpgradeReport> {
  const late = (): SkepError =>
    new SkepError('Timeout', `install.sh has not ended after ${runDeadlineMs / 60_000} minutes`, {
      hint: `see what it says: ${join(folder, 'log')}`,
    });
  const code = await withDeadline(clock, runDeadlineMs, signal, late, async (inner) => {
    for (;;) {
      const text = await readFile(join(folder, 'status'), 'utf8').catch(() => undefined);
      if (text !== undefined) return Number.parseInt(text, 10);
      await clock.sleep(pollMs, inner);
    }
  });
  const log = await readFile(join(folder, 'log'), 'utf8').catch(() => 'its output is lost');
  const lines = log.split('\n').filter((line) => line.trim() !== '');
  return { code, lines: lines.slice(-reportLines).map((line) => line.slice(0, lineChars)) };
}
