import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { type VirtualClock, virtualClock } from '../../../test/kit/virtual-clock.ts';
import type { Socket } from '../socket.ts';
import { wrapWebSocket } from './ws-socket.ts';

let http: Server;
let peer: WebSocket;
afterEach(() => {
  peer.terminate();
  http.close();
});

/** One end under test with a virtual clock, and a bare peer that answers pings only when told to. */
async function connected(options: { answers: boolean }): Promise<{ socket: Socket; clock: VirtualClock }> {
  http = createServer();
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const clock = virtualClock();
  const acceptor = new WebSocketServer({ server: http });
  const accepted = new Promise<Socket>((resolve) =>
    acceptor.on('connection', (ws) => resolve(wrapWebSocket(ws, clock))),
  );
  peer = new WebSocket(`ws://127.0.0.1:${(http.address() as AddressInfo).port}`, {
    autoPong: options.answers,
  });
  await new Promise((resolve) => peer.on('open', resolve));
  return { socket: await accepted, clock };
}

const nextPing = () => new Promise((resolve) => peer.once('ping', resolve));

/** Moves time by one interval, and lets what it causes travel there and back. */
async function beat(clock: VirtualClock): Promise<void> {
  const ping = nextPing();
  await clock.advance(5_000);
  await ping;
  await new Promise((resolve) => peer.ping(undefined, undefined, () => resolve(undefined)));
}

test('a peer that says nothing for more than ten seconds is dead', async () => {
  const { socket, clock } = await connected({ answers: false });
  for (let i = 0; i < 2; i++) {
    const ping = nextPing();
    await clock.advance(5_000);
    await ping;
  }
  await clock.advance(5_000);
  expect((await socket.closed).code).toBe(1006);
  expect(clock.pendingTimers).toBe(0);
});

test('pings of the peer are as good as answers, and so the socket lives', async () => {
  const { socket, clock } = await connected({ answers: false });
  let ended = false;
  void socket.closed.then(() => {
    ended = true;
  });
  for (let i = 0; i < 6; i++) {
    await beat(clock);
    const echo = new Promise((resolve) => peer.once('message', resolve));
    await socket.send('still here');
    await echo;
  }
  expect(ended).toBe(false);
});

test('an end that does not read does not judge its peer', async () => {
  const { socket, clock } = await connected({ answers: false });
  for (let i = 0; i < 200; i++) peer.send('x'.repeat(4_096));
  await new Promise((resolve) => setImmediate(resolve));
  const first = socket.messages[Symbol.asyncIterator]();
  await first.next();
  await expect.poll(() => peer.bufferedAmount).toBe(0);
  for (let i = 0; i < 6; i++) {
    const ping = nextPing();
    await clock.advance(5_000);
    await ping;
  }
  let count = 1;
  while (count < 200) {
    await first.next();
    count += 1;
  }
  expect(count).toBe(200);
});

test('a ping resolves with the first sign of life, or with the end', async () => {
  const { socket } = await connected({ answers: true });
  expect(await socket.ping()).toBe(true);
  const { socket: silent } = await connected({ answers: false });
  const asked = silent.ping();
  peer.terminate();
  expect(await asked).toBe(false);
  expect(await silent.ping()).toBe(false);
});
