/** Contexts that renew themselves, and the verbs that change the authorities, against a server with TLS. */
import { expect, test } from 'vitest';
import { accessCluster } from '../../test/kit/access-cluster.ts';
import { advanceRotation } from '../api/handlers/auth/rotation.ts';
import { systemRng } from '../base/node/system-rng.ts';
import { certificateFacts, certificatesIn } from '../base/node/x509-facts.ts';
import { trustConfirmationPrefix } from '../store/core/keys.ts';
import { type Context, contextSchema } from './core/context.ts';

const isRoot = process.getuid?.() === 0;
const { signal } = new AbortController();

async function withUsers() {
  const cluster = await accessCluster();
  const { skep, contexts, written } = cluster;
  const contextOf = (name: string): Context => contextSchema.parse(JSON.parse(contexts.get(name) ?? ''));
  const userWith = async (name: string, more: readonly string[] = []): Promise<Context> => {
    const file = `/home/${name}.json`;
    const added = await skep(['user', 'add', name, '--role', 'viewer', '--file', file, ...more], true);
    expect(added).toMatchObject({ code: 0 });
    contexts.set(name, written.get(file) ?? '');
    return contextOf(name);
  };
  return { ...cluster, userWith, contextOf, ps: (name: string) => skep(['--context', name, 'ps']) };
}

test.skipIf(!isRoot)(
  'a context past two thirds of its life has another certificate after a command',
  async () => {
    const { contexts, userWith, contextOf, ps } = await withUsers();
    const before = await userWith('ada');
    expect(before.renewAt).toBeGreaterThan(Date.now() + 59 * 86_400_000);
    await ps('ada');
    expect(contextOf('ada')).toEqual(before);
    contexts.set('ada', JSON.stringify({ ...before, renewAt: Date.now() - 1 }));
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
  const { contexts, skep, userWith, contextOf, ps } = await withUsers();
  const before = await userWith('eve');
  contexts.set('eve', JSON.stringify({ ...before, renewAt: Date.now() - 1 }));
  expect(await skep(['user', 'revoke', 'eve'], true)).toMatchObject({ code: 0 });
  expect(await ps('eve')).toMatchObject({ err: expect.stringMatching(/was revoked at/) });
  expect(contextOf('eve').certificate).toBe(before.certificate);
});

test.skipIf(!isRoot)('access for a time is not prolonged by a change of the authorities', async () => {
  const { skep, userWith, contextOf, ps } = await withUsers();
  const ada = await userWith('ada');
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
    const { server, skep, put, userWith, ps } = await withUsers();
    for (const name of ['ada', 'guest']) await userWith(name);
    expect(await skep(['cert', 'rotate-ca', 'start'], true)).toMatchObject({ code: 0 });
    for (const name of ['ada', 'guest']) expect(await ps(name)).toMatchObject({ code: 0 });
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
