/**
 * What the program as installed loads: `skep ps` from shell to prompt is mostly reading and running modules (DESIGN.md
 * section 5), so what it must not load is held here, where a new import shows, not in a time that depends on the machine.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const script = fileURLToPath(new URL('../../scripts/build.ts', import.meta.url));
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'skep-bundle-test-'));
  execFileSync(process.execPath, [script, '--out', folder], { stdio: ['ignore', 'ignore', 'inherit'] });
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const parts = (): string[] => readdirSync(folder).filter((file) => file.endsWith('.mjs'));

/** The one part that holds this source. */
function partOf(source: string): string {
  const holders = parts().filter((part) => sourcesOf(part).some((each) => each.endsWith(source)));
  expect(holders, source).toHaveLength(1);
  return holders[0] ?? '';
}

const sourcesOf = (part: string): string[] =>
  (JSON.parse(readFileSync(join(folder, `${part}.map`), 'utf8')) as { sources: string[] }).sources;

/** Every source that is loaded with these parts, before anything is imported on demand. */
function loadedWith(first: readonly string[]): string[] {
  const loaded = new Set(first);
  for (const part of loaded) {
    const text = readFileSync(join(folder, part), 'utf8');
    for (const [, file = ''] of text.matchAll(/(?:from|import) ?"\.\/([^"/]+\.mjs)"/g)) loaded.add(file);
  }
  return [...loaded].flatMap(sourcesOf);
}

test('a command on the local socket loads no schemas, no TLS, no WebSockets and nothing of the agent', () => {
  const loaded = loadedWith(['skep.mjs', partOf('src/cli/commands/ps.ts'), partOf('src/api/client.ts')]);
  expect(loaded.filter((source) => source.endsWith('src/cli/session.ts'))).toHaveLength(1);
  expect(loaded.filter((source) => source.includes('node_modules/commander/')).length).toBeGreaterThan(0);
  const packages = loaded.filter((source) => source.includes('node_modules/'));
  expect(packages.filter((source) => !source.includes('node_modules/commander/'))).toEqual([]);
  const heavy = /tls-peer|load-context|x509|src\/(agent|store|scheduler|tui)\//;
  expect(loaded.filter((source) => heavy.test(source))).toEqual([]);
});

test('it has Node run none of its heavier modules, which an ES import of node:http alone would', () => {
  const tell = "process.on('exit', () => console.log(process.moduleLoadList.join(';')))";
  const args = ['--import', `data:text/javascript,${tell}`, join(folder, 'skep.mjs'), 'ps'];
  const env = { ...process.env, SKEP_SERVER: join(folder, 'no.sock'), SKEP_CONTEXT: '' };
  const { stdout, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8', timeout: 60_000 });
  // As far as the connection it got, and no further.
  expect(stderr).toContain('there is no socket');
  const loaded = stdout.trim().split(';');
  expect(loaded).toContain('NativeModule http');
  const heavy = ['http2', 'https', 'tls', 'crypto', 'zlib', 'child_process', 'internal/deps/undici/undici'];
  expect(loaded.filter((name) => heavy.includes(name.replace('NativeModule ', '')))).toEqual([]);
});

test("Node's own modules are never imported with a part as ES modules, which would read all that they export", () => {
  const importing = parts().filter((part) =>
    /(?:from|import) ?["']node:/.test(readFileSync(join(folder, part), 'utf8')),
  );
  expect(importing).toEqual([]);
});
