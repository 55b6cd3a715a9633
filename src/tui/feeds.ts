/**
 * Keeps open what the pages want and nothing else: compares the wants with the feeds there are, begins, adapts and ends.
 * A feed that breaks says so, and is begun again for as long as it is wanted. Used by run.ts.
 */

import { readStream } from '../api/client/stream.ts';
import type { ViewFeed } from '../api/client/view-feed.ts';
import type { Client, StreamOptions } from '../api/client.ts';
import { type RouteInput, type RouteName } from '../api/core/routes.ts';
import { statsSampleSchema } from '../api/core/stats-shapes.ts';
import type { Clock } from '../base/clock.ts';
import { backoffMs } from '../base/core/backoff.ts';
import { errorBodyOf, SkepError } from '../base/core/errors.ts';
import type { Rng } from '../base/core/rng.ts';
import type { CellId } from '../model/ids.ts';
import type { ClusterConnection } from './connection.ts';
import { findConsoles } from './console-list.ts';
import type { PageKey, PageWant } from './core/app-model.ts';
import type { LogRequest } from './core/log-request.ts';
import type { Data, LogLine, StatsTarget, Want } from './core/page.ts';
import type { Subject } from './core/subject.ts';

const retry = { firstMs: 200, maxMs: 3_000 };
/** A feed that lived this long broke by itself, not because it never worked. */
const settledMs = 5_000;
/** Each cell is asked. */
const consolesEveryMs = 3_000;
/** Journal events that a page begins with. */
const firstEvents = 50;

export interface FeedsOptions {
  readonly connection: ClusterConnection;
  readonly clock: Clock;
  readonly rng: Rng;
  /** Lines of the output of instances, in batches, until the signal aborts. */
  openLogs(
    connection: ClusterConnection,
    request: LogRequest,
    signal: AbortSignal,
  ): AsyncIterable<readonly LogLine[]>;
  /** The sessions that panes hold. */
  ownConsoles(): readonly string[];
  deliver(page: PageKey, want: string, data: Data): void;
}

export interface Feeds {
  /** Makes what is open what is wanted. Cheap when nothing has changed. */
  sync(wants: readonly PageWant[]): void;
  /** Begins every feed anew. */
  refresh(): void;
  stop(): void;
}

interface Feed {
  readonly page: PageKey;
  want: Want;
  readonly stop: AbortController;
  /** Only of a view that is open: takes another query. */
  view?: ViewFeed | undefined;
}

export function createFeeds(options: FeedsOptions): Feeds {
  const feeds = new Map<string, Feed>();

  function begin(key: string, page: PageKey, want: Want): void {
    const feed: Feed = { page, want, stop: new AbortController() };
    feeds.set(key, feed);
    void keepOpen(options, feed);
  }

  function end(key: string): void {
    feeds.get(key)?.stop.abort();
    feeds.delete(key);
  }

  function adapt(key: string, feed: Feed, want: Want): void {
    if (feed.want === want || JSON.stringify(feed.want) === JSON.stringify(want)) return;
    const before = feed.want;
    if (want.kind === 'view' && before.kind === 'view' && want.query.kind === before.query.kind) {
      feed.want = want;
      feed.view?.change(want.query);
      return;
    }
    end(key);
    begin(key, feed.page, want);
  }

  return {
    sync(wants) {
      const keys = new Set<string>();
      for (const { page, want } of wants) {
        const key = `${page} ${want.id}`;
        keys.add(key);
        const feed = feeds.get(key);
        if (feed === undefined) begin(key, page, want);
        else adapt(key, feed, want);
      }
      for (const key of feeds.keys()) if (!keys.has(key)) end(key);
    },
    refresh() {
      // What is begun anew is put at the end: a walk over the map itself would never end.
      for (const [key, { page, want }] of Array.from(feeds)) {
        end(key);
        begin(key, page, want);
      }
    },
    stop() {
      for (const key of feeds.keys()) end(key);
    },
  };
}

async function keepOpen(options: FeedsOptions, feed: Feed): Promise<void> {
  const { connection, clock, rng } = options;
  const { signal } = feed.stop;
  let failures = 0;
  while (!signal.aborted) {
    const openedAt = clock.now();
    try {
      await runFeed(options, feed, connection.client);
    } catch (error) {
      if (signal.aborted) return;
      if (clock.now() - openedAt > settledMs) failures = 0;
      failures += 1;
      if (error instanceof SkepError && error.retryable) connection.suspect();
      options.deliver(feed.page, feed.want.id, { kind: 'broken', error: errorBodyOf(error) });
    }
    if (signal.aborted) return;
    await connection.change(backoffMs(retry, Math.max(1, failures), rng), signal);
  }
}

