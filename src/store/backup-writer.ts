/**
 * Pages of records → the bytes of a backup file (core/backup-format.ts), with backpressure: the store is read no
 * faster than the bytes are taken. Used by the keeper, which writes them to a disk, and by the API, which sends them.
 */
import { createHash, type Hash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress } from 'node:zlib';
import {
  type BackupHeader,
  backupMagic,
  belongsInBackup,
  kindOf,
  recordLine,
  unsignedText,
} from './core/backup-format.ts';
import type { RecordPage } from './record-pages.ts';

export type BackupOrigin = Omit<BackupHeader, 'revision' | 'compression'>;

/** Level 3: the records of 250,000 instances become 1.8 MB; reading them from etcd takes far longer than this. */
const zstdLevel = 3;

/** Throws what reading the pages throws. */
export async function* backupBytes(
  pages: AsyncIterable<RecordPage>,
  origin: BackupOrigin,
): AsyncGenerator<Uint8Array> {
  const reader = pages[Symbol.asyncIterator]();
  try {
    const first = await reader.next();
    if (first.done === true) return;
    const { clusterId, server, version, at } = origin;
    const { revision } = first.value;
    const header: BackupHeader = { clusterId, server, version, at, revision, compression: 'zstd' };
    const hash = createHash('sha256');
    yield hashed(hash, Buffer.from(`${backupMagic}${JSON.stringify(header)}\n`));
    const tally = newTally();
    let bodyBytes = 0;
    for await (const chunk of compressed(lines(first.value, reader, tally))) {
      bodyBytes += chunk.length;
      yield hashed(hash, chunk);
    }
    yield hashed(hash, Buffer.from('\n'));
    const unsigned = { ...tally, bodyBytes };
    const sha256 = hash.update(unsignedText(unsigned)).digest('hex');
    yield Buffer.from(`${JSON.stringify({ ...unsigned, sha256 })}\n`);
  } finally {
    await reader.return?.();
  }
}

function hashed(hash: Hash, bytes: Uint8Array): Uint8Array {
  hash.update(bytes);
  return bytes;
}

interface Tally {
  records: number;
  readonly counts: Record<string, number>;
  readonly leftOut: Record<string, number>;
}

const newTally = (): Tally => ({ records: 0, counts: {}, leftOut: {} });

async function* lines(
  first: RecordPage,
  rest: AsyncIterator<RecordPage>,
  tally: Tally,
): AsyncGenerator<string> {
  for (let page: RecordPage | undefined = first; page !== undefined; page = await nextOf(rest)) {
    let text = '';
    for (const record of page.records) {
      const kind = kindOf(record.key);
      const counted = belongsInBackup(record) ? tally.counts : tally.leftOut;
      counted[kind] = (counted[kind] ?? 0) + 1;
      if (counted === tally.leftOut) continue;
      tally.records += 1;
      text += recordLine(record);
    }
    if (text !== '') yield text;
  }
}

async function nextOf(pages: AsyncIterator<RecordPage>): Promise<RecordPage | undefined> {
  const next = await pages.next();
  return next.done === true ? undefined : next.value;
}

async function* compressed(text: AsyncIterable<string>): AsyncGenerator<Buffer> {
  const params = { [constants.ZSTD_c_compressionLevel]: zstdLevel };
  const compressor = createZstdCompress({ params });
  const feeding = pipeline(Readable.from(text), compressor);
  // Told by the compressor too, which is what the loop below waits for.
  feeding.catch(() => undefined);
  for await (const chunk of compressor as AsyncIterable<Buffer>) yield chunk;
  await feeding;
}
