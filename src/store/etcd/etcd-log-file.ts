/**
 * etcd's log file: `etcd.log` in the data folder, and one older one beside it. Used by supervisor.ts, which
 * keeps it small and reads its end when etcd dies.
 */
import { copyFile, open, stat, truncate } from 'node:fs/promises';

export const etcdLogPath = (dataDir: string): string => `${dataDir}/etcd.log`;

/** Bytes in the log now; 0 when there is none yet. */
export async function logSize(dataDir: string): Promise<number> {
  try {
    return (await stat(etcdLogPath(dataDir))).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}

/**
 * Moves the content aside when it is over `maxBytes`: copied, then cut, because etcd holds the file open
 * (and appends). Lines written in between are lost. True when it did.
 */
export async function rotateLog(dataDir: string, maxBytes: number): Promise<boolean> {
  if ((await logSize(dataDir)) <= maxBytes) return false;
  const path = etcdLogPath(dataDir);
  await copyFile(path, `${path}.1`);
  await truncate(path, 0);
  return true;
}

const tailBytes = 64 * 1024;

/** The last lines, at most 64 KiB, none from before `fromByte` (unless it was cut since). */
export async function logTail(dataDir: string, fromByte: number): Promise<string> {
  const size = await logSize(dataDir);
  const start = Math.max(size < fromByte ? 0 : fromByte, size - tailBytes);
  if (size <= start) return '';
  const file = await open(etcdLogPath(dataDir), 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}
