/** An engine that hangs, falls silent or goes: what only a false one shows on demand. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type VirtualClock, virtualClock } from '../../../test/kit/virtual-clock.ts';
import { silentLog } from '../../base/log.ts';
import type { Runtime } from '../runtime.ts';
import { dockerRuntime } from './docker-runtime.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let folder: string;
let server: Server;
let answer: Answer;
let requests: string[];
let clock: VirtualClock;
let runtime: Runtime;
const { signal } = new AbortController();

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'skep-engine-'));
  requests = [];
  answer = (_, response) => void response.writeHead(500).end('{"message":"not expected"}');
  server = createServer((request, response) => {
    requests.push(`${request.method} ${decodeURIComponent(request.url ?? '')}`);
    answer(request, response);
  });
  server.listen(join(folder, 'engine.sock'));
  await once(server, 'listening');
  clock = virtualClock();
  runtime = dockerRuntime({ dockerHost: `unix://${folder}/engine.sock`, clock, log: silentLog });
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

const hang: Answer = () => undefined;
const arrived = (count = 1) => vi.waitFor(() => expect(requests.length).toBeGreaterThanOrEqual(count));

describe('an engine that does not answer', () => {
  test('is given 30 s, then is unavailable', async () => {
    answer = hang;
    const asked = runtime.inspect('abc', { signal });
    const failure = expect(asked).rejects.toMatchObject({
      code: 'Unavailable',
      message: `the container engine did not answer within 30 s (inspect container abc, at ${folder}/engine.sock)`,
    });
    await arrived();
    await clock.advance(29_999);
    expect(clock.pendingTimers).toBe(1);
    await clock.advance(1);
    await failure;
  });

  test('is given the grace on top when it stops a container, and is asked for whole seconds', async () => {
    answer = hang;
    const stopped = expect(runtime.stop('abc', { graceMs: 1_500, signal })).rejects.toMatchObject({
      code: 'Unavailable',
    });
    await arrived();
    expect(requests).toEqual(['POST /containers/abc/stop?t=2']);
    await clock.advance(31_999);
    expect(clock.pendingTimers).toBe(1);
    await clock.advance(1);
    await stopped;
  });

  test('is left at once when the signal aborts', async () => {
    answer = hang;
    const stop = new AbortController();
    const reason = new Error('the agent stops');
    const asked = expect(runtime.start('abc', { signal: stop.signal })).rejects.toBe(reason);
    await arrived();
    stop.abort(reason);
    await asked;
    expect(clock.pendingTimers).toBe(0);
  });
});

test('an engine that is not there is named, with what to do', async () => {
  const absent = dockerRuntime({ dockerHost: `unix://${folder}/none.sock`, clock, log: silentLog });
  await expect(absent.info({ signal })).rejects.toMatchObject({
    code: 'Unavailable',
    message: expect.stringContaining(`no container engine answers at ${folder}/none.sock`),
    hint: expect.stringContaining('systemctl start docker'),
  });
});

describe('events', () => {
  const owner = { clusterId: 'c', cellId: 'cell', signal };

  test('of an engine that goes end with that', async () => {
    answer = (_, response) => {
      response.writeHead(200).write('\n');
      setImmediate(() => response.end());
    };
    const followed = runtime.events(owner, () => undefined);
    await expect(followed).rejects.toMatchObject({ code: 'Unavailable', hint: expect.any(String) });
  });

  test('of an engine that is killed end with that', async () => {
    answer = (_, response) => {
      response.writeHead(200).write('\n');
      setImmediate(() => response.destroy());
    };
    await expect(runtime.events(owner, () => undefined)).rejects.toMatchObject({ code: 'Unavailable' });
  });

  test("are asked for this cell's containers, from the moment of the call", async () => {
    answer = (_, response) => void response.end();
    await expect(runtime.events(owner, () => undefined)).rejects.toThrow();
    expect(requests[0]).toContain('since=1700000000.000');
    expect(requests[0]).toContain('"label":["skep.cluster=c","skep.cell=cell"]');
  });

  test('that are not about a container of ours are passed over', async () => {
    const attributes = {
      'skep.cluster': 'c',
      'skep.cell': 'cell',
      'skep.kind': 'task',
      'skep.guid': 'job',
      'skep.index': '0',
      'skep.instance': 'i',
    };
    const event = (Action: string, Attributes: object) =>
      `${JSON.stringify({ Action, Actor: { ID: 'f00', Attributes } })}\n`;
    answer = (_, response) => {
      response.write(event('die', {}) + event('rename', attributes));
      // Podman answers with what has any one of the labels.
      response.write(event('die', { ...attributes, 'skep.cell': 'another' }));
      response.write(event('die', { ...attributes, 'skep.cluster': 'another' }));
      response.end(event('die', attributes));
    };
    const seen: string[] = [];
    await expect(runtime.events(owner, ({ kind, id }) => seen.push(`${kind} ${id}`))).rejects.toThrow();
    expect(seen).toEqual(['died f00']);
  });
});

describe('a pull', () => {
  let pulling: ServerResponse | undefined;

  beforeEach(() => {
    pulling = undefined;
    answer = (request, response) => {
      if (request.method === 'GET')
        return void response.writeHead(404).end('{"message":"No such image: app:1"}');
      pulling = response;
      response.writeHead(200).write('{"status":"Pulling from app"}\n');
    };
  });
  const say = (line: object): Promise<void> =>
    new Promise((resolve) => void pulling?.write(`${JSON.stringify(line)}\n`, () => resolve()));
  const pull = () => runtime.ensureImage('app', { signal });

  test('asks for one tag, never for all', async () => {
    const pulled = pull();
    await vi.waitFor(() => expect(pulling).toBeDefined());
    expect(requests[1]).toBe('POST /images/create?fromImage=app&tag=latest');
    pulling?.end();
    await pulled;
  });

  test('without progress for 60 s is given up', async () => {
    const pulled = expect(pull()).rejects.toMatchObject({
      code: 'Unavailable',
      message: 'cannot pull image app: no progress for 60 s',
    });
    await vi.waitFor(() => expect(pulling).toBeDefined());
    await clock.advance(60_000);
    await pulled;
  });

  test('with progress goes on, for 10 min at most', async () => {
    const pulled = expect(pull()).rejects.toMatchObject({
      code: 'Unavailable',
      message: expect.stringContaining('did not answer within 600 s (pull image app'),
    });
    await vi.waitFor(() => expect(pulling).toBeDefined());
    for (let seconds = 0; seconds < 600; seconds += 10) {
      await say({ status: 'Downloading' });
      // The line travels through a real socket; five of six may be late without the silence being noticed.
      await new Promise((resolve) => setTimeout(resolve, 5));
      await clock.advance(10_000);
    }
    await pulled;
  });

  test('that fails half way tells why', async () => {
    const pulled = pull();
    await vi.waitFor(() => expect(pulling).toBeDefined());
    pulling?.end('{"errorDetail":{"message":"manifest unknown"},"error":"manifest unknown"}\n');
    await expect(pulled).rejects.toMatchObject({
      code: 'ResourceNotFound',
      message: 'cannot pull image app: manifest unknown',
    });
  });
});
