import { expect, test } from 'vitest';
import { socketPair } from '../../test/kit/socket-pair.ts';
import { silentLog } from '../base/log.ts';
import { joinSockets } from './join-sockets.ts';

const settle = () => new Promise((resolve) => setImmediate(resolve));

function joined(maxQueued = 64) {
  const client = socketPair({ maxQueued });
  const cell = socketPair({ maxQueued });
  const done = joinSockets(client.right, cell.right, silentLog);
  return { client, cell, done };
}

test('what one end said before it closed still reaches the other, then the same end', async () => {
  const { client, cell, done } = joined();
  for (let i = 0; i < 10; i++) await cell.left.send(`line ${i}`);
  cell.left.close(4001, 'exited');
  const seen: unknown[] = [];
  for await (const message of client.left.messages) seen.push(message);
  expect(seen).toHaveLength(10);
  expect(await client.left.closed).toEqual({ code: 4001, reason: 'exited' });
  await done;
});

test('a client that does not read stops the cell', async () => {
  const { client, cell, done } = joined(1);
  let sent = 0;
  const sending = (async () => {
    for (; sent < 100; sent++) await cell.left.send(new Uint8Array(1));
  })();
  for (let i = 0; i < 20; i++) await settle();
  expect(sent).toBeLessThan(10);
  let seen = 0;
  for await (const _message of client.left.messages) {
    seen += 1;
    if (seen === 100) break;
  }
  await sending;
  client.left.close();
  await done;
});

test('a client lost in the middle ends the cell, whatever waits', async () => {
  const { client, cell, done } = joined(1);
  const sending = (async () => {
    for (;;) await cell.left.send('x');
  })();
  await settle();
  client.cut();
  await expect(sending).rejects.toMatchObject({ code: 'Unavailable' });
  await cell.left.closed;
  await done;
});
