import { describe, expect, test } from 'vitest';
import { buildActual } from '../../test/kit/builders.ts';
import { socketPair } from '../../test/kit/socket-pair.ts';
import { virtualClock } from '../../test/kit/virtual-clock.ts';
import type { Client, StreamOptions } from '../api/client.ts';
import type { WatchMessage } from '../api/core/routes.ts';
import { type Control, packFrame } from '../api/core/stream-frames.ts';
import { pause } from '../base/clock.ts';
import { SkepError } from '../base/core/errors.ts';
import type { Socket } from '../base/socket.ts';
import type { ActualLrp } from '../model/actual-lrp.ts';
import type { ClusterConnection } from './connection.ts';
import type { LogRequest } from './core/log-request.ts';
import type { LogLine } from './core/page.ts';
import { openLogs } from './log-feed.ts';

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

class CellLog {
  readonly query: StreamOptions;
  readonly cut: () => void;
  readonly #socket: Socket;
  constructor(query: StreamOptions, socket: Socket, cut: () => void) {
    this.query = query;
    this.#socket = socket;
    this.cut = cut;
  }
  async opens(): Promise<void> {
    await this.says({ kind: 'opened' });
  }
  async says(control: Control): Promise<void> {
    await this.#socket.send(packFrame('control', encode(control)));
  }
  async line(at: number, text: string, channel: 'stdout' | 'stderr' = 'stdout'): Promise<void> {
    await this.#socket.send(packFrame(channel, encode({ at, text })));
  }
}

const instance = (index: number): ActualLrp =>
  buildActual({ guid: 'web', index, cellId: 'cell-1', instanceGuid: `guid-${index}`, state: 'RUNNING' });

class World {
  readonly clock = virtualClock();
  readonly stop = new AbortController();
  readonly logs: CellLog[] = [];
  readonly batches: (readonly LogLine[])[] = [];
  /** Rows that the watch says now; undefined cuts it. */
  #tell: (message: WatchMessage | Error) => void = () => undefined;
  taskState = 'RUNNING';
  exists = true;
  done: Promise<void> | undefined;

  begin(request: Partial<LogRequest> = {}): this {
    const client: Partial<Client> = {
      openStream: async (query) => {
        const pair = socketPair();
        this.logs.push(new CellLog(query, pair.right, pair.cut));
        return pair.left;
      },
      watch: (_query, { signal }) => this.#watch(signal),
      call: (async (route: string) => {
        if (route === 'getTask') return { guid: 'night', state: this.taskState, cellId: 'cell-2' };
        if (route === 'getLrp' && !this.exists)
          throw new SkepError('ResourceNotFound', 'there is no such LRP');
        return { rows: [instance(0), instance(1)], revision: 1 };
      }) as unknown as Client['call'],
    };
    const connection: ClusterConnection = {
      client: client as Client,
      suspect: () => undefined,
      change: async (ms, signal) => void (await pause(this.clock, ms, signal)),
    };
    const options = {
      connection,
      clock: this.clock,
      signal: this.stop.signal,
      request: { target: { lrp: 'web' }, tail: 100, previous: false, ...request },
    };
    this.done = (async () => {
      for await (const lines of openLogs(options)) this.batches.push(lines);
    })();
    return this;
  }

  async *#watch(signal: AbortSignal): AsyncGenerator<WatchMessage> {
    const queue: (WatchMessage | Error)[] = [];
    let wake = (): void => undefined;
    this.#tell = (message) => {
      queue.push(message);
      wake();
    };
    signal.addEventListener('abort', () => wake());
    while (!signal.aborted) {
      const next = queue.shift();
      if (next instanceof Error) throw next;
      if (next !== undefined) yield next;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  }

  async instances(...rows: ActualLrp[]): Promise<void> {
    await this.clock.settle();
    this.#tell({
      type: 'snapshot',
      revision: 1,
      rows: rows.map((row) => ({ key: `web/${row.index}`, row })),
    });
    await this.clock.settle();
  }
  breakWatch(): void {
    this.#tell(new SkepError('Unavailable', 'the server has gone'));
  }
  log(at: number): CellLog {
    const log = this.logs[at];
    if (log === undefined) throw new Error(`no log ${at} was opened`);
    return log;
  }
  get lines(): readonly LogLine[] {
    return this.batches.flat();
  }
  texts(): string[] {
    return this.lines.map(({ source, text }) => (source === '' ? text : `${source}: ${text}`));
  }
  async end(): Promise<void> {
    this.stop.abort();
    await this.done;
  }
}

