/**
 * A cluster with TLS on this machine: founded, joined by a server and a cell with tokens, used by a person with a
 * context; and what must stay shut. Real agents, real etcd, real Docker.
 */
import { readFileSync, statSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { contextSchema } from '../../src/cli/core/context.ts';
import { type CliResult, eventually, run, testImage } from '../kit/e2e-cluster.ts';
import { knock, type TlsAgent, type TlsCluster, tlsCluster } from '../kit/tls-cluster.ts';

let cluster: TlsCluster;
let folder: string;
let ports: TlsCluster['ports'];
let tokens: { server: string; cell: string };

const start = (name: string, address: string, more: readonly string[] = []): TlsAgent =>
  cluster.start(name, address, more);
const skep = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CliResult> =>
  cluster.skep(args, env);

const asPerson = (context: string, args: readonly string[]) =>
  skep(['--context', context, ...args], { SKEP_SERVER: '' });

afterEach(({ task }) => {
  if (task.result?.state === 'fail') cluster?.tell();
});

beforeAll(async () => {
  cluster = await tlsCluster();
  ({ folder, ports } = cluster);
}, 120_000);
afterAll(() => cluster?.close(), 120_000);

test('a server and a cell join with tokens, which are good once', async () => {
  tokens = {
    server: await cluster.token('server', 'token-server'),
    cell: await cluster.token('cell', 'token-cell'),
  };
  const to = ['--join', `127.0.0.1:${ports.api}`];
  start('b', '127.0.0.2', [...to, '--token-file', tokens.server]);
  start('c', '127.0.0.3', [...to, '--server=false', '--token-file', tokens.cell]);
  await eventually('all three are there', 90_000, async () => {
    const { stdout } = await skep(['status']);
    if (!/b +follower/.test(stdout) || !stdout.includes('3 present')) throw new Error(stdout);
  });
  const again = start('d', '127.0.0.3', [...to, '--server=false', '--token-file', tokens.cell]);
  await new Promise((resolve) => again.process?.once('exit', resolve));
  expect(readFileSync(join(again.folder, 'agent.log'), 'utf8')).toContain('used as often as it may be');
}, 180_000);

test('a person with a context does what the role allows, on any server', async () => {
  for (const [name, more] of [
    ['olga', ['--role', 'operator', '--console']],
    ['vera', ['--role', 'viewer']],
  ] as const) {
    const file = join(folder, `${name}.json`);
    expect(await skep(['user', 'add', name, ...more, '--file', file])).toMatchObject({ code: 0 });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(contextSchema.parse(JSON.parse(readFileSync(file, 'utf8'))).servers).toHaveLength(2);
    expect(await skep(['ctx', 'add', file, '--name', name])).toMatchObject({ code: 0 });
  }
  const wanted = [
    'run',
    'web',
    testImage,
    '-n',
    '3',
    '--',
    'sh',
    '-c',
    'while :; do echo alive; sleep 1; done',
  ];
  expect(await asPerson('vera', wanted)).toMatchObject({ code: 8 });
  expect(await asPerson('olga', wanted)).toMatchObject({ code: 0 });
  expect((await asPerson('vera', ['ps', 'web'])).stdout.match(/running/g)).toHaveLength(3);
  expect((await asPerson('vera', ['logs', 'web/0'])).stdout).toContain('alive');
  expect((await asPerson('olga', ['exec', 'web/0', '--', 'echo', 'inside'])).stdout).toContain('inside');
  expect(await asPerson('vera', ['exec', 'web/0', '--', 'echo', 'inside'])).toMatchObject({ code: 8 });
  const { stdout } = await skep(['audit', '--who', 'olga']);
  expect(stdout).toMatch(/lrp\.desired .*web.*olga \(operator\+console, certificate\) from 127\.0\.0\.\d/);
  expect(stdout).toMatch(/console\.entered .*web\/0.*olga/);
}, 180_000);

test('the other server answers when the first one is gone', async () => {
  const first = cluster.agent('a');
  first.process?.kill('SIGKILL');
  await eventually('the context goes on to the other server', 60_000, async () => {
    const { code, stdout, stderr } = await asPerson('vera', ['ps', 'web']);
    if (code !== 0 || !stdout.includes('running')) throw new Error(stdout + stderr);
  });
  start('a', '127.0.0.1');
  await eventually('it is back with its own certificate', 60_000, async () => {
    const { code, stderr } = await skep(['status']);
    if (code !== 0) throw new Error(stderr);
  });
}, 180_000);

/** What a port says to who speaks plain HTTP to it. */
function knockPlainly(port: number): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connectTcp(port, '127.0.0.1', () =>
      socket.write('GET /health HTTP/1.1\r\nhost: a\r\n\r\n'),
    );
    socket.setTimeout(10_000, () => socket.destroy());
    socket.on('data', (data) => {
      text += data.toString('latin1');
    });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.on('close', () => resolve(text));
  });
}

