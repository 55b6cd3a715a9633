/** How a slow client is waited for, left behind and brought up to date. */
import { expect, test } from 'vitest';
import { virtualClock } from '../../../test/kit/virtual-clock.ts';
import type { Socket, SocketEnd } from '../../base/socket.ts';
import { ConsoleClient } from './client.ts';
import { pace } from './pace.ts';

const much = new Uint8Array(300 * 1024);

/** A client whose socket takes nothing until told. */
function stuck(isWatching: boolean) {
  const gate = Promise.withResolvers<void>();
  const end = Promise.withResolvers<SocketEnd>();
  const sent: number[] = [];
  const socket = {
    async send(data: Uint8Array) {
      await gate.promise;
      sent.push(data.length);
    },
    closed: end.promise,
  } as unknown as Socket;
  const client = new ConsoleClient({ socket, isWatching, by: 'x', size: undefined });
  return { client, sent, open: () => gate.resolve(), leave: () => end.resolve({ code: 1000, reason: '' }) };
}

test('a program is held back for a second, then its client misses output and is painted', async () => {
  const clock = virtualClock();
  const { client, sent, open } = stuck(false);
  client.output(much);
  const painted: ConsoleClient[] = [];
  let isHeld = true;
  const paced = pace([client], clock, (behind) => painted.push(behind)).then(() => {
    isHeld = false;
  });
  await clock.advance(900);
  expect({ isHeld, isBehind: client.isBehind }).toEqual({ isHeld: true, isBehind: false });
  await clock.advance(200);
  await paced;
  client.output(much);
  expect(client.isBehind).toBe(true);
  open();
  await clock.settle();
  expect(painted).toEqual([client]);
  client.paint(new Uint8Array(9));
  client.output(new Uint8Array(4));
  await clock.settle();
  expect(sent).toEqual([much.length + 1, 10, 5]);
});

test('one who takes what waits in time misses nothing', async () => {
  const clock = virtualClock();
  const { client, sent, open } = stuck(false);
  client.output(much);
  const paced = pace([client], clock, () => expect.fail('it was not left behind'));
  open();
  await paced;
  expect(client.isBehind).toBe(false);
  expect(sent).toEqual([much.length + 1]);
  expect(clock.pendingTimers).toBe(0);
});

test('a watcher holds nothing back', async () => {
  const clock = virtualClock();
  const { client } = stuck(true);
  client.output(much);
  await pace([client], clock, () => undefined);
  expect(client.isBehind).toBe(true);
});

test('one who goes is waited for no longer', async () => {
  const clock = virtualClock();
  const { client, leave } = stuck(false);
  client.output(much);
  const paced = pace([client], clock, () => undefined);
  leave();
  await paced;
  expect(clock.pendingTimers).toBe(0);
});
