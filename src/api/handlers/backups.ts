/** The backups that this server keeps: listed, made, removed. The bytes of one are sent by http/backup.ts. */
import { SkepError } from '../../base/core/errors.ts';
import type { Backups, StoredBackup } from '../../store/backup-keeper.ts';
import type { ApiContext, Handler } from '../context.ts';
import type { BackupView } from '../core/backup-shapes.ts';

export const listBackups: Handler<'listBackups'> = async (context) => {
  const backups = await backupsOf(context).list();
  return { server: context.server, rows: backups.map(viewOf) };
};

export const saveBackup: Handler<'saveBackup'> = async (context, _input, { signal }) =>
  viewOf(await backupsOf(context).save({ signal }));

export const removeBackup: Handler<'removeBackup'> = async (context, { params }) => {
  await backupsOf(context).remove(params.name);
  return {};
};

function viewOf({ name, path, bytes, header, trailer, problem }: StoredBackup): BackupView {
  const { at, revision, version } = header ?? {};
  return { name, path, bytes, at, revision, version, records: trailer?.records, problem };
}

/** Throws `Unavailable` where nobody composed a keeper. */
export function backupsOf({ backups, server }: ApiContext): Backups {
  if (backups !== undefined) return backups;
  throw new SkepError('Unavailable', `server ${server} makes no backups`, {
    hint: 'ask another server: --server HOST:PORT',
  });
}
