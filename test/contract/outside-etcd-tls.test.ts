/** An etcd of the operator's own over TLS: whom the adapter believes there, by what it is known, and files renewed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KeyPair } from '../../src/base/certificates.ts';
import { systemClock } from '../../src/base/node/system-clock.ts';
import { systemRng } from '../../src/base/node/system-rng.ts';
import { x509Maker } from '../../src/base/node/x509-maker.ts';
import { outsideCredentials } from '../../src/cli/run/outside-etcd.ts';
import { etcdBbs } from '../../src/store/etcd/etcd-bbs.ts';
import { eventually } from '../kit/e2e-cluster.ts';
import { freePorts } from '../kit/ports.ts';
import { recordingLog } from '../kit/recording-log.ts';
import { virtualClock } from '../kit/virtual-clock.ts';

let folder: string;
let etcd: ChildProcess;
let endpoint: string;
const file = (name: string): string => join(folder, name);

async function issue(authority: KeyPair, name: string, addresses: readonly string[]): Promise<void> {
  const { key, request } = await x509Maker.request(name);
  const now = Date.now();
  const validity = { notBefore: now - 60_000, notAfter: now + 3_600_000 };
  const { certificate } = await x509Maker.issue(
    authority,
    request,
    { name, addresses, hostNames: [] },
    validity,
  );
  writeFileSync(file(`${name}.pem`), certificate);
  writeFileSync(file(`${name}.key`), key, { mode: 0o600 });
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'skep-outside-'));
  const validity = { notBefore: Date.now() - 60_000, notAfter: Date.now() + 3_600_000 };
  const [own, other] = [
    await x509Maker.authority('own', validity),
    await x509Maker.authority('other', validity),
  ];
  writeFileSync(file('ca.pem'), own.certificate);
  writeFileSync(file('other-ca.pem'), other.certificate);
  await issue(own, 'server', ['127.0.0.1']);
  await issue(own, 'client', []);
  await issue(other, 'stranger', []);
  const [port, peerPort] = (await freePorts(2)) as [number, number];
  endpoint = `https://127.0.0.1:${port}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  const args = ['--name', 'own', '--data-dir', file('data'), '--unsafe-no-fsync', '--log-level', 'error'];
  args.push('--listen-client-urls', endpoint, '--advertise-client-urls', endpoint);
  args.push('--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer);
  args.push('--initial-cluster', `own=${peer}`, '--client-cert-auth', '--trusted-ca-file', file('ca.pem'));
  args.push('--cert-file', file('server.pem'), '--key-file', file('server.key'));
  etcd = spawn('etcd', args, { stdio: 'ignore' });
  await eventually('etcd answers over TLS', 20_000, () =>
    readWith({ caFile: file('ca.pem'), certFile: file('client.pem'), keyFile: file('client.key') }),
  );
}, 40_000);

afterAll(async () => {
  const ended = new Promise((resolve) => etcd.once('exit', resolve));
  etcd.kill('SIGKILL');
  await ended;
  rmSync(folder, { recursive: true, force: true });
});

type Files = { caFile: string; certFile?: string; keyFile?: string };

async function readWith(etcdTls: Files, at: string = endpoint): Promise<void> {
  const { log } = recordingLog();
  const credentials = outsideCredentials({ etcdTls }, { clock: systemClock, log });
  const bbs = etcdBbs({ endpoints: [at], credentials, clock: systemClock, log, rng: systemRng });
  try {
    await bbs.read(['/a'], { signal: AbortSignal.timeout(3_000) });
  } finally {
    bbs.close();
  }
}

const client = (): Omit<Files, 'caFile'> => ({ certFile: file('client.pem'), keyFile: file('client.key') });

test('who is known is let in', async () => {
  await readWith({ caFile: file('ca.pem'), ...client() });
});

test.each([
  ['another authority is believed', () => ({ caFile: file('other-ca.pem'), ...client() })],
  ['no certificate is shown', () => ({ caFile: file('ca.pem') })],
  [
    'one of another authority is shown',
    () => ({ caFile: file('ca.pem'), certFile: file('stranger.pem'), keyFile: file('stranger.key') }),
  ],
])(
  'nothing is read when %s',
  async (_what, files) => {
    await expect(readWith(files())).rejects.toThrow();
  },
  15_000,
);

test('nothing is read where the certificate names another address', async () => {
  const elsewhere = endpoint.replace('127.0.0.1', 'localhost');
  await expect(readWith({ caFile: file('ca.pem'), ...client() }, elsewhere)).rejects.toThrow();
}, 15_000);

test('files are read again when they change, and a file that is missing is named', async () => {
  const clock = virtualClock();
  const { log, lines } = recordingLog();
  const etcdTls = { caFile: file('changing.pem'), ...client() };
  expect(() => outsideCredentials({ etcdTls }, { clock, log })).toThrow(/changing.pem cannot be read/);
  writeFileSync(etcdTls.caFile, 'nonsense');
  expect(() => outsideCredentials({ etcdTls }, { clock, log })).toThrow(/holds no certificate/);
  await issue(await x509Maker.authority('x', { notBefore: 0, notAfter: 1 }), 'changing', []);
  const credentials = outsideCredentials({ etcdTls }, { clock, log });
  const before = credentials?.();
  rmSync(etcdTls.caFile);
  await issue(await x509Maker.authority('y', { notBefore: 0, notAfter: 1 }), 'changing', []);
  expect(credentials?.()).toBe(before);
  await clock.advance(31_000);
  expect(credentials?.()).not.toBe(before);
  expect(lines.at(-1)).toMatchObject({ event: 'store.credentials_reread' });
});
