/** `skep backup`: a file with everything that the cluster knows, and the way back from one. */
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Command } from 'commander';
import type { BackupView } from '../../api/core/backup-shapes.ts';
import { backupPath } from '../../api/core/paths.ts';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import { verifyBackup, writeBackupFile } from '../../store/backup-file.ts';
import { escapeText } from '../core/escape.ts';
import { formatAge, plural } from '../core/format.ts';
import { type Column } from '../core/table.ts';
import { withGlobals } from '../flags.ts';
import type { Host } from '../io.ts';
import { confirm } from '../prompt.ts';
import { openSession, printData, printListing, type Session } from '../session.ts';
import { loadAgentConfig } from './agent-config-file.ts';
import { backupTexts } from './backup-texts.ts';
import { printRestoration } from './print-restoration.ts';
import { restore } from './restore.ts';

const saveDeadlineMs = 10 * 60_000;

export function backupCommand(host: Host): Command {
  return new Command('backup')
    .summary('save, verify and restore the state of the cluster')
    .description('Saves, verifies and restores the state of the cluster.')
    .usage('COMMAND [OPTIONS]')
    .addCommand(saveCommand(host))
    .addCommand(listCommand(host))
    .addCommand(verifyCommand(host))
    .addCommand(restoreCommand(host))
    .addCommand(removeCommand(host))
    .addHelpText('after', backupTexts.manual);
}

function saveCommand(host: Host): Command {
  const command = new Command('save')
    .summary('make a backup now')
    .description('Makes a backup now, and reads it back.')
    .argument('[file]', 'where to write it; without one the server keeps it among its own')
    .addHelpText('after', backupTexts.save)
    .action((file: string | undefined) =>
      openSession(host, command, (session) =>
        file === undefined ? saveThere(session) : saveHere(session, file),
      ),
    );
  return withGlobals(command);
}

async function saveThere(session: Session): Promise<number> {
  const { client, signal } = session;
  const saved = await client.call('saveBackup', {}, { signal, deadlineMs: saveDeadlineMs });
  if (session.format === 'table') {
    session.print(
      escapeText(`${plural(saved.records ?? 0, 'record')}, ${sizeOf(saved.bytes)}: ${saved.path}`),
    );
  } else await printData(session, saved);
  return 0;
}

async function saveHere(session: Session, file: string): Promise<number> {
  const path = resolve(file);
  if (existsSync(path)) {
    throw new SkepError('InvalidRequest', `${path}: there is such a file already`, {
      field: 'file',
      hint: 'name a new file',
    });
  }
  await writeBackupFile(
    path,
    session.client.download(backupPath, { signal: session.signal }),
    session.signal,
  ).catch((error: unknown) => {
    if (error instanceof SkepError) throw error;
    const isLost = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const said = isLost ? `there is no folder ${dirname(path)}` : messageOf(error);
    throw new SkepError('InvalidRequest', `${path}: ${said}`, { field: 'file', cause: error });
  });
  const { trailer, bytes, corrupt, header } = await verifyBackup(path, session.signal);
  if (session.format !== 'table') await printData(session, { path, bytes, header, trailer, corrupt });
  else session.print(`${plural(trailer.records, 'record')}, ${sizeOf(bytes)}, read back: ${path}`);
  if (corrupt.length > 0) {
    session.warn(
      `skep: ${plural(corrupt.length, 'record')} cannot be read; skep backup verify ${file} lists them`,
    );
  }
  return 0;
}

function listCommand(host: Host): Command {
  const command = new Command('ls')
    .summary('list the backups that a server keeps')
    .description('Lists the backups that the server which answers keeps on its own disk.')
    .addHelpText('after', backupTexts.list)
    .action(() =>
      openSession(host, command, async (session) => {
        const { server, rows } = await session.client.call('listBackups', {}, { signal: session.signal });
        await printListing(session, {
          columns: columns(session.io.clock.now()),
          rows,
          nameOf: ({ name }) => name,
          none: `server ${escapeText(server)} keeps no backup; the first is made within minutes, or now: skep backup save`,
        });
        return 0;
      }),
    );
  return withGlobals(command);
}

