/**
 * What takes long to make and is the same for several test files, made once in a run of `npm test`. Used by release.ts.
 */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const deadlineMs = 300_000;
const pauseMs = 100;

/** The folder that the files of this run share, which goes with the run; a plain `vitest run` has none. */
export function sharedFolder(): string | undefined {
  const run = process.env['SKEP_TEST_RUN'];
  if (run === undefined) return undefined;
  mkdirSync(join(run, 'made'), { recursive: true });
  return join(run, 'made');
}

/**
 * The path of `name` in the folder, which whoever comes first makes; the others wait for it, as long as making it
 * would take them. Nobody sees a half of it.
 * @param make is given an empty folder to fill
 * @throws Error when somebody else makes it and is not done in time; and what `make` throws
 */
export function madeOnce(folder: string, name: string, make: (to: string) => void): string {
  const path = join(folder, name);
  const claim = `${path}.claim`;
  for (let waitedMs = 0; !existsSync(path); waitedMs += pauseMs) {
    if (claimed(claim)) {
      try {
        // It may have come between the two looks.
        if (!existsSync(path)) fill(folder, path, make);
      } finally {
        rmSync(claim, { recursive: true });
      }
    } else if (waitedMs >= deadlineMs) {
      throw new Error(`somebody makes ${path}, and was not done in ${deadlineMs / 1000} s: see ${claim}`);
    } else {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
    }
  }
  return path;
}

function claimed(claim: string): boolean {
  try {
    mkdirSync(claim);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

function fill(folder: string, path: string, make: (to: string) => void): void {
  const half = mkdtempSync(join(folder, '.half-'));
  try {
    make(half);
    renameSync(half, path);
  } finally {
    rmSync(half, { recursive: true, force: true });
  }
}
