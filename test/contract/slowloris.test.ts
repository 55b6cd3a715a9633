/**
 * Clients that send a request a byte at a time, half a handshake, half an upgrade, or nothing at all hold up nobody and
 * are let go. Takes as long as the longest deadline.
 */
import { connect as connectTcp, type Socket } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { expect, test } from 'vitest';
import { eventually } from '../kit/e2e-cluster.ts';
import { startTlsServer } from '../kit/tls-server.ts';

/** The beginning of a TLS record that announces more than ever comes. */
const halfHandshake = Buffer.from('1603010200010001fc0303', 'hex');

/** Each slow in its own way; the others are slow after a handshake. */
const untold = [undefined, halfHandshake, Buffer.from([0x16])] as const;
const headers = 'GET /v1/status HTTP/1.1\r\nhost: a\r\nx-slow: ';
const body = 'POST /v1/lrps HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\n{';
const upgrade = 'GET /v1/view HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\nx-slow: ';

test('slow clients of every kind are let go, and others are answered meanwhile', async () => {
  const server = await startTlsServer();
  const port = Number(server.listening.address.split(':')[1]);
  const holder = await server.holder('oscar', ['operator']);
  const { ca, certificate, key } = holder.current();
  const slow = new Set<Socket | TLSSocket>();
  let opened = 0;
  const keep = (socket: Socket | TLSSocket): void => {
    opened += 1;
    slow.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => slow.delete(socket));
    // An answer that nobody reads would keep the connection open for a while.
    socket.resume();
  };
  for (const begin of untold.flatMap((one) => Array.from({ length: 20 }, () => one))) {
    const socket = connectTcp(port, '127.0.0.1', () => begin !== undefined && socket.write(begin));
    keep(socket);
  }
  const options = {
    host: '127.0.0.1',
    port,
    ca,
    cert: certificate,
    key,
    checkServerIdentity: () => undefined,
  };
  for (const begin of [headers, body, upgrade].flatMap((one) => Array.from({ length: 30 }, () => one))) {
    const socket = connect(options);
    socket.write(begin);
    keep(socket);
  }
  const dribble = setInterval(() => {
    for (const socket of slow) if ('encrypted' in socket && socket.writable) socket.write('.');
  }, 200);
  try {
    expect(opened).toBe(150);
    const limits = { signal: new AbortController().signal };
    expect(await server.client(holder).call('version', {}, limits)).toMatchObject({ server: 'host-a' });
    await eventually('all are let go', 75_000, async () => {
      await server.client(holder).call('version', {}, limits);
      if (slow.size > 0) throw new Error(`${slow.size} of ${opened} are open`);
    });
  } finally {
    clearInterval(dribble);
    for (const socket of slow) socket.destroy();
    await server.close();
  }
}, 120_000);

test('thousands of connections that prove nothing take no place from others', async () => {
  const server = await startTlsServer();
  const port = Number(server.listening.address.split(':')[1]);
  const idle = new Set<Socket>();
  try {
    for (let wave = 0; wave < 6; wave++) {
      const opening = Array.from({ length: 250 }, async () => {
        const socket = connectTcp(port, '127.0.0.1');
        idle.add(socket);
        socket.on('close', () => idle.delete(socket));
        await new Promise<void>((resolve) => {
          socket.once('connect', resolve);
          socket.once('error', () => resolve());
        });
      });
      await Promise.all(opening);
    }
    const limits = { signal: new AbortController().signal };
    const holder = await server.holder('oscar', ['operator']);
    expect(await server.client(holder).call('status', {}, limits)).toMatchObject({ server: 'host-a' });
    await eventually('no more than 1,024 are left', 10_000, async () => {
      if (idle.size > 1_024) throw new Error(`${idle.size}`);
    });
    expect(idle.size).toBeGreaterThan(900);
  } finally {
    for (const socket of idle) socket.destroy();
    await server.close();
  }
}, 60_000);
