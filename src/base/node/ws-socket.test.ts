import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { SkepError } from '../core/errors.ts';
import type { Socket } from '../socket.ts';
import { wsAccept, wsDial } from './ws-socket.ts';

const signal = new AbortController().signal;
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

async function serve(
  listen: (server: Server) => void,
): Promise<{ server: Server; accepted: Promise<Socket> }> {
  const server = createServer();
  const accepted = new Promise<Socket>((resolve, reject) => {
    server.on('upgrade', (request, socket, head) => {
      wsAccept(request, socket, head).then(resolve, reject);
    });
  });
  await new Promise<void>((resolve) => {
    server.once('listening', () => resolve());
    listen(server);
  });
  cleanups.push(() => server.close());
  return { server, accepted };
}

async function pair(): Promise<{ client: Socket; server: Socket }> {
  const { server, accepted } = await serve((http) => http.listen(0, '127.0.0.1'));
  const client = await wsDial(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/x`, { signal });
  cleanups.push(() => client.close());
  return { client, server: await accepted };
}

async function take(socket: Socket, count: number): Promise<(string | Uint8Array)[]> {
  const taken: (string | Uint8Array)[] = [];
  for await (const message of socket.messages) {
    taken.push(message);
    if (taken.length === count) break;
  }
  return taken;
}

test('text and binary arrive in order and as what they were', async () => {
  const { client, server } = await pair();
  await client.send('hello');
  await client.send(new Uint8Array([0, 255]));
  expect(await take(server, 2)).toEqual(['hello', Buffer.from([0, 255])]);
});

test('a reader that does not ask stops the sender, and loses nothing when it goes on', async () => {
  const { client, server } = await pair();
  const chunk = new Uint8Array(256 * 1024);
  const total = 400;
  let sent = 0;
  const sending = (async () => {
    for (; sent < total; sent++) await client.send(chunk);
  })();
  let before = -1;
  await expect
    .poll(
      () => {
        const stuck = sent === before && sent > 0;
        before = sent;
        return stuck;
      },
      { interval: 100, timeout: 8_000 },
    )
    .toBe(true);
  expect(sent).toBeLessThan(total);
  expect(await take(server, total)).toHaveLength(total);
  await sending;
});

test('what the peer sent before it closed is still delivered', async () => {
  const { client, server } = await pair();
  await client.send('last words');
  client.close(4001, 'done');
  expect(await server.closed).toEqual({ code: 4001, reason: 'done' });
  expect(await take(server, 2)).toEqual(['last words']);
});

test('sending into an ended socket says so', async () => {
  const { client, server } = await pair();
  client.close();
  await server.closed;
  await expect(server.send('x')).rejects.toMatchObject({ code: 'Unavailable' });
});

test('dials a unix socket whose query holds a colon', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'skep-ws-'));
  cleanups.push(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'x.sock');
  const { server, accepted } = await serve((http) => http.listen(path));
  const url = new Promise<string | undefined>((resolve) => server.on('upgrade', ({ url }) => resolve(url)));
  const client = await wsDial(`ws+unix://${path}:/v1/x?arg=http://a:1`, { signal });
  cleanups.push(() => client.close());
  await accepted;
  expect(await url).toBe('/v1/x?arg=http://a:1');
});

test('a refused upgrade gives back the error of the server', async () => {
  const server = createServer((_request, response) => {
    response.writeHead(409, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({ error: { code: 'NotRunning', message: 'web/0 is CRASHED', hint: 'wait' } }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => server.close());
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/v1/streams`;
  const error = await wsDial(url, { signal }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(SkepError);
  expect(error).toMatchObject({ code: 'NotRunning', message: 'web/0 is CRASHED', hint: 'wait' });
});

test.each([
  ['ws+unix:///nonexistent/skep.sock:/v1/x', 'Unavailable', '/nonexistent/skep.sock'],
  ['ws://127.0.0.1:1/v1/x', 'Unavailable', '127.0.0.1:1'],
  ['http://127.0.0.1/', 'InvalidRequest', 'http://127.0.0.1/'],
])('dialling %s is %s', async (url, code, said) => {
  const error = (await wsDial(url, { signal }).catch((thrown: unknown) => thrown)) as SkepError;
  expect(error.code).toBe(code);
  expect(error.message).toContain(said);
  expect(error.hint).toBeTruthy();
});

test('aborting the dial rejects with the reason', async () => {
  const abort = new AbortController();
  const { server } = await serve((http) => http.listen(0, '127.0.0.1'));
  server.removeAllListeners('upgrade');
  server.on('upgrade', (_request, socket) => {
    cleanups.push(() => socket.destroy());
    abort.abort(new Error('enough'));
  });
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  await expect(wsDial(url, { signal: abort.signal })).rejects.toThrow('enough');
});
