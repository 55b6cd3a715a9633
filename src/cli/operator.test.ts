/** What a tired operator sees: warnings, refusals and exit statuses that must not mislead. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type ApiServer, startApiServer } from '../../test/kit/api-server.ts';
import { buildActual, buildDesired } from '../../test/kit/builders.ts';
import { type CliOptions, runCli } from '../../test/kit/cli-run.ts';
import type { ProcessGuid } from '../model/ids.ts';
import { encode } from '../store/core/codec.ts';
import { actualKey, desiredKey, root } from '../store/core/keys.ts';

let api: ApiServer;
beforeAll(async () => {
  api = await startApiServer();
});
afterAll(() => api.close());
beforeEach(async () => {
  await api.bbs.deleteRange(root, `${root}~`, { signal: api.signal });
  await api.replica.waitFor(api.bbs.store.revision, 5_000, api.signal);
});

async function skep(args: readonly string[], options: CliOptions = {}) {
  const run = runCli(args, { server: api.socketPath, ...options });
  const code = await run.code;
  return { code, out: run.out.text, err: run.err.text };
}

async function seedLrp(guid: string): Promise<void> {
  const actual = buildActual({ guid, index: 0, state: 'RUNNING', cellId: 'c-1', routable: true });
  await api.seed({
    puts: [
      { key: desiredKey(guid as ProcessGuid), value: encode(buildDesired({ guid, instances: 1 })) },
      { key: actualKey(guid as ProcessGuid, 0), value: encode(actual) },
    ],
  });
}

test('what a server without quorum answers is said to be old, once, on standard error', async () => {
  await seedLrp('web');
  api.bbs.setAvailable(false);
  try {
    const { code, out, err } = await skep(['ps', 'web']);
    expect({ code, lines: out.split('\n').length }).toEqual({ code: 0, lines: 3 });
    expect(err.match(/what is shown may be old/g)).toHaveLength(1);
    const status = await skep(['status']);
    expect(status.err).toBe('');
    expect(status.out.match(/may be old/g)).toHaveLength(1);
  } finally {
    api.bbs.setAvailable(true);
  }
  await expect.poll(async () => (await skep(['ps', 'web'])).err, { timeout: 5_000 }).toBe('');
});