test('plain HTTP is refused on every port: the API and both of etcd', async () => {
  expect(await knockPlainly(ports.api)).toMatch(/^HTTP\/1.1 400[^]*this port speaks TLS 1\.3/);
  expect(await knockPlainly(ports.etcdClient)).not.toContain('"health"');
  expect(await knockPlainly(ports.etcdPeer)).not.toContain('"health"');
  expect(await skep(['status'])).toMatchObject({ code: 0 });
  expect(readFileSync(join(folder, 'a/agent.log'), 'utf8')).toMatch(/speaks TLS.*"msg":"api.refused"/);
});

test('etcd opens to servers only, on both ports', async () => {
  const user = contextSchema.parse(JSON.parse(readFileSync(join(folder, 'olga.json'), 'utf8')));
  const cell = JSON.parse(readFileSync(join(folder, 'c/data/pki/host.json'), 'utf8')) as {
    cluster: { certificate: string; key: string };
    store?: unknown;
  };
  expect(cell.store).toBeUndefined();
  const server = readFileSync(join(folder, 'a/data/pki/store.pem'), 'utf8');
  for (const port of [ports.etcdClient, ports.etcdPeer]) {
    expect(await knock(port, {})).toMatch(/CERTIFICATE_REQUIRED|BAD_CERTIFICATE/);
    expect(await knock(port, { cert: user.certificate, key: user.key })).toMatch(
      /UNKNOWN_CA|BAD_CERTIFICATE/,
    );
    expect(await knock(port, { cert: cell.cluster.certificate, key: cell.cluster.key })).toMatch(
      /UNKNOWN_CA|BAD_CERTIFICATE/,
    );
  }
  expect(await knock(ports.etcdClient, { cert: server, key: server })).toContain('"health":"true"');
});

const rotate = (verb: string, more: readonly string[] = []) => skep(['cert', 'rotate-ca', verb, ...more]);

/** With two servers nothing can be written while one of them restarts its etcd: what is told then is no answer. */
async function answered(ask: () => Promise<CliResult>): Promise<CliResult> {
  return eventually('it is answered', 60_000, async () => {
    const result = await ask();
    if (result.code === 7) throw new Error(result.stderr);
    return result;
  });
}

async function untilPhase(phase: string, next: string): Promise<void> {
  await eventually(`the change of the authorities is at ${phase}, next ${next}`, 90_000, async () => {
    const { stdout, stderr } = await rotate('status', ['-o', 'json']);
    const now = JSON.parse(stdout || '{}') as { phase?: string; next?: string };
    if (now.phase !== phase || now.next !== next) throw new Error(stdout + stderr);
  });
}

