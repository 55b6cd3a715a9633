/**
 * skep upgrade over a cluster that was set up from release files: three servers that run containers, versions N and N+1
 * together, the leader last. No container is started anew by any of it.
 */
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CliResult, eventually, run } from '../kit/e2e-cluster.ts';
import { type Installation, installation } from '../kit/install.ts';
import { type ReleaseFactory, releaseFactory } from '../kit/release.ts';

let releases: ReleaseFactory;
let server: Installation;
let other: Installation;
let second: string;
/** The hosts of the cluster. */
const members: Installation[] = [];
const made: Installation[] = [];

const released = ({ root }: Installation): string =>
  basename(readlinkSync(join(root, 'opt/skep/current'))).slice(0, 5);

async function hosts(): Promise<string[]> {
  const { stdout } = await server.skep('cells', '-o', 'json');
  const rows = JSON.parse(stdout) as { presence: { cellId: string; version: string } }[];
  return rows.map(({ presence }) => `${presence.cellId} ${presence.version}`).sort();
}

async function leader(): Promise<string> {
  const { stdout } = await server.skep('status', '-o', 'json');
  return (JSON.parse(stdout) as { leader: { server: string } }).leader.server;
}

/** `ID STARTED` of every container, once so many run. */
async function containers(count: number): Promise<string[]> {
  return eventually(`${count} containers run`, 60_000, async () => {
    const ids = await server.containers();
    const args = ['inspect', '-f', '{{.State.Running}} {{.Id}} {{.State.StartedAt}}', ...ids];
    const { stdout } = await run('docker', args, { deadlineMs: 30_000 });
    const running = stdout.split('\n').filter((line) => line.startsWith('true '));
    if (running.length !== count) throw new Error(stdout);
    return running.sort();
  });
}

/** What the command says of each host: all of what ran there ran on. */
function expectAllRanOn({ stderr }: CliResult, hostCount: number): void {
  const told = [...stderr.matchAll(/: well, (\d+) of (\d+) instances? ran on/g)];
  expect(told, stderr).toHaveLength(hostCount);
  for (const [, ranOn, instances] of told) expect(ranOn).toBe(instances);
}

async function joined(name: string, release: string): Promise<Installation> {
  const host = await installation(release);
  made.unshift(host);
  members.push(host);
  const token = await server.skep('token', 'create', '--role', 'server');
  const file = join(releases.folder, `token-${name}`);
  writeFileSync(file, token.stdout, { mode: 0o600 });
  const to = ['--join', `127.0.0.1:${server.portBase}`, '--token-file', file];
  const result = await host.install(['both', '--name', name, ...to]);
  expect(result.code, result.stdout + result.stderr).toBe(0);
  return host;
}

