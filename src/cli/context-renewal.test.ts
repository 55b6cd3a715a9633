/** Contexts that renew themselves, and the verbs that change the authorities, against a server with TLS. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli } from '../../test/kit/cli-run.ts';
import { startTlsServer, type TlsServer } from '../../test/kit/tls-server.ts';
import { advanceRotation } from '../api/handlers/auth/rotation.ts';
import { systemRng } from '../base/node/system-rng.ts';
import { certificateFacts, certificatesIn } from '../base/node/x509-facts.ts';
import { trustConfirmationPrefix } from '../store/core/keys.ts';
import { type Context, contextSchema } from './core/context.ts';
import type { ContextFiles } from './io.ts';

let server: TlsServer;
const isRoot = process.getuid?.() === 0;
const written = new Map<string, string>();
const kept = new Map<string, string>();
const contexts: ContextFiles = {
  list: () => [...kept.keys()].sort(),
  read: (name) => kept.get(name),
  write: (name, text) => void kept.set(name, text),
  remove: (name) => void kept.delete(name),
  current: undefined,
  use: () => undefined,
};
const signal = new AbortController().signal;

async function put(key: string, value: object): Promise<void> {
  const [outcome] = await server.bbs.commit(
    [{ compare: [], puts: [{ key, value: JSON.stringify(value) }] }],
    {
      signal,
    },
  );
  if (outcome?.committed) await server.replica.waitFor(outcome.revision, 5_000, signal);
}

beforeAll(async () => {
  server = await startTlsServer();
  const { address: apiAddress } = server.listening;
  const startedAt = server.clock.now();
  const record = { v: 1, server: 'host-a', apiAddress, memberId: 'm', version: '1', startedAt };
  await put('/skep/v1/server/host-a', record);
});
afterAll(() => server.close());

async function skep(args: readonly string[], isLocal = false) {
  const cli = runCli(args, { contexts, written, ...(isLocal ? { server: server.socketPath } : {}) });
  const code = await cli.code;
  return { code, out: cli.out.text, err: cli.err.text };
}

async function userWith(name: string, more: readonly string[] = []): Promise<Context> {
  const file = `/home/${name}.json`;
  const added = await skep(['user', 'add', name, '--role', 'viewer', '--file', file, ...more], true);
  expect(added).toMatchObject({ code: 0 });
  kept.set(name, written.get(file) ?? '');
  return contextOf(name);
}

const contextOf = (name: string): Context => contextSchema.parse(JSON.parse(kept.get(name) ?? ''));
const ps = (name: string) => skep(['--context', name, 'ps']);

test.skipIf(!isRoot)(
  'a context past two thirds of its life has another certificate after a command',
  async () => {
    const before = await userWith('ada');
    expect(before.renewAt).toBeGreaterThan(Date.now() + 59 * 86_400_000);
    await ps('ada');
    expect(contextOf('ada')).toEqual(before);
    kept.set('ada', JSON.stringify({ ...before, renewAt: Date.now() - 1 }));
    const run = await ps('ada');
    expect(run).toMatchObject({ code: 0, err: expect.not.stringContaining('renewed') });
    const after = contextOf('ada');
    expect(after.key).not.toBe(before.key);
    expect(certificateFacts(after.certificate)).toMatchObject({
      identity: { name: 'ada', roles: ['viewer'] },
    });
    expect(after.renewAt).toBeGreaterThan(Date.now());
    expect(run.out + run.err).not.toContain('PRIVATE KEY');
    expect(await ps('ada')).toMatchObject({ code: 0 });
  },
);

test.skipIf(!isRoot)('who was revoked meanwhile is refused, with what to do', async () => {
  const before = await userWith('eve');
  kept.set('eve', JSON.stringify({ ...before, renewAt: Date.now() - 1 }));
  expect(await skep(['user', 'revoke', 'eve'], true)).toMatchObject({ code: 0 });
  expect(await ps('eve')).toMatchObject({ err: expect.stringMatching(/was revoked at/) });
  expect(contextOf('eve').certificate).toBe(before.certificate);
});

test.skipIf(!isRoot)('access for a time is not prolonged by a change of the authorities', async () => {
  const ada = contextOf('ada');
  const guest = await userWith('guest', ['--ttl', '8h']);
  expect(guest.renewAt).toBeUndefined();
  expect(await skep(['cert', 'rotate-ca', 'finish'], true)).toMatchObject({ code: 4 });
  expect(await skep(['cert', 'rotate-ca', 'start'], true)).toMatchObject({ code: 0 });
  expect((await skep(['cert', 'rotate-ca', 'status'], true)).out).toMatch(
    /Phase: +spread[^]*Waits for: +host-a/,
  );
  for (const name of ['ada', 'guest']) expect(await ps(name)).toMatchObject({ code: 0 });
  const renewed = contextOf('guest');
  expect(renewed.trust).toBe(1);
  expect(certificatesIn(renewed.ca)).toHaveLength(2);
  expect(Math.abs((renewed.endsAt ?? 0) - (guest.endsAt ?? 0))).toBeLessThan(2_000);
  expect(contextOf('ada').certificate).not.toBe(ada.certificate);
});

test.skipIf(!isRoot)(
  'a change goes on by what hosts confirm, once, and finish waits for them',
  async () => {
    const going = { bbs: server.bbs, clock: server.clock, rng: systemRng };
    const advance = () => advanceRotation(going, server.replica.state, 'host-a', signal);
    const confirm = (epoch: number) =>
      put(`${trustConfirmationPrefix}host-a`, { v: 1, name: 'host-a', epoch, at: 1 });
    expect(await advance()).toBe(false);
    await confirm(1);
    expect(await Promise.all([advance(), advance()])).toContain(true);
    const status = async () =>
      JSON.parse((await skep(['cert', 'rotate-ca', 'status', '-o', 'json'], true)).out);
    expect(await status()).toMatchObject({
      phase: 'reissue',
      epoch: 2,
      users: ['ada', 'guest'],
      waitsFor: ['host-a'],
    });
    const refused = await skep(['cert', 'rotate-ca', 'finish'], true);
    expect(refused).toMatchObject({ code: 4, err: expect.stringContaining('still used by host-a') });
    await server.clock.advance(1_000);
    await ps('ada');
    expect(await status()).toMatchObject({ users: ['guest'] });
    expect((await skep(['cert', 'ls'], true)).out).toMatch(/^ada .*newer/m);
    expect(await skep(['cert', 'rotate-ca', 'abort'], true)).toMatchObject({ code: 0 });
    expect(await status()).toMatchObject({ phase: 'reissue', epoch: 3, isBack: true });
    expect((await skep(['token', 'create', '--role', 'cell'], true)).code).toBe(0);
    const forced = await skep(['cert', 'rotate-ca', 'finish', '--force'], true);
    expect(forced).toMatchObject({ code: 0, err: expect.stringContaining('ada') });
    expect(await status()).toMatchObject({ phase: 'retire', epoch: 4, next: 'wait' });
    await confirm(4);
    expect(await advance()).toBe(true);
    expect(await status()).toMatchObject({ phase: 'steady', epoch: 4, waitsFor: [] });
    expect((await skep(['audit', '--since', '1h'], true)).out).toContain('auth.rotation');
  },
  30_000,
);
