/** `skep debug state`, in this process, against an API with a store in memory. */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ApiServer, startApiServer } from '../../../test/kit/api-server.ts';
import { buildDesired } from '../../../test/kit/builders.ts';
import { type CliOptions, runCli } from '../../../test/kit/cli-run.ts';
import { dumpPages } from '../../../test/kit/load-dump.ts';
import type { ProcessGuid } from '../../model/ids.ts';
import { encode } from '../../store/core/codec.ts';
import { desiredKey } from '../../store/core/keys.ts';

let api: ApiServer;
let folder: string;
beforeAll(async () => {
  api = await startApiServer();
  folder = mkdtempSync(join(tmpdir(), 'skep-debug-'));
  const guids = ['a', 'b', 'c'].map((guid) => guid as ProcessGuid);
  const puts = guids.map((guid) => ({ key: desiredKey(guid), value: encode(buildDesired({ guid })) }));
  await api.seed({ puts });
});
afterAll(async () => {
  await api.close();
  rmSync(folder, { recursive: true });
});

async function skep(args: readonly string[], options: CliOptions = {}) {
  const run = runCli(['debug', 'state', ...args], { server: api.socketPath, ...options });
  return { code: await run.code, out: run.out.text, err: run.err.text };
}

const keysOf = (text: string): string[] => dumpPages(text).flatMap(({ rows }) => rows.map(({ key }) => key));
const wanted = ['a', 'b', 'c'].map((guid) => desiredKey(guid as ProcessGuid));

test('writes to a pipe, and says on standard error what it holds', async () => {
  const { code, out, err } = await skep([]);
  expect({ code, keys: keysOf(out) }).toEqual({ code: 0, keys: wanted });
  expect(err).toMatch(/^3 records of revision \d+; environments/);
});

test('writes a new file for its owner alone, and never over one that there is', async () => {
  const path = join(folder, 'dump.jsonl');
  expect(await skep([path])).toMatchObject({ code: 0, out: '' });
  expect(keysOf(readFileSync(path, 'utf8'))).toEqual(wanted);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const again = await skep([path]);
  expect(again.code).toBe(2);
  expect(again.err).toMatch(/there is such a file already/);
  expect((await skep([join(folder, 'no/such/folder')])).err).toMatch(/ENOENT/);
});

test('prints no secrets on a terminal', async () => {
  const { code, out, err } = await skep([], { terminal: true });
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toMatch(/name a file: skep debug state/);
});
