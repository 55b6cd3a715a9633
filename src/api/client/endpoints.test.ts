/** Of several servers: those that refuse, and those that take a connection and hang, are passed over. */
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type ApiServer, startApiServer } from '../../../test/kit/api-server.ts';
import { type VirtualClock, virtualClock } from '../../../test/kit/virtual-clock.ts';
import { wsDial } from '../../base/node/ws-socket.ts';
import { type Client, createClient } from '../client.ts';

const refusing = '127.0.0.1:1';
const { signal } = new AbortController();

let good: ApiServer;
let hung: Server;
const held: Socket[] = [];
let clock: VirtualClock;

beforeEach(async () => {
  good = await startApiServer();
  clock = virtualClock();
  hung = createServer((socket) => held.push(socket));
  await new Promise<void>((resolve) => hung.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  for (const socket of held.splice(0)) socket.destroy();
  hung.close();
  await good.close();
});

const hungAddress = (): string => {
  const address = hung.address();
  return typeof address === 'object' && address !== null ? `127.0.0.1:${address.port}` : '';
};
const clientOf = (...servers: string[]): Client => createClient({ servers, dial: wsDial, clock });
const connections = (count: number): Promise<void> =>
  vi.waitFor(() => expect(held).toHaveLength(count), { timeout: 5_000, interval: 5 });

test('one that hangs is passed over after two seconds, and not asked by the next call', async () => {
  const client = clientOf(hungAddress(), good.tcpClient.address);
  const answer = client.call('version', {}, { signal });
  await connections(1);
  await clock.advance(1_999);
  expect(client.address).toBe(hungAddress());
  await clock.advance(1);
  expect(await answer).toMatchObject({ server: 'host-a' });
  expect(client.address).toBe(good.tcpClient.address);
  await client.call('version', {}, { signal });
  expect(held).toHaveLength(1);
});

test('a change is never sent to one that hangs', async () => {
  const client = clientOf(hungAddress(), good.tcpClient.address);
  const written: string[] = [];
  hung.on('connection', (socket: Socket) => socket.on('data', (data) => written.push(String(data))));
  const answer = client.call(
    'upsertDomain',
    { params: { name: 'shop' }, body: { ttlSeconds: 60 } },
    { signal },
  );
  await connections(1);
  await clock.advance(2_000);
  await answer.catch(() => undefined);
  expect(written.join('')).toMatch(/^GET \/v1\/version /);
});

test('when none answers every reason is told', async () => {
  const client = clientOf(refusing, hungAddress());
  const answer = client.call('version', {}, { signal });
  const told = expect(answer).rejects.toMatchObject({
    code: 'Unavailable',
    message: expect.stringMatching(/nobody answers at 127.0.0.1:1; .* gives no answer within 2 s/),
  });
  await connections(1);
  await clock.advance(2_000);
  await told;
});

test('a server that dies later is left by the call after the one that noticed', async () => {
  const other = await startApiServer();
  const client = clientOf(other.tcpClient.address, good.tcpClient.address);
  await client.call('version', {}, { signal });
  await other.close();
  await expect(client.call('version', {}, { signal })).rejects.toMatchObject({ code: 'Unavailable' });
  expect(await client.call('version', {}, { signal })).toMatchObject({ server: 'host-a' });
});
