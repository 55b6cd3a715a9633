/** The program as scripts/build.ts makes it: no node_modules beside it, every part found from any folder. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ApiServer, startApiServer } from '../kit/api-server.ts';

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'skep-build-'));
const verbs = [
  'run',
  'ps',
  'scale',
  'stop',
  'rm',
  'why',
  'task',
  'logs',
  'exec',
  'attach',
  'status',
  'cells',
];
let api: ApiServer;

/** The built program, from a folder that is not its own. */
const skep = async (args: readonly string[]): Promise<string> => {
  const env = { ...process.env, SKEP_SERVER: api.socketPath };
  return (await run(process.execPath, [join(folder, 'skep.mjs'), ...args], { cwd: tmpdir(), env })).stdout;
};

beforeAll(async () => {
  api = await startApiServer();
  await run(process.execPath, [
    fileURLToPath(new URL('../../scripts/build.ts', import.meta.url)),
    '--out',
    folder,
  ]);
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await api.close();
});

test('speaks to a cluster, in every format', async () => {
  expect(await skep(['run', 'web', 'busybox', '-n', '0', '-o', 'name'])).toMatch(/^web\n/);
  expect(await skep(['ps'])).toMatch(/^web +0\/0 +stopped/m);
  expect(JSON.parse(await skep(['ps', '-o', 'json']))).toHaveLength(1);
  expect(await skep(['ps', '-o', 'yaml'])).toMatch(/^- desired:\n/);
  expect(await skep(['events', 'web'])).toMatch(/lrp\.desired/);
});

test.each([...verbs, 'events', 'version', 'agent', 'dev'])('finds the parts of %s', async (verb) => {
  expect(await skep([verb, '--help'])).toContain(`Usage: skep ${verb}`);
});

test('leaves out what only an engine behind SSH would need', () => {
  const parts = readdirSync(folder).filter((file) => file.endsWith('.mjs'));
  const text = parts.map((file) => readFileSync(join(folder, file), 'utf8')).join('');
  expect(text).toContain('docker-modem/lib/modem.js');
  expect(text).not.toContain('ssh2/lib');
});

test('brings what its packages read from disk', () => {
  expect(existsSync(join(folder, `pty-linux-${process.arch}.node`))).toBe(true);
  expect(existsSync(join(folder, 'proto/etcd3/rpc.proto'))).toBe(true);
});
