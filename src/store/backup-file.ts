/**
 * A backup file on a disk: written so that it is there whole or not at all, looked at by its two ends, and read
 * record by record with its checksum. Used by the keeper, `skep backup` and the restore.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdDecompress } from 'node:zlib';
import { messageOf, SkepError } from '../base/core/errors.ts';
import {
  type BackupHeader,
  type BackupRecord,
  type BackupTrailer,
  backupFailureSchema,
  backupHeaderSchema,
  backupMagic,
  backupTrailerSchema,
  faultOf,
  parseRecordLine,
  unsignedText,
} from './core/backup-format.ts';

export interface BackupFile {
  readonly path: string;
  readonly bytes: number;
  readonly header: BackupHeader;
  readonly trailer: BackupTrailer;
  /** Where the compressed records begin. */
  readonly bodyFrom: number;
}

/** Either end's line is shorter. */
const endMaxBytes = 16_384;

/**
 * Writes the bytes to `path.partial`, mode 0600, makes them durable, and then gives the file its name. On an error,
 * or when the signal aborts, nothing remains.
 */
export async function writeBackupFile(
  path: string,
  bytes: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  const partial = `${path}.partial`;
  const file = await open(partial, 'w', 0o600);
  try {
    try {
      for await (const chunk of bytes) {
        signal.throwIfAborted();
        await file.appendFile(chunk);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(partial, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/**
 * What the file says of itself, by its two ends. That its records are whole only reading them tells.
 * @throws SkepError `InvalidRequest` for what is no backup, or is one without its end
 */
export async function inspectBackup(path: string): Promise<BackupFile> {
  const file = await openBackup(path);
  try {
    const { size } = await file.stat();
    const head = await readAt(file, 0, Math.min(size, endMaxBytes));
    const tail = await readAt(file, Math.max(0, size - endMaxBytes), Math.min(size, endMaxBytes));
    const { header, bodyFrom } = headOf(head, path);
    const trailerFrom = size - lastLine(tail, path).length;
    const trailer = trailerOf(lastLine(tail, path).toString('utf8'), path);
    if (bodyFrom + trailer.bodyBytes + 1 !== trailerFrom) throw damaged(path, 'a part of it is missing');
    return { path, bytes: size, header, trailer, bodyFrom };
  } finally {
    await file.close();
  }
}

type Handle = Awaited<ReturnType<typeof open>>;

async function openBackup(path: string): Promise<Handle> {
  try {
    return await open(path, 'r');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new SkepError(
      missing ? 'ResourceNotFound' : 'InvalidRequest',
      `${path}: ${missing ? 'there is no such file' : messageOf(error)}`,
      { field: 'file', hint: "'skep backup ls' shows those that a server keeps", cause: error },
    );
  }
}

async function readAt(file: Handle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}

function headOf(head: Buffer, path: string): { header: BackupHeader; bodyFrom: number } {
  const magic = Buffer.from(backupMagic);
  if (!head.subarray(0, magic.length).equals(magic)) {
    const isOther = head.subarray(0, 12).toString('latin1') === backupMagic.slice(0, 12);
    const what = isOther ? 'is a backup of a format that this program does not know' : 'is no backup of Skep';
    const hint = isOther ? 'use the version of skep that wrote it, or a later one' : 'is it the right file?';
    throw new SkepError('InvalidRequest', `${path} ${what}`, { field: 'file', hint });
  }
  const end = head.indexOf(10, magic.length);
  const parsed = backupHeaderSchema.safeParse(json(head.subarray(magic.length, end).toString('utf8')));
  if (end < 0 || !parsed.success) throw damaged(path, 'its header cannot be read');
  return { header: parsed.data, bodyFrom: end + 1 };
}

/** With its line break. */
function lastLine(tail: Buffer, path: string): Buffer {
  const from = tail.lastIndexOf(10, tail.length - 2);
  if (tail.at(-1) !== 10 || from < 0) throw damaged(path, 'its end is missing');
  return tail.subarray(from + 1);
}

function trailerOf(line: string, path: string): BackupTrailer {
  const value = json(line);
  const parsed = backupTrailerSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const failure = backupFailureSchema.safeParse(value);
  throw damaged(path, failure.success ? `the server gave up: ${failure.data.failed}` : 'its end is missing');
}

function json(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The caller says what is wrong with it.
    return undefined;
  }
}

function damaged(path: string, what: string): SkepError {
  return new SkepError('InvalidRequest', `${path} is damaged or was cut off: ${what}`, {
    field: 'file',
    hint: 'it cannot be restored: take another one',
  });
}

/**
 * The records in portions, in order of the key. Whoever reads to the end knows that the file is whole.
 * @throws SkepError `InvalidRequest` at the first sign that it is not; by then some records may have been given out
 */
export async function* readBackup(file: BackupFile): AsyncGenerator<readonly BackupRecord[]> {
  const { path, trailer, bodyFrom } = file;
  const hash = createHash('sha256').update(await headBytes(file));
  const body = createReadStream(path, { start: bodyFrom, end: bodyFrom + trailer.bodyBytes - 1 });
  const tap = new PassThrough();
  tap.on('data', (chunk: Buffer) => void hash.update(chunk));
  const unpacked = createZstdDecompress();
  const unpacking = pipeline(body, tap, unpacked);
  unpacking.catch(() => undefined);
  let records = 0;
  let rest = '';
  const decoder = new TextDecoder('utf-8');
  try {
    for await (const chunk of unpacked as AsyncIterable<Buffer>) {
      const text = rest + decoder.decode(chunk, { stream: true });
      const end = text.lastIndexOf('\n');
      rest = text.slice(end + 1);
      const portion =
        end < 0
          ? []
          : text
              .slice(0, end)
              .split('\n')
              .map((line) => recordOf(line, path));
      records += portion.length;
      if (portion.length > 0) yield portion;
    }
    await unpacking;
  } catch (error) {
    throw error instanceof SkepError ? error : damaged(path, messageOf(error));
  }
  const { sha256, ...unsigned } = trailer;
  const found = hash.update('\n').update(unsignedText(unsigned)).digest('hex');
  if (found !== sha256 || rest !== '' || records !== trailer.records) {
    throw damaged(path, 'its checksum does not fit its content');
  }
}

async function headBytes({ path, bodyFrom }: BackupFile): Promise<Buffer> {
  const handle = await openBackup(path);
  try {
    return await readAt(handle, 0, bodyFrom);
  } finally {
    await handle.close();
  }
}

function recordOf(line: string, path: string): BackupRecord {
  const record = parseRecordLine(line);
  if (record === undefined) throw damaged(path, 'a line of it is no record');
  return record;
}

export interface VerifiedBackup extends BackupFile {
  /** Records that this program cannot read, and why. The file is whole all the same: so they were in the store. */
  readonly corrupt: readonly { readonly key: string; readonly reason: string }[];
}

/**
 * Reads the whole file: its checksum, and every record with the codec.
 * @throws SkepError `InvalidRequest` when it is not what was written
 */
export async function verifyBackup(path: string, signal: AbortSignal): Promise<VerifiedBackup> {
  const file = await inspectBackup(path);
  const corrupt: { key: string; reason: string }[] = [];
  for await (const portion of readBackup(file)) {
    signal.throwIfAborted();
    for (const record of portion) {
      const reason = faultOf(record);
      if (reason !== undefined) corrupt.push({ key: record.key, reason });
    }
  }
  return { ...file, corrupt };
}