function columns(now: number): Column<BackupView>[] {
  return [
    { title: 'NAME', cell: ({ name }) => name },
    { title: 'AGE', align: 'right', cell: ({ at }) => (at === undefined ? '' : formatAge(at, now)) },
    { title: 'RECORDS', align: 'right', cell: ({ records }) => String(records ?? '') },
    { title: 'REVISION', align: 'right', cell: ({ revision }) => String(revision ?? '') },
    { title: 'SIZE', align: 'right', cell: ({ bytes }) => sizeOf(bytes) },
    { title: 'PATH', wideOnly: true, cell: ({ path }) => path },
    { title: 'STATE', cell: ({ problem }) => problem || 'ok' },
  ];
}

function verifyCommand(host: Host): Command {
  const command = new Command('verify')
    .summary('read a backup file and say what is in it')
    .description('Reads a backup file from its first byte to its last, and says what is in it.')
    .argument('<file>', 'a backup on this machine')
    .addHelpText('after', backupTexts.verify)
    .action((file: string) => openSession(host, command, (session) => verify(session, file)));
  return withGlobals(command);
}

async function verify(session: Session, file: string): Promise<number> {
  const { header, trailer, corrupt, bytes, path } = await verifyBackup(file, session.signal);
  if (session.format !== 'table') await printData(session, { path, bytes, header, trailer, corrupt });
  else {
    const now = session.io.clock.now();
    session.print(`whole: ${sizeOf(bytes)}, ${plural(trailer.records, 'record')}`);
    session.print(
      `cluster   ${escapeText(header.clusterId)}, written by ${escapeText(header.server)}, skep ${escapeText(header.version)}`,
    );
    session.print(
      `made      ${new Date(header.at).toISOString()}, ${formatAge(header.at, now)} ago, revision ${header.revision}`,
    );
    for (const [kind, count] of Object.entries(trailer.counts))
      session.print(`${String(count).padStart(9)} ${escapeText(kind)}`);
  }
  for (const { key, reason } of corrupt)
    session.warn(`skep: cannot be read: ${escapeText(`${key}: ${reason}`)}`);
  return corrupt.length === 0 ? 0 : 1;
}

interface RestoreFlags {
  readonly config?: string;
  readonly dataDir?: string;
  readonly force?: boolean;
  readonly skipCorrupt?: boolean;
}

function restoreCommand(host: Host): Command {
  const command = new Command('restore')
    .summary('found the store of this host anew from a backup')
    .description('Founds the store of this host anew from a backup. Its agent must be stopped.')
    .argument('<file>', 'a backup on this machine')
    .option('--config <file>', "the agent's settings (default: /etc/skep/agent.yaml if it exists)")
    .option('--data-dir <dir>', "the agent's data folder, instead of the one in the settings")
    .option('--skip-corrupt', 'leave out records that cannot be read')
    .option('--force', 'even if this host was in another cluster')
    .addHelpText('after', backupTexts.restore)
    .action((file: string, flags: RestoreFlags) =>
      openSession(host, command, (session) => runRestore(session, file, flags)),
    );
  return withGlobals(command);
}

async function runRestore(session: Session, file: string, flags: RestoreFlags): Promise<number> {
  const { config: path, dataDir, force = false, skipCorrupt = false } = flags;
  const config = loadAgentConfig(path, dataDir === undefined ? {} : { dataDir });
  const done = await restore({
    config,
    file,
    force,
    skipCorrupt,
    signal: session.signal,
    confirm: async ({ header }, hasOldStore) => {
      if (!hasOldStore) return;
      const made = new Date(header.at).toISOString();
      await confirm(
        session,
        `Replace the store of ${config.name} by the state of ${made}? The old one is kept aside.`,
      );
    },
    say: session.note,
  });
  await printRestoration(session, config, done);
  return 0;
}

function removeCommand(host: Host): Command {
  const command = new Command('rm')
    .summary('remove a backup that a server keeps')
    .description('Removes a backup that the server which answers keeps.')
    .argument('<name>', "as 'skep backup ls' shows it")
    .action((name: string) =>
      openSession(host, command, async (session) => {
        await confirm(session, `Remove the backup ${escapeText(name)}?`);
        await session.client.call('removeBackup', { params: { name } }, { signal: session.signal });
        session.note(`${escapeText(name)} is removed.`);
        return 0;
      }),
    );
  return withGlobals(command);
}

const sizeOf = (bytes: number): string =>
  bytes < 1_000_000 ? `${Math.ceil(bytes / 1_000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