test('the authorities are changed: nobody in order is refused, no container restarts, the old ones end', async () => {
  // The server that came back stops what was replaced meanwhile.
  const before = await eventually('three containers run', 30_000, async () => {
    const now = await cluster.containers('web');
    if (now.trim().split('\n').length !== 3) throw new Error(now);
    return now;
  });
  const oldCell = JSON.parse(readFileSync(join(folder, 'c/data/pki/host.json'), 'utf8')) as {
    cluster: { certificate: string; key: string };
  };
  const oldStore = readFileSync(join(folder, 'a/data/pki/store.pem'), 'utf8');
  const token = await cluster.token('cell', 'token-old');
  expect(await rotate('finish')).toMatchObject({ code: 4 });
  expect(await rotate('start')).toMatchObject({ code: 0 });
  expect(await answered(() => rotate('start'))).toMatchObject({ code: 4 });
  await untilPhase('reissue', 'finish');
  // Who was away all the time knows the old authority only: a context, and a host with a token from before.
  expect(await asPerson('olga', ['ps', 'web'])).toMatchObject({ code: 0, stderr: '' });
  start('e', '127.0.0.4', ['--join', `127.0.0.1:${ports.api}`, '--server=false', '--token-file', token]);
  await eventually('a host joined with the token of before', 60_000, async () => {
    const { stdout } = await skep(['status']);
    if (!stdout.includes('4 present')) throw new Error(stdout);
  });
  await untilPhase('reissue', 'finish');
  expect(await rotate('finish')).toMatchObject({ code: 0, stderr: expect.stringContaining('vera') });
  await untilPhase('steady', 'nothing');
  await eventually('everybody is there', 30_000, async () => {
    const { stdout } = await skep(['status']);
    if (!/b +follower|a +follower/.test(stdout) || !stdout.includes('4 present')) throw new Error(stdout);
  });
  expect(await asPerson('olga', ['ps', 'web'])).toMatchObject({ code: 0, stderr: '' });
  expect((await asPerson('vera', ['ps', 'web'])).code).not.toBe(0);
  const held = { cert: oldCell.cluster.certificate, key: oldCell.cluster.key };
  expect(await knock(ports.api, held, { path: '/v1/status' })).toContain('another authority');
  for (const port of [ports.etcdClient, ports.etcdPeer]) {
    expect(await knock(port, { cert: oldStore, key: oldStore })).toMatch(/UNKNOWN_CA|BAD_CERTIFICATE/);
  }
  expect(await cluster.containers('web')).toBe(before);
}, 240_000);

test('a cell that is revoked is out at once, and its containers run on', async () => {
  expect(await skep(['cert', 'revoke', 'c'])).toMatchObject({ code: 0 });
  await eventually('the cell is told why', 30_000, async () => {
    const log = readFileSync(join(folder, 'c/agent.log'), 'utf8');
    if (!log.includes('was revoked at')) throw new Error('not in its log yet');
  });
  const { stdout } = await run(
    'docker',
    ['ps', '-q', '--filter', 'label=skep.cell=c', '--filter', 'label=skep.guid=web'],
    {
      deadlineMs: 30_000,
    },
  );
  expect(stdout.trim()).not.toBe('');
}, 60_000);