describe.skipIf(process.getuid?.() !== 0)('skep upgrade', () => {
  beforeAll(async () => {
    releases = releaseFactory();
    const first = releases.whole('0.1.1');
    second = releases.whole('0.1.2');
    server = await installation(first);
    made.push(server);
    members.push(server);
    const founded = await server.install(['--name', 'one', '--demo']);
    expect(founded.code, founded.stdout + founded.stderr).toBe(0);
    other = await joined('two', first);
    await joined('three', first);
    const scaled = await server.skep('scale', 'hello', '6');
    expect(scaled.code, scaled.stderr).toBe(0);
    await eventually('three servers vote', 60_000, async () => {
      const { stdout } = await server.skep('server', 'ls');
      if (stdout.match(/ (voter|leader) +answers/g)?.length !== 3) throw new Error(stdout);
    });
    const token = await server.skep('token', 'create', '--role', 'cell');
    writeFileSync(join(releases.folder, 'token'), token.stdout, { mode: 0o600 });
  }, 900_000);

  afterAll(async () => {
    for (const each of made) await each.remove();
    releases.remove();
  }, 300_000);

  it('is not begun on a host that could not join: install.sh says why, and changes nothing', async () => {
    const stranger = await installation(second);
    made.unshift(stranger);
    const token = join(releases.folder, 'token');
    const pin = readFileSync(token, 'utf8').slice(6, 58);
    const other = join(releases.folder, 'other-token');
    writeFileSync(other, readFileSync(token, 'utf8').replace(pin, pin.split('').reverse().join('')));
    const plain = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    plain.listen(stranger.portBase, '127.0.0.1');
    await once(plain, 'listening');
    const to = ['--join', `127.0.0.1:${server.portBase}`];
    const cases: [string, ...string[]][] = [
      ['not of the cluster that the token is for', 'cell', ...to, '--token-file', other],
      ['needs a token', '--role', 'server', ...to],
      ['Connection refused', 'cell', '--join', `127.0.0.1:${stranger.portBase + 1}`, '--token-file', token],
      ['is no server of Skep', 'cell', '--join', `127.0.0.1:${stranger.portBase}`, '--token-file', token],
      ['no network interface', 'server', ...to, '--token-file', token, '--advertise-addr', '192.0.2.1'],
    ];
    for (const [reason, ...flags] of cases) {
      const { code, stdout, stderr } = await stranger.install(flags);
      expect(code, stdout + stderr).toBe(4);
      expect(stderr).toContain(reason);
    }
    plain.close();
    expect((await stranger.install(['--role', 'boss'])).code).toBe(2);
    expect((await stranger.install(['server', '--advertise-addr', '10.0.0.256'])).code).toBe(2);
    expect(readdirSync(stranger.root)).toEqual([]);
    const good = await stranger.install(['cell', ...to, '--token-file', token, '--check']);
    expect(good.code, good.stderr).toBe(0);
  });

  it('refuses what is no release file, and a version that is two', async () => {
    const none = await server.skep('upgrade', '/etc/hostname');
    expect(none).toMatchObject({ code: 2 });
    expect(none.stderr).toContain('it is no release file');
    expect((await server.skep('upgrade', second, releases.tiny('t.run'))).stderr).toContain('one version');
  });

  it('looks first: --check changes nothing', async () => {
    const result = await server.skep('upgrade', second, '--check');
    expect(result.code, result.stdout + result.stderr).toBe(0);
    expect(result.stdout).toBe('Could be upgraded: 3 hosts.\n');
    expect(await hosts()).toEqual(['one 0.1.1', 'three 0.1.1', 'two 0.1.1']);
  });

  it('stops at the first host that refuses the file, which runs on as before', async () => {
    const forged = releases.tiny('forged.run', { key: generateKeyPairSync('ed25519').privateKey });
    const result = await server.skep('upgrade', forged, '--yes');
    expect(result.code).toBe(4);
    expect(result.stderr).toMatch(/install\.sh on (one|two|three) ended with status 5/);
    expect(result.stderr).toContain('is not from the key that is expected');
    expect(result.stderr).toContain('no other host is begun');
    expect(await hosts()).toEqual(['one 0.1.1', 'three 0.1.1', 'two 0.1.1']);
  });

  it('upgrades one server of three, and N works with N+1; the rest follows, the leader last; containers run on', async () => {
    const alone = await other.install([], second);
    expect(alone.code, alone.stdout + alone.stderr).toBe(0);
    await expect.poll(hosts, { timeout: 60_000 }).toEqual(['one 0.1.1', 'three 0.1.1', 'two 0.1.2']);
    expect((await server.skep('scale', 'hello', '7')).code).toBe(0);
    expect((await server.skep('scale', 'hello', '6')).code).toBe(0);
    const before = await containers(6);
    const last = await leader();
    const result = await server.skep('upgrade', second, '--yes');
    expect(result.code, result.stdout + result.stderr).toBe(0);
    expect(result.stderr).toContain('1 host runs 0.1.2 already');
    if (last !== 'two') expect(result.stderr).toMatch(new RegExp(`^step 2: ${last}$`, 'm'));
    expectAllRanOn(result, 2);
    expect(members.map(released)).toEqual(['0.1.2', '0.1.2', '0.1.2']);
    expect(await containers(6)).toEqual(before);
    expect((await server.skep('upgrade', second, '--yes')).stdout).toBe('Upgraded to 0.1.2: 0 hosts.\n');
    expect((await server.skep('events', '-o', 'json')).stdout).toContain('cell.upgrading');
  }, 600_000);

  it('takes all of it back, the leader last, and containers run on', async () => {
    const before = await containers(6);
    const last = await leader();
    const result = await server.skep('upgrade', second, '--rollback', '--yes');
    expect(result.code, result.stdout + result.stderr).toBe(0);
    expect(result.stderr).toMatch(new RegExp(`^step 3: ${last}$`, 'm'));
    expectAllRanOn(result, 3);
    expect(await hosts()).toEqual(['one 0.1.1', 'three 0.1.1', 'two 0.1.1']);
    expect(result.stdout).toBe('Went back: 3 hosts.\n');
    expect(await containers(6)).toEqual(before);
  }, 600_000);
});