/** Delivers until the signal aborts; throws when it breaks. */
async function runFeed(options: FeedsOptions, feed: Feed, client: Client): Promise<void> {
  const { want } = feed;
  const { signal } = feed.stop;
  const deliver = (data: Data): void => {
    if (!signal.aborted) options.deliver(feed.page, want.id, data);
  };
  switch (want.kind) {
    case 'view':
      return await runView(feed, client, deliver);
    case 'poll':
      return await poll(options.clock, client, want, signal, deliver);
    case 'stats':
      for await (const sample of statsOf(client, want.target, signal)) deliver({ kind: 'stats', sample });
      return;
    case 'logs':
      await followLogs(options, want.request, signal, deliver);
      return;
    case 'events':
      return await follow(client, want, signal, deliver);
    case 'consoles':
      return await askForConsoles(options, want.subject, signal, deliver);
  }
}

async function askForConsoles(
  { connection, clock, ownConsoles }: FeedsOptions,
  subject: Subject | undefined,
  signal: AbortSignal,
  deliver: (data: Data) => void,
): Promise<void> {
  while (!signal.aborted) {
    const { client } = connection;
    const answer = await findConsoles({ client, clock, signal }, subject);
    deliver({ kind: 'consoles', ...answer, own: ownConsoles() });
    await clock.sleep(consolesEveryMs, signal);
  }
}

async function followLogs(
  { connection, openLogs }: FeedsOptions,
  request: LogRequest,
  signal: AbortSignal,
  deliver: (data: Data) => void,
): Promise<void> {
  let anew = true;
  for await (const lines of openLogs(connection, request, signal)) {
    deliver({ kind: 'logs', lines, anew });
    anew = false;
  }
}

async function runView(feed: Feed, client: Client, deliver: (data: Data) => void): Promise<void> {
  if (feed.want.kind !== 'view') return;
  const asked: Want = feed.want;
  const opened = await client.view(asked.query, { signal: feed.stop.signal });
  feed.view = opened;
  try {
    // It may have moved on while the view was opened.
    const now: Want = feed.want;
    if (now !== asked && now.kind === 'view') opened.change(now.query);
    for await (const message of opened.messages) deliver({ kind: 'view', message });
  } finally {
    feed.view = undefined;
    opened.close();
  }
}

async function poll(
  clock: Clock,
  client: Client,
  want: Extract<Want, { kind: 'poll' }>,
  signal: AbortSignal,
  deliver: (data: Data) => void,
): Promise<void> {
  while (!signal.aborted) {
    // The page made the input with the route's own type: core/page.ts `poll`.
    const value = await client.call(want.route, want.input as RouteInput<RouteName>, { signal });
    deliver({ kind: 'answer', value });
    await clock.sleep(want.everyMs, signal);
  }
}

async function* statsOf(client: Client, target: StatsTarget, signal: AbortSignal) {
  const socket = await client.openStream({ kind: 'stats', ...statsQuery(target) }, { signal });
  const close = (): void => socket.close();
  // It may have gone out of want at the moment that the stream was opened.
  if (signal.aborted) close();
  signal.addEventListener('abort', close, { once: true });
  try {
    const decoder = new TextDecoder();
    for await (const message of readStream(socket)) {
      if (message.kind === 'data') yield statsSampleSchema.parse(JSON.parse(decoder.decode(message.payload)));
      else if (message.control.kind === 'error') throw streamError(message.control);
    }
    throw new SkepError('Unavailable', 'the cell ended the measurements');
  } finally {
    signal.removeEventListener('abort', close);
    socket.close();
  }
}

function statsQuery(target: StatsTarget): Partial<StreamOptions> {
  if ('cell' in target) return { cell: target.cell as CellId };
  return 'instance' in target ? { target: target.instance } : { target: target.task, task: true };
}

function streamError({ message, hint }: { message: string; hint?: string | undefined }): SkepError {
  return new SkepError('Unavailable', message, { hint });
}

async function follow(
  client: Client,
  want: Extract<Want, { kind: 'events' }>,
  signal: AbortSignal,
  deliver: (data: Data) => void,
): Promise<void> {
  const { subject } = want;
  const query = { limit: firstEvents, ...(subject === undefined ? {} : { subject }) };
  const { rows } = await client.call('listEvents', { query }, { signal });
  deliver({ kind: 'events', events: rows });
  const since = rows
    .map(({ id }) => id)
    .sort()
    .at(-1);
  for await (const event of client.events({ since: since ?? '', subject }, { signal }))
    deliver({ kind: 'events', events: [event] });
}
