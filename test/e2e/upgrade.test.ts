/** skep upgrade over a cluster that was set up from release files: a server and a cell, versions N and N+1 together. */
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Installation, installation } from '../kit/install.ts';
import { type ReleaseFactory, releaseFactory } from '../kit/release.ts';

let releases: ReleaseFactory;
let server: Installation;
let cell: Installation;
let second: string;
const made: Installation[] = [];

const released = ({ root }: Installation): string =>
  basename(readlinkSync(join(root, 'opt/skep/current'))).slice(0, 5);

async function cells(): Promise<string[]> {
  const { stdout } = await server.skep('cells', '-o', 'json');
  const rows = JSON.parse(stdout) as { presence: { cellId: string; version: string } }[];
  return rows.map(({ presence }) => `${presence.cellId} ${presence.version}`).sort();
}

describe.skipIf(process.getuid?.() !== 0)('skep upgrade', () => {
  beforeAll(async () => {
    releases = releaseFactory();
    const first = releases.whole('0.1.1');
    second = releases.whole('0.1.2');
    server = await installation(first);
    made.push(server);
    const founded = await server.install(['--name', 'one', '--demo']);
    expect(founded.code, founded.stdout + founded.stderr).toBe(0);
    cell = await installation(first);
    made.unshift(cell);
    const token = await server.skep('token', 'create', '--role', 'cell');
    const file = join(releases.folder, 'token');
    writeFileSync(file, token.stdout, { mode: 0o600 });
    const to = `127.0.0.1:${server.portBase}`;
    const joined = await cell.install(['cell', '--name', 'two', '--join', to, '--token-file', file]);
    expect(joined.code, joined.stdout + joined.stderr).toBe(0);
  }, 240_000);

  afterAll(async () => {
    for (const each of made) await each.remove();
    releases.remove();
  }, 120_000);

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
    expect(result.stdout).toBe('Could be upgraded: 2 hosts.\n');
    expect(await cells()).toEqual(['one 0.1.1', 'two 0.1.1']);
  });

  it('stops at the first host that refuses the file, which runs on as before', async () => {
    const forged = releases.tiny('forged.run', { key: generateKeyPairSync('ed25519').privateKey });
    const result = await server.skep('upgrade', forged, '--yes');
    expect(result.code).toBe(4);
    expect(result.stderr).toMatch(/install\.sh on two ended with status 5/);
    expect(result.stderr).toContain('is not from the key that is expected');
    expect(result.stderr).toContain('no other host is begun');
    expect(await cells()).toEqual(['one 0.1.1', 'two 0.1.1']);
  });

  it('upgrades one cell of two, and N works with N+1; the rest follows; containers run on', async () => {
    const containers = await server.containers();
    const alone = await cell.install([], second);
    expect(alone.code, alone.stdout + alone.stderr).toBe(0);
    await expect.poll(cells, { timeout: 20_000 }).toEqual(['one 0.1.1', 'two 0.1.2']);
    expect((await server.skep('scale', 'hello', '4')).code).toBe(0);
    expect((await server.skep('scale', 'hello', '3')).code).toBe(0);
    const result = await server.skep('upgrade', second, '--yes');
    expect(result.code, result.stdout + result.stderr).toBe(0);
    expect(result.stderr).toContain('1 host runs 0.1.2 already');
    expect(result.stderr).toContain('one: well, 3 of 3 instances ran on');
    expect([released(server), released(cell)]).toEqual(['0.1.2', '0.1.2']);
    expect(await server.containers()).toEqual(expect.arrayContaining(containers));
    expect((await server.skep('upgrade', second, '--yes')).stdout).toBe('Upgraded to 0.1.2: 0 hosts.\n');
    expect((await server.skep('events', '-o', 'json')).stdout).toContain('cell.upgrading');
  });

  it('takes all of it back, cells first', async () => {
    const result = await server.skep('upgrade', second, '--rollback', '--yes');
    expect(result.code, result.stdout + result.stderr).toBe(0);
    expect(result.stderr).toMatch(/step 1: two\nstep 2: one/);
    expect(await cells()).toEqual(['one 0.1.1', 'two 0.1.1']);
    expect(result.stdout).toBe('Went back: 2 hosts.\n');
  });
});
