/** The verbs about access, against a server with TLS: users, contexts, tokens, certificates, audit. */
import { expect, test } from 'vitest';
import { type AccessCluster, accessCluster, contextsIn } from '../../test/kit/access-cluster.ts';
import { addressOf } from './session.ts';

const isRoot = process.getuid?.() === 0;

/** A viewer with the context a, which is chosen, and an operator with b. */
async function aliceAndBob(): Promise<AccessCluster> {
  const cluster = await accessCluster();
  const { skep } = cluster;
  const added = await skep(['user', 'add', 'alice', '--role', 'viewer', '--file', '/home/alice.json'], true);
  expect(added).toMatchObject({ code: 0, err: expect.stringContaining('skep ctx add /home/alice.json') });
  expect(
    await skep(['user', 'add', 'bob', '--role', 'operator', '--file', '/home/bob.json'], true),
  ).toMatchObject({ code: 0 });
  expect(await skep(['ctx', 'add', '/home/alice.json', '--name', 'a'])).toMatchObject({ code: 0 });
  expect(await skep(['ctx', 'add', '/home/bob.json', '--name', 'b'])).toMatchObject({ code: 0 });
  return cluster;
}

test.skipIf(!isRoot)('a user is added, takes the file, and is who the certificate says', async () => {
  const { skep, current } = await aliceAndBob();
  expect(current()).toBe('a');
  expect(await skep(['ps'])).toMatchObject({ code: 0 });
  expect(await skep(['token', 'ls'])).toMatchObject({
    code: 8,
    err: expect.stringContaining('alice (viewer) may not'),
  });
});

test.skipIf(!isRoot)('the flag wins over the variable, and that over what was chosen', async () => {
  const { skep } = await aliceAndBob();
  const whose = async (args: readonly string[], env = {}): Promise<string> =>
    (/skep: (\w+) \(/.exec((await skep([...args, 'token', 'ls'], false, env)).err) ?? [])[1] ?? '';
  expect(await whose([])).toBe('alice');
  expect(await whose([], { SKEP_CONTEXT: 'b' })).toBe('bob');
  expect(await whose(['--context', 'a'], { SKEP_CONTEXT: 'b' })).toBe('alice');
  expect(await skep(['--context', 'c', 'ps'])).toMatchObject({
    code: 3,
    err: expect.stringContaining('there is: a, b'),
  });
});

test.skipIf(!isRoot)('contexts are listed, shown without their key, renamed and removed', async () => {
  const { skep, current, contexts } = await aliceAndBob();
  expect((await skep(['ctx', 'ls'])).out).toMatch(
    /^\* +a +alice +skep-test +in 89d\d+h, renews itself +127\.0\.0\.1:\d+$/m,
  );
  const shown = await skep(['ctx', 'show', 'b']);
  expect(shown.out).toContain('user: bob');
  expect(shown.out).not.toContain('PRIVATE KEY');
  expect(await skep(['ctx', 'rename', 'b', 'a'])).toMatchObject({ code: 4 });
  expect(await skep(['ctx', 'rename', 'a', 'prod'])).toMatchObject({ code: 0 });
  expect(current()).toBe('prod');
  expect(await skep(['ctx', 'use', 'b'])).toMatchObject({ code: 0 });
  expect(await skep(['ctx', 'rm', 'prod'])).toMatchObject({ code: 0 });
  expect([...contexts.keys()]).toEqual(['b']);
  expect(await skep(['ctx', 'use', '../x'])).toMatchObject({ code: 2 });
});

test.skipIf(!isRoot)(
  'tokens and certificates are listed and revoked, and audit tells who did it',
  async () => {
    const { skep } = await aliceAndBob();
    const made = await skep(['token', 'create', '--role', 'cell', '--uses', '3', '--print-join'], true);
    expect(made.out).toMatch(/^SKEP1-[a-z2-7]{52}-[a-z0-9]{8}-[a-z0-9]{26}\n$/);
    expect(made.err).toContain('--server=auto --join 127.0.0.1:');
    const id = made.out.split('-')[2] ?? '';
    expect((await skep(['token', 'ls'], true)).out).toMatch(new RegExp(`^${id} +cell +3 +in `, 'm'));
    expect(await skep(['token', 'revoke', id], true)).toMatchObject({ code: 0 });
    expect(await skep(['token', 'revoke', id], true)).toMatchObject({ code: 3 });
    expect((await skep(['cert', 'ls'], true)).out).toMatch(/^bob +operator +in /m);
    expect(await skep(['user', 'revoke', 'bob'], true)).toMatchObject({ code: 0 });
    expect(await skep(['--context', 'b', 'ps'])).toMatchObject({
      code: 8,
      err: expect.stringContaining('revoked'),
    });
    const audit = await skep(['audit', '--who', 'uid 0', '--utc'], true);
    expect(audit.out).toMatch(/auth\.user +bob: revoked user bob \(by uid 0 \(unix socket\)\)/);
    expect((await skep(['audit', '--who', 'nobody-of-that-name'], true)).err).toContain(
      'Nobody did anything',
    );
  },
);

test('an address of the chosen context is spoken to with its certificate, others without', async () => {
  const context = {
    v: 1,
    user: 'u',
    clusterId: 'c',
    servers: ['10.0.0.1:7400'],
    ca: '-----BEGIN A',
    certificate: '-----BEGIN B',
    key: '-----BEGIN C',
  };
  const kept = new Map([['x', JSON.stringify(context)]]);
  const io = { env: {}, exists: () => true, contexts: contextsIn(kept, 'x') };
  expect(await addressOf({}, io)).toMatchObject({ servers: ['10.0.0.1:7400'] });
  expect(await addressOf({ server: '10.0.0.1' }, io)).toMatchObject({
    servers: ['10.0.0.1:7400'],
    tls: expect.anything(),
  });
  expect(await addressOf({ server: '127.0.0.1:7400' }, io)).toEqual({ baseUrl: 'http://127.0.0.1:7400' });
  expect(await addressOf({ server: 'https://10.0.0.9:7400' }, io)).toMatchObject({
    servers: ['10.0.0.9:7400'],
  });
  expect(await addressOf({ server: '10.0.0.9', context: 'x' }, io)).toMatchObject({
    servers: ['10.0.0.9:7400'],
  });
  expect(await addressOf({ server: '/run/s.sock' }, io)).toEqual({ socketPath: '/run/s.sock' });
  await expect(addressOf({ server: 'https://a' }, { ...io, contexts: contextsIn(kept) })).rejects.toThrow(
    /needs a context/,
  );
});
