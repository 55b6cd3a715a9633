/** A release file that is to be sent to hosts: what it says, its length and sum, its bytes. Used by commands/upgrade.ts. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import { parseReleaseHeader, type ReleaseHeader } from '../core/release-header.ts';

const headerBytes = 2_048;
/** One frame of the stream to a host. */
const chunkBytes = 256 * 1_024;

export interface ReleaseFile extends ReleaseHeader {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Throws `InvalidRequest` for a file that is none or cannot be read. */
export async function openReleaseFile(path: string): Promise<ReleaseFile> {
  try {
    const header = parseReleaseHeader(await beginning(path));
    if (header === undefined) throw new Error('it is no release file');
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of chunksOf(path)) {
      hash.update(chunk);
      bytes += chunk.length;
    }
    return { ...header, path, bytes, sha256: hash.digest('hex') };
  } catch (error) {
    throw new SkepError('InvalidRequest', `${path}: ${messageOf(error)}`, {
      field: 'FILE',
      hint: 'name a file that npm run release made: skep-VERSION-linux-ARCH.run',
      cause: error,
    });
  }
}

export function chunksOf(path: string): AsyncIterable<Uint8Array> {
  return createReadStream(path, { highWaterMark: chunkBytes });
}

async function beginning(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headerBytes), 0, headerBytes, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await file.close();
  }
}