test('a cell becomes a server over its own session, with the certificates of one, and a cell again', async () => {
  const file = await cluster.token('cell', 'token-f');
  const to = ['--join', `127.0.0.1:${ports.api}`, '--token-file', file];
  const agent = start('f', '127.0.0.4', [...to, '--server=auto']);
  await eventually('it votes', 60_000, async () => {
    const list = (await skep(['server', 'ls'])).stdout;
    if (!/^f +voter +answers/m.test(list)) throw new Error(list);
  });
  expect(cluster.roles(agent)).toBe('server+cell');
  expect(cluster.host(agent).store).toBeDefined();
  const held = readFileSync(join(folder, 'f/data/pki/store.pem'), 'utf8');
  const { certificate, key } = cluster.host(agent).cluster;
  expect(await knock(ports.etcdClient, { cert: held, key: held })).toContain('"health":"true"');
  await skep(['server', 'auto', 'off']);
  expect(await skep(['server', 'remove', 'f', '--yes', '--force'])).toMatchObject({ code: 0 });
  await eventually('it has the certificate of a cell', 30_000, async () => {
    expect(cluster.roles(agent)).toBe('cell');
  });
  expect(cluster.host(agent).store).toBeUndefined();
  const events = (await skep(['events', '--limit', '100'])).stdout;
  expect(events).toMatch(/server\.added +f:/);
  expect(events).toMatch(/f joined as a server with token/);
  expect(events).toMatch(/auth\.certificate +f: .*no server's any more/);
  // What it held as a server: the API takes it for a cell's and says since when, etcd for nobody's.
  const told = await knock(ports.api, { cert: certificate, key }, { path: '/v1/status' });
  expect(told).toMatch(/^HTTP\/1.1 403[^]*f was removed from the servers at [^]*skep server add f/);
  await untilRefused(held, ['a', 'b']);
}, 150_000);

/** An etcd that is just being started anew opens to nobody: a server's own certificate must open it meanwhile. */
async function untilRefused(held: string, by: readonly string[]): Promise<void> {
  await eventually(
    `etcd of ${by.join(' and ')} opens to its server and not to who left`,
    60_000,
    async () => {
      for (const { folder: of, address: host } of by.map((name) => cluster.agent(name))) {
        const own = readFileSync(join(of, 'data/pki/store.pem'), 'utf8');
        const theirs = await knock(ports.etcdClient, { cert: held, key: held }, { host });
        const ours = await knock(ports.etcdClient, { cert: own, key: own }, { host });
        if (!ours.includes('"health":"true"') || theirs.includes('health'))
          throw new Error(`${ours} ${theirs}`);
      }
    },
  );
}

async function untilLeads(name: string): Promise<void> {
  await eventually(`${name} leads, and both vote`, 60_000, async () => {
    const { stdout, stderr } = await skep(['status']);
    const other = name === 'a' ? 'b' : 'a';
    if (!new RegExp(`${name} +leader`).test(stdout) || !new RegExp(`${other} +follower`).test(stdout))
      throw new Error(stdout + stderr);
  });
}

/** The leader is the one that is revoked: it must give up the lead although its certificate counts no more. */
async function makeLead(name: string, other: TlsAgent): Promise<void> {
  if (new RegExp(`${name} +leader`).test((await skep(['status'])).stdout)) return;
  await cluster.stop(other);
  start(other.name, other.address);
  await untilLeads(name);
}

test('a server that is revoked leaves the store, and its certificate opens etcd no more', async () => {
  await makeLead('b', cluster.agent('a'));
  const held = readFileSync(join(folder, 'b/data/pki/store.pem'), 'utf8');
  expect(await knock(ports.etcdClient, { cert: held, key: held })).toContain('"health":"true"');
  expect(await skep(['cert', 'revoke', 'b'])).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('rotate-ca'),
  });
  await eventually('the other one is the only server, and serves', 60_000, async () => {
    const { code, stdout, stderr } = await skep(['server', 'ls']);
    if (code !== 0 || /^b /m.test(stdout)) throw new Error(stdout + stderr);
  });
  await untilRefused(held, ['a']);
  expect(cluster.etcd(cluster.agent('a')).args.join(' ')).toContain('--client-crl-file=');
}, 150_000);

test('no log holds a key or a token, and what is secret is for its owner alone', () => {
  const secrets = [tokens.server, tokens.cell].map(
    (file) => readFileSync(file, 'utf8').trim().split('-').at(-1) ?? '',
  );
  for (const agent of cluster.agents) {
    const log = readFileSync(join(agent.folder, 'agent.log'), 'utf8');
    expect(log).not.toContain('PRIVATE KEY');
    for (const secret of secrets) expect(log).not.toContain(secret);
  }
  expect(statSync(join(folder, 'a/data/pki')).mode & 0o777).toBe(0o700);
  for (const name of ['host.json', 'store.pem']) {
    expect(statSync(join(folder, 'a/data/pki', name)).mode & 0o777).toBe(0o600);
  }
});