describe('all instances of an LRP', () => {
  test('lines come in the order of their time, with what they belong to', async () => {
    const world = new World().begin({ since: 5 });
    await world.instances(instance(0), instance(1));
    expect(world.logs.map(({ query }) => query)).toMatchObject([
      { kind: 'logs', target: 'web/0', follow: true, tail: 100, since: 5 },
      { kind: 'logs', target: 'web/1', follow: true, tail: 100, since: 5 },
    ]);
    for (const log of world.logs) await log.opens();
    await world.log(0).line(10, 'a');
    await world.log(0).line(30, 'c');
    await world.log(1).line(20, 'b', 'stderr');
    await world.clock.advance(1_000);
    expect(world.texts()).toEqual(['web/0: a', 'web/1: b', 'web/0: c']);
    expect(world.lines[1]).toMatchObject({ at: 20, cell: 'cell-1', stream: 'stderr' });
    await world.end();
    expect(world.clock.pendingTimers).toBe(0);
  });

  test('a new instance joins with a note and is read from its beginning; the end of one is told in its place', async () => {
    const world = new World().begin();
    await world.instances(instance(0));
    await world.log(0).opens();
    await world.instances(instance(0), instance(1));
    expect(world.log(1).query.tail).toBeUndefined();
    await world.log(1).opens();
    await world.log(0).line(10, 'last words');
    await world.log(0).says({ kind: 'exit', code: 137 });
    await world.clock.advance(1_000);
    expect(world.texts()).toEqual([
      '-- web/1 on cell-1 joined --',
      'web/0: last words',
      'web/0: -- web/0 exited 137 on cell-1 --',
    ]);
    await world.end();
  });

  test('a lost line: read again from the last moment, nothing twice, nothing lost', async () => {
    const world = new World().begin();
    await world.instances(instance(0));
    await world.log(0).opens();
    await world.log(0).line(10, 'a');
    await world.log(0).line(20, 'b');
    await world.clock.advance(500);
    world.log(0).cut();
    world.breakWatch();
    await world.clock.advance(3_000);
    await world.instances(instance(0));
    expect(world.logs).toHaveLength(2);
    expect(world.log(1).query).toMatchObject({ target: 'web/0', since: 20 });
    await world.log(1).opens();
    await world.log(1).line(20, 'b');
    await world.log(1).line(20, 'b2');
    await world.log(1).line(30, 'c');
    await world.clock.advance(1_000);
    expect(world.texts().filter((text) => text.startsWith('web'))).toEqual([
      'web/0: a',
      'web/0: b',
      'web/0: b2',
      'web/0: c',
    ]);
    expect(world.texts()).toContain('-- the server has gone; trying again --');
    expect(world.texts()).toContain('-- connected again --');
    await world.end();
  });

  test('fifty are read, the others are told, and get their turn', async () => {
    const world = new World().begin();
    const all = Array.from({ length: 60 }, (_, index) => instance(index));
    await world.instances(...all);
    expect(world.logs).toHaveLength(50);
    await world.log(3).opens();
    await world.log(3).says({ kind: 'exit', code: 0 });
    await world.clock.advance(500);
    expect(world.logs).toHaveLength(51);
    expect(world.log(50).query).toMatchObject({ target: 'web/50', tail: 100 });
    expect(world.texts()[0]).toContain('50 instances are read, 10 more are not');
    await world.end();
  });

  test('no instance is said', async () => {
    const world = new World().begin();
    await world.instances();
    await world.clock.advance(500);
    expect(world.texts()[0]).toContain('no instance has a container');
    await world.end();
  });

  test('a name that does not exist is said, and no lines are promised', async () => {
    const world = new World();
    world.exists = false;
    world.begin();
    await world.instances();
    await world.clock.advance(500);
    expect(world.texts()[0]).toBe('-- there is no LRP "web": ":lrps" lists them --');
    await world.end();
  });
});

test('an instance that could not be started has no last words to look for', async () => {
  const world = new World().begin();
  const crashReason = 'failed to create container: cannot pull image a/b:1: no such host';
  await world.instances(buildActual({ guid: 'web', index: 0, state: 'CRASHED', crashCount: 3, crashReason }));
  await world.clock.advance(1_000);
  expect(world.logs).toEqual([]);
  expect(world.texts()).toEqual([
    `-- web/0 has no container: CRASHED, 3 crashes in a row: ${crashReason}; ":why web/0" tells what to do --`,
  ]);
  await world.end();
});

