/**
 * Files that the kernel makes up when they are read (/proc, cgroups): small, never on a disk, so reading them at once
 * costs a tenth of what asynchronous reading does. Used by the meters of this folder.
 */
import { closeSync, openSync, readSync } from 'node:fs';

/** More than any of these files holds on a host with hundreds of interfaces. */
const buffer = Buffer.allocUnsafe(256 * 1024);

/** The text of one; throws what the system says. */
export function readKernelFile(path: string): string {
  const file = openSync(path, 'r');
  try {
    let length = 0;
    for (;;) {
      const read = readSync(file, buffer, length, buffer.length - length, null);
      length += read;
      if (read === 0 || length === buffer.length) return buffer.toString('utf8', 0, length);
    }
  } finally {
    closeSync(file);
  }
}

/** Whether a read failed because the process or its control group has gone. */
export function hasGone(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ESRCH' || code === 'ENODEV';
}
