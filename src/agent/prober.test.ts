/** The real prober, against servers on loopback. */
import { createServer, type Server } from 'node:http';
import { createServer as createTcp, type Server as TcpServer } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { networkProber } from './prober.ts';

const servers: (Server | TcpServer)[] = [];
const prober = networkProber();
const signal = new AbortController().signal;
const pace = { timeoutMs: 1_000, intervalMs: 30_000 };

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listen(server: Server | TcpServer): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const web = (status: number): Server =>
  createServer((request, response) => response.writeHead(request.url === '/ping' ? status : 404).end('x'));

test.each([
  [200, true],
  [204, false],
  [301, false],
  [500, false],
])('[diego 148] an HTTP check and status %i', async (status, ok) => {
  const port = await listen(web(status));
  const result = await prober.probe({ kind: 'http', port, path: '/ping', ...pace }, '127.0.0.1', { signal });
  expect(result.ok).toBe(ok);
  if (!result.ok) {
    expect(result.output).toBe(
      `failed to make HTTP request to '/ping' on port ${port}: received status code ${status}`,
    );
  }
});

test('[diego 150] a refused HTTP request', async () => {
  const port = await listen(web(200));
  servers.splice(0).forEach((server) => server.close());
  const result = await prober.probe({ kind: 'http', port, path: '/ping', ...pace }, '127.0.0.1', { signal });
  expect(result).toEqual({
    ok: false,
    output: `failed to make HTTP request to '/ping' on port ${port}: connection refused`,
  });
});

test('[diego 151] a TCP check, open and refused', async () => {
  const port = await listen(createTcp((socket) => socket.destroy()));
  const check = { kind: 'tcp', port, ...pace } as const;
  expect(await prober.probe(check, '127.0.0.1', { signal })).toEqual({ ok: true });
  servers.splice(0).forEach((server) => server.close());
  expect(await prober.probe(check, '127.0.0.1', { signal })).toEqual({
    ok: false,
    output: `failed to make TCP connection to 127.0.0.1:${port}: dial tcp 127.0.0.1:${port}: connect: connection refused`,
  });
});

test('a server that never answers ends with the signal', async () => {
  const port = await listen(createServer(() => undefined));
  const stop = new AbortController();
  const asked = prober.probe({ kind: 'http', port, path: '/ping', ...pace }, '127.0.0.1', {
    signal: stop.signal,
  });
  stop.abort(new Error('too late'));
  await expect(asked).rejects.toThrow('too late');
});
