import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ApiServer, startApiServer } from '../../../test/kit/api-server.ts';
import { refusal } from '../../../test/kit/refusal.ts';
import { silentLog } from '../../base/log.ts';
import { systemClock } from '../../base/node/system-clock.ts';
import { wsDial } from '../../base/node/ws-socket.ts';
import { createClient } from '../client.ts';
import { type ListenOptions, listenApi } from './listen.ts';

const signal = new AbortController().signal;
let server: ApiServer;
let folder: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'skep-listen-'));
  server = await startApiServer();
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

const idle = () => ({
  app: { ready: () => Promise.resolve(), routing: () => undefined },
  upgrade: () => undefined,
  close: () => Promise.resolve(),
});
const listen = (options: Partial<ListenOptions>) =>
  listenApi(idle() as never, {
    socketGroup: 'no-such-group',
    host: '127.0.0.1',
    port: 0,
    log: silentLog,
    ...options,
  });

test('the socket is for root and its group, and goes with the server', async () => {
  expect(statSync(server.socketPath).mode & 0o777).toBe(0o660);
  await server.listening.close();
  expect(existsSync(server.socketPath)).toBe(false);
});

test('a stale socket is replaced, a live one and a file are refused', async () => {
  const stale = join(folder, 'stale.sock');
  const script = `require('net').createServer().listen(${JSON.stringify(stale)}, () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', script]);
  expect(existsSync(stale)).toBe(true);
  await (await listen({ socketPath: stale })).close();
  expect(await refusal(listen({ socketPath: server.socketPath }))).toMatchObject({
    code: 'ResourceConflict',
    field: 'socketPath',
  });
  const file = join(folder, 'file');
  writeFileSync(file, '');
  expect(await refusal(listen({ socketPath: file }))).toMatchObject({ code: 'InvalidConfig' });
});

test('a port that is taken and an address that is not ours are refused with what to do', async () => {
  const port = Number(server.listening.address.split(':')[1]);
  const taken = await refusal(listen({ port }));
  expect(taken).toMatchObject({ code: 'ResourceConflict', field: 'port' });
  expect(taken.message).toContain(String(port));
  expect(await refusal(listen({ host: '192.0.2.1' }))).toMatchObject({
    code: 'InvalidConfig',
    field: 'host',
  });
});

test('what is not HTTP is answered in JSON', async () => {
  const answer = await new Promise<string>((resolve, reject) => {
    const connection = connect(server.socketPath, () => connection.write('nonsense\r\n\r\n'));
    let text = '';
    connection.on('data', (chunk) => (text += chunk.toString()));
    connection.on('error', reject);
    connection.on('end', () => resolve(text));
  });
  expect(answer).toContain('400 Bad Request');
  expect(answer).toContain('"InvalidRequest"');
});

test('an agent that does not run is told with how to start it', async () => {
  const dead = createClient({ socketPath: '/nonexistent/skep.sock', dial: wsDial, clock: systemClock });
  for (const make of [
    () => dead.call('status', {}, { signal }),
    () => dead.openStream({ kind: 'logs', target: 'web/0' }, { signal }),
  ]) {
    const error = await refusal(make());
    expect(error.code).toBe('Unavailable');
    expect(error.message).toContain('/nonexistent/skep.sock');
    expect(error.hint).toContain('skep agent');
  }
  const refused = createClient({ baseUrl: 'http://127.0.0.1:1', dial: wsDial, clock: systemClock });
  const error = await refusal(refused.call('status', {}, { signal }));
  expect(error.message).toContain('127.0.0.1:1');
});

test.skipIf(process.getuid?.() !== 0)(
  'a socket that may not be opened says which group to join',
  async () => {
    chmodSync(server.socketPath, 0o600);
    const file = new URL('../client.ts', import.meta.url).pathname;
    const base = new URL('../../base/node/', import.meta.url).pathname;
    // Root may open everything, so somebody else has to try.
    chmodSync(join(server.socketPath, '..'), 0o755);
    const script = `
    const [{ createClient }, { systemClock }, { wsDial }] = await Promise.all([
      import(${JSON.stringify(file)}), import('${base}system-clock.ts'), import('${base}ws-socket.ts')]);
    process.setgid(65534); process.setuid(65534);
    const client = createClient({ socketPath: ${JSON.stringify(server.socketPath)}, dial: wsDial, clock: systemClock });
    client.call('status', {}, { signal: new AbortController().signal })
      .catch((error) => console.log(JSON.stringify({ code: error.code, hint: error.hint })));`;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toMatchObject({
      code: 'Unauthorized',
      hint: expect.stringContaining('group skep'),
    });
  },
);

test('a server that never answers runs into the deadline', async () => {
  const silent = createServer(() => undefined);
  const path = join(folder, 'silent.sock');
  await new Promise<void>((resolve) => silent.listen(path, resolve));
  const client = createClient({ socketPath: path, dial: wsDial, clock: systemClock });
  const error = await refusal(client.call('status', {}, { signal, deadlineMs: 50 }));
  expect(error.code).toBe('Unavailable');
  silent.closeAllConnections();
  silent.close();
});

test('something else that speaks HTTP is told apart from an agent', async () => {
  const other = createServer((_request, response) => response.end('<html>'));
  const path = join(folder, 'other.sock');
  await new Promise<void>((resolve) => other.listen(path, resolve));
  const client = createClient({ socketPath: path, dial: wsDial, clock: systemClock });
  expect((await refusal(client.call('status', {}, { signal }))).message).toContain(
    'not as a Skep agent does',
  );
  other.close();
});

test('an address that is none', () => {
  expect(() => createClient({ baseUrl: 'nonsense', dial: wsDial, clock: systemClock })).toThrow(
    'is not the address',
  );
});

test('a client that does not answer its end does not hold up the server', async () => {
  const mute = connect(server.socketPath);
  mute.write(
    'GET /v1/watch?kind=lrps HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\n' +
      'sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  await new Promise((resolve) => mute.once('data', resolve));
  mute.pause();
  await server.listening.close();
  mute.destroy();
});