test('an instance without a container: how it is, and its last words', async () => {
  const world = new World().begin({ target: { instance: 'web/1' }, tail: 200 });
  await world.instances(
    instance(0),
    buildActual({
      guid: 'web',
      index: 1,
      state: 'CRASHED',
      crashCount: 3,
      crashReason: 'exited with status 7',
    }),
  );
  expect(world.logs.map(({ query }) => query)).toMatchObject([
    { target: 'web/1', previous: true, follow: false, tail: 20 },
  ]);
  await world.log(0).opens();
  await world.log(0).line(1, 'cannot open /data');
  await world.log(0).says({ kind: 'exit', code: 7 });
  await world.clock.advance(1_000);
  expect(world.texts()).toEqual([
    '-- web/1 has no container: CRASHED, 3 crashes in a row: exited with status 7 --',
    '-- the last lines before the crash, ":logs -p" has all --',
    'web/1: cannot open /data',
    'web/1: -- end of what web/1 wrote before --',
  ]);
  await world.instances(instance(1));
  expect(world.log(1).query).toMatchObject({ target: 'web/1', previous: false, follow: true });
  await world.end();
});

test('of many without a container a few are told, and how many more there are', async () => {
  const world = new World().begin();
  const waiting = Array.from({ length: 12 }, (_, index) => buildActual({ guid: 'web', index }));
  await world.instances(instance(20), ...waiting);
  await world.clock.advance(500);
  expect(world.texts()[0]).toBe('-- web/0 has no container: UNCLAIMED --');
  expect(world.texts().at(-1)).toBe('-- 2 more instances have no container --');
  await world.end();
});

test('one instance: its index only', async () => {
  const world = new World().begin({ target: { instance: 'web/1' } });
  await world.instances(instance(0), instance(1));
  expect(world.logs.map(({ query }) => query.target)).toEqual(['web/1']);
  await world.end();
});

test('a task, and what cannot be read is a note', async () => {
  const world = new World().begin({ target: { task: 'night' } });
  await world.clock.settle();
  expect(world.log(0).query).toMatchObject({ target: 'night', task: true, follow: true });
  await world.log(0).says({ kind: 'error', code: 'NotRunning', message: 'it was never started' });
  await world.clock.advance(5_000);
  expect(world.logs.length).toBeGreaterThan(1);
  world.taskState = 'COMPLETED';
  for (const log of world.logs)
    await log.says({ kind: 'error', code: 'NotRunning', message: 'gone' }).catch(() => undefined);
  await world.clock.advance(5_000);
  for (const log of world.logs)
    await log.says({ kind: 'error', code: 'NotRunning', message: 'gone' }).catch(() => undefined);
  await world.clock.advance(5_000);
  expect(world.texts()).toEqual(['night: -- night: gone --']);
  await world.end();
});

test('the crash before: read once, not followed', async () => {
  const world = new World().begin({ previous: true });
  await world.clock.settle();
  expect(world.logs.map(({ query }) => query)).toMatchObject([
    { target: 'web/0', previous: true, follow: false },
    { target: 'web/1', previous: true, follow: false },
  ]);
  for (const log of world.logs) {
    await log.opens();
    await log.line(1, 'crash');
    await log.says({ kind: 'exit', code: 1 });
  }
  await world.clock.advance(1_000);
  expect(world.texts().filter((text) => text.includes('end of what'))).toHaveLength(2);
  await world.end();
});

test('at most ten batches a second, and a page that takes nothing holds the cell back', async () => {
  const world = new World().begin();
  await world.instances(instance(0));
  await world.log(0).opens();
  let sent = 0;
  const flood = (async () => {
    for (; sent < 40_000; sent += 1) await world.log(0).line(sent, `line ${sent}`);
  })();
  for (let i = 0; i < 50; i += 1) await world.clock.settle();
  expect(sent).toBeLessThan(25_000);
  const before = world.batches.length;
  await world.clock.advance(1_000);
  expect(world.batches.length - before).toBeLessThanOrEqual(11);
  for (let i = 0; i < 200 && sent < 40_000; i += 1) await world.clock.advance(200);
  await flood;
  await world.clock.advance(2_000);
  expect(world.lines).toHaveLength(40_000);
  expect(Math.max(...world.batches.map(({ length }) => length))).toBeLessThanOrEqual(5_000);
  await world.end();
});
