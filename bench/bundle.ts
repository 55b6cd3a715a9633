/** The program as it is installed: one bundle on the pinned Node, for benchmarks of what a user feels. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../test/kit/e2e-cluster.ts';

export interface Bundle {
  /** Node and the bundle. */
  readonly program: readonly string[];
  /** Where the launcher lets Node keep compiled code. */
  readonly cacheFolder: string;
  remove(): void;
}

export async function buildBundle(): Promise<Bundle> {
  const folder = mkdtempSync(join(tmpdir(), 'skep-bundle-'));
  const script = fileURLToPath(new URL('../scripts/build.ts', import.meta.url));
  const built = await run(process.execPath, [script, '--out', folder], { deadlineMs: 120_000 });
  if (built.code !== 0) {
    rmSync(folder, { recursive: true, force: true });
    throw new Error(`the bundle could not be built: ${built.stderr}`);
  }
  return {
    program: [process.execPath, join(folder, 'skep.mjs')],
    cacheFolder: join(folder, 'cache'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
