/** Which requests the fuzzer sends again: those that met a connection ended unused, and no others. */
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { type RawHttp, rawHttp } from '../kit/raw-http.ts';
import { holderOf, testAuthorities } from '../kit/tls-server.ts';
import { Lines } from './lines.ts';
import type { SpoiledRequest } from './requests.ts';

const request: SpoiledRequest = {
  method: 'GET',
  bytes: Buffer.from('GET / HTTP/1.1\r\nhost: skep\r\n\r\n'),
  changed: [],
  breaksFraming: false,
};

let close = async (): Promise<void> => undefined;
afterEach(() => close());

/**
 * A server that says how long it keeps a connection, answers the first request on each, and ends it at the second,
 * with or without the first bytes of an answer. @param broken it ends every one from the second connection on, unanswered
 */
async function endingServer(options: { keep?: string; begins?: boolean; broken?: boolean }) {
  const now = Date.now();
  const authorities = await testAuthorities('skep-test', now);
  const { ca, certificate, key } = (await holderOf(authorities, now, 'host-a', ['server'])).current();
  const served = new Map<unknown, number>();
  const server = createServer({ cert: certificate, key }, ({ socket }, response) => {
    const before = served.get(socket) ?? 0;
    served.set(socket, before + 1);
    const isFirst = before === 0 && !(options.broken === true && served.size > 1);
    if (isFirst) {
      const keep = options.keep === undefined ? {} : { 'keep-alive': `timeout=${options.keep}` };
      response.writeHead(200, { connection: 'keep-alive', 'content-length': 2, ...keep }).end('ok');
    } else if (options.begins === true) socket.end('HTTP/1.1 2');
    else socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const lines = new Lines();
  close = async () => {
    lines.close();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  const { port } = server.address() as AddressInfo;
  let opened = 0;
  const open = (): Promise<RawHttp> => {
    opened += 1;
    return rawHttp(`127.0.0.1:${port}`, { current: () => ({ ca }) } as never);
  };
  const ask = async () => (await lines.ask('vera', open, request))?.status;
  return { ask, opened: () => opened };
}

test('a connection ended after the time for which it is kept unused: asked again on a new one', async () => {
  const { ask, opened } = await endingServer({ keep: '0' });
  expect(await ask()).toBe(200);
  expect(await ask()).toBe(200);
  expect(opened()).toBe(2);
});

test('asked again once only: what ends a new connection too is told', async () => {
  const { ask, opened } = await endingServer({ keep: '0', broken: true });
  expect(await ask()).toBe(200);
  expect(await ask()).toBeUndefined();
  expect(opened()).toBe(2);
});

test.each([
  ['before that time is over', { keep: '3600' }],
  ['by a server that does not say how long it keeps it', {}],
  ['in the midst of an answer', { keep: '0', begins: true }],
])('a connection ended %s is told, and nothing is asked again', async (_name, options) => {
  const { ask, opened } = await endingServer(options);
  expect(await ask()).toBe(200);
  expect(await ask()).toBeUndefined();
  expect(opened()).toBe(1);
});
