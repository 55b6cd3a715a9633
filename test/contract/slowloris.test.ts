/** Clients that send a request a byte at a time, or none at all, hold up nobody and are let go. Takes as long as the deadline. */
import { connect, type TLSSocket } from 'node:tls';
import { expect, test } from 'vitest';
import { eventually } from '../kit/e2e-cluster.ts';
import { startTlsServer } from '../kit/tls-server.ts';

test('a hundred slow clients are let go, and others are answered meanwhile', async () => {
  const server = await startTlsServer();
  const port = Number(server.listening.address.split(':')[1]);
  const holder = await server.holder('oscar', ['operator']);
  const { ca, certificate, key } = holder.current();
  let ended = 0;
  const slow: TLSSocket[] = Array.from({ length: 100 }, () => {
    const socket = connect({
      host: '127.0.0.1',
      port,
      ca,
      cert: certificate,
      key,
      checkServerIdentity: () => undefined,
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      ended += 1;
    });
    socket.write('GET /v1/status HTTP/1.1\r\nhost: a\r\nx-slow: ');
    return socket;
  });
  const dribble = setInterval(() => {
    for (const socket of slow) if (socket.writable) socket.write('.');
  }, 200);
  try {
    const limits = { signal: new AbortController().signal };
    expect(await server.client(holder).call('version', {}, limits)).toMatchObject({ server: 'host-a' });
    await eventually('all are let go', 60_000, async () => {
      await server.client(holder).call('version', {}, limits);
      if (ended < slow.length) throw new Error(`${ended} of ${slow.length}`);
    });
  } finally {
    clearInterval(dribble);
    for (const socket of slow) socket.destroy();
    await server.close();
  }
}, 90_000);
