/**
 * A server as a client of the API sees it, without a network: it answers with what a test holds, breaks when it is told,
 * and counts what is open. For tests of the shell of the terminal UI.
 */
import type { Client, ViewFeed } from '../../src/api/client.ts';
import type { Status, WatchMessage } from '../../src/api/core/routes.ts';
import { type Control, packFrame, unpackFrame } from '../../src/api/core/stream-frames.ts';
import type { ViewKind, ViewMessage, ViewQuery, ViewRow } from '../../src/api/core/view-shapes.ts';
import { type Clock, withDeadline } from '../../src/base/clock.ts';
import { SkepError } from '../../src/base/core/errors.ts';
import type { Socket } from '../../src/base/socket.ts';
import type { PageWant } from '../../src/tui/core/app-model.ts';
import type { Data, Want } from '../../src/tui/core/page.ts';
import { socketPair } from './socket-pair.ts';
import { answerView } from './view-server.ts';

export interface FakeClient extends Client {
  /** What the next `status` says; an error refuses, undefined never answers. */
  status: Status | Error | undefined;
  /** Routes that were called, and queries of views that were asked, oldest first. */
  readonly calls: string[];
  /** Views, streams and journals that are open now. */
  readonly open: number;
  /** Every view, stream and journal that is open breaks. */
  cut(): void;
}

export interface FakeServer {
  readonly clock: Clock;
  readonly address: string;
  readonly rows?: (kind: ViewKind) => readonly ViewRow[];
  /** Answers routes, measurements and journals: what a page is told of the want. */
  readonly data?: (want: Want) => readonly Data[];
  /** Before `data`: throws, or answers a route itself when it gives something. */
  readonly answer?: (route: string, input: unknown) => unknown;
  /** What a watch begins with. */
  readonly watched?: readonly WatchMessage[];
  /** What a console and a log print as soon as they are open. */
  readonly output?: string;
}

export function fakeClient(server: FakeServer): FakeClient {
  const { clock, address, rows, data, answer, watched = [], output = '' } = server;
  const calls: string[] = [];
  const cuts = new Set<() => void>();
  const dataOf = (want: Want): readonly Data[] => data?.(want) ?? [];

  const client: FakeClient = {
    address,
    status: undefined,
    calls,
    get open() {
      return cuts.size;
    },
    cut() {
      for (const each of cuts) each();
    },
    call(route, input, { signal, deadlineMs = 10_000 }) {
      calls.push(route);
      const late = (): SkepError => new SkepError('Unavailable', `${address} did not answer`);
      return withDeadline(clock, deadlineMs, signal, late, async (inner) => {
        if (route === 'status') return (await statusOf(client.status, inner)) as never;
        const given = answer?.(route, input);
        if (given !== undefined) return given as never;
        if (route === 'listEvents') {
          const subject = (input as { query: { subject?: string } }).query.subject;
          const [events] = dataOf({ kind: 'events', id: '', subject });
          return { rows: events?.kind === 'events' ? events.events : [], next: undefined } as never;
        }
        const [said] = dataOf({ kind: 'poll', id: '', route, input, everyMs: 1 });
        if (said?.kind === 'answer') return said.value as never;
        throw new SkepError('ResourceNotFound', `${route} is not answered here`);
      });
    },
    download() {
      throw new SkepError('Unavailable', 'this client downloads nothing');
    },
    watch: (_query, { signal }) => untilCut(signal, cuts, watched),
    events: (_query, { signal }) => untilCut<never>(signal, cuts, []),
    async openStream(query) {
      if (query.kind !== 'stats')
        return openedStream(cuts, query.kind === 'logs' ? logLines(output) : output);
      const [first] = dataOf({ kind: 'stats', id: '', target: { cell: query.cell ?? 'host-01' } });
      return statsStream(cuts, first);
    },
    view: async (query, { signal }) => viewOf(query, signal, { cuts, calls, rows: rows ?? (() => []) }),
  };
  return client;
}

async function statusOf(status: FakeClient['status'], signal: AbortSignal): Promise<Status> {
  if (status instanceof Error) throw status;
  if (status !== undefined) return status;
  return await new Promise<never>((_, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
  );
}

const lost = (): SkepError => new SkepError('Unavailable', 'the connection was lost');

/** Says what it begins with and nothing more; throws at the cut, ends with the signal. */
async function* untilCut<T>(
  signal: AbortSignal,
  cuts: Set<() => void>,
  beginning: readonly T[],
): AsyncGenerator<T> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const cut = (): void => reject(lost());
  const stop = (): void => resolve();
  if (signal.aborted) return;
  cuts.add(cut);
  signal.addEventListener('abort', stop, { once: true });
  try {
    yield* beginning;
    await promise;
  } finally {
    cuts.delete(cut);
    signal.removeEventListener('abort', stop);
  }
}

function streamOf(cuts: Set<() => void>): { readonly left: Socket; readonly right: Socket } {
  const pair = socketPair();
  cuts.add(pair.cut);
  // Resolves whichever end closes.
  void pair.left.closed.then(() => cuts.delete(pair.cut));
  return pair;
}

const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const logLines = (output: string): string => JSON.stringify({ at: 1, text: output });

/** A console or a log that has begun. What is typed is taken; it ends when it is told to. */
function openedStream(cuts: Set<() => void>, output: string): Socket {
  const { left, right } = streamOf(cuts);
  const opened: Control = { kind: 'opened', session: 'host-05.1' };
  void right.send(packFrame('control', bytesOf(opened)));
  void right.send(packFrame('stdout', new TextEncoder().encode(output)));
  void (async () => {
    for await (const message of right.messages) {
      const frame = typeof message === 'string' ? undefined : unpackFrame(message);
      if (frame?.channel !== 'control' || !new TextDecoder().decode(frame.payload).includes('close'))
        continue;
      await right.send(packFrame('control', bytesOf({ kind: 'exit', code: 0 } satisfies Control)));
      right.close();
    }
  })();
  return left;
}

function statsStream(cuts: Set<() => void>, first: Data | undefined): Socket {
  const { left, right } = streamOf(cuts);
  if (first?.kind === 'stats') void right.send(packFrame('stdout', bytesOf(first.sample)));
  return left;
}

interface ViewParts {
  readonly cuts: Set<() => void>;
  readonly calls: string[];
  readonly rows: (kind: ViewKind) => readonly ViewRow[];
}

function viewOf(query: ViewQuery, signal: AbortSignal, { cuts, calls, rows }: ViewParts): ViewFeed {
  let waiting: ViewMessage[] = [];
  let wake = (): void => undefined;
  let end: Error | true | undefined;
  let seq = 0;
  const finish = (how: Error | true): void => {
    end ??= how;
    cuts.delete(cut);
    signal.removeEventListener('abort', close);
    wake();
  };
  const cut = (): void => finish(lost());
  const close = (): void => finish(true);
  const change = (next: ViewQuery): void => {
    seq += 1;
    calls.push(`view ${next.kind} ${next.window.start}`);
    waiting = [answerView(rows(next.kind), next, seq)];
    wake();
  };
  async function* messages(): AsyncGenerator<ViewMessage> {
    for (;;) {
      const message = waiting.shift();
      if (message !== undefined) yield message;
      else if (end !== undefined) break;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
    if (end !== true) throw end;
  }
  cuts.add(cut);
  if (signal.aborted) close();
  else signal.addEventListener('abort', close, { once: true });
  change(query);
  return { change, close, messages: messages() };
}

/** A want of a page with that key. */
export const wantOf = (page: string, want: Want): PageWant => ({ page, want });
