import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { QuietAgent } from './engine.ts';

it('what docker-modem prints of each request does not grow with the sockets in use', () => {
  const agent = new QuietAgent();
  expect(inspect({ agent }, { showHidden: true, depth: null })).toBe('{ agent: Agent }');
});

/** An engine that never hangs up by itself. */
async function patientServer(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const folder = mkdtempSync(join(tmpdir(), 'skep-engine-'));
  const server = createServer({ keepAliveTimeout: 0 }, answer);
  const connections: Promise<unknown>[] = [];
  server.on('connection', (socket: Socket) => connections.push(once(socket, 'close')));
  server.listen(join(folder, 'engine.sock'));
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  });
  return { socketPath: join(folder, 'engine.sock'), connections };
}

it('a connection that nobody uses is closed from our side', async () => {
  const { socketPath, connections } = await patientServer((_, response) => void response.end('well'));
  const agent = new QuietAgent(50);
  const [response] = (await once(get({ socketPath, agent }), 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
  expect(connections).toHaveLength(1);
  // Without its end this test runs into its deadline.
  await connections[0];
});

it('a connection that is in use is kept, however silent it is', async () => {
  let silent: ServerResponse | undefined;
  const { socketPath } = await patientServer((_, response) => {
    response.write('first');
    silent = response;
  });
  const request = get({ socketPath, agent: new QuietAgent(20) });
  let timeouts = 0;
  const quiet = new Promise<void>((resolve) => request.on('timeout', () => ++timeouts === 1 && resolve()));
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let text = '';
  response.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  await quiet;
  silent?.end('last');
  await once(response, 'end');
  expect(text).toBe('firstlast');
});
