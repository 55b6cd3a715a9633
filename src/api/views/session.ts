/**
 * One view of one client: takes its queries, of which only the newest counts, and tells it what its window shows,
 * at once and then whenever that changes, but not more often than ten times a second. A client that is slow gets
 * fewer messages; nothing waits for it in a queue.
 */
import { messageOf, SkepError } from '../../base/core/errors.ts';
import type { Socket } from '../../base/socket.ts';
import type { ApiContext } from '../context.ts';
import { validate } from '../core/validation.ts';
import { type ViewMessage, type ViewRow, viewRequestSchema } from '../core/view-shapes.ts';
import { Bell } from './bell.ts';
import type { Lease, ViewHub } from './hub.ts';
import type { CheckedQuery } from './query.ts';
import { type RowsMessage, staleOf, windowOf } from './window.ts';

/** Between two messages that nobody asked for. */
const tellGapMs = 100;
/** Between two queries that are looked at: a program that floods the server gets its share and no more. */
const queryGapMs = 15;
const staleCheckMs = 1_000;
/** A query is a few hundred characters. */
const requestMaxChars = 16_384;

interface Current {
  readonly seq: number;
  readonly query: CheckedQuery;
  readonly lease: Lease;
}

/** What the client knows, to leave out what it has. */
interface Told {
  readonly seq: number;
  readonly stale: string;
  /** Everything but the rows. */
  readonly head: string;
  /** Keys, in order, each with its row as it was sent. */
  readonly rows: ReadonlyMap<string, string>;
}

/** Serves one client until its socket ends. */
export async function serveView(context: ApiContext, hub: ViewHub, socket: Socket): Promise<void> {
  const session = new ViewSession(context, hub, socket);
  const reading = session.read();
  try {
    await session.run();
  } finally {
    session.end();
  }
  await reading;
}

class ViewSession {
  readonly #context: ApiContext;
  readonly #hub: ViewHub;
  readonly #socket: Socket;
  readonly #bell = new Bell();
  #ended = false;
  #request: string | undefined;
  #current: Current | undefined;
  #told: Told | undefined;
  #isDirty = false;
  #toldAt = -Infinity;
  #queriedAt = -Infinity;

  constructor(context: ApiContext, hub: ViewHub, socket: Socket) {
    this.#context = context;
    this.#hub = hub;
    this.#socket = socket;
  }

  /** Reads what the client sends and keeps the newest. */
  async read(): Promise<void> {
    try {
      for await (const message of this.#socket.messages) {
        this.#request = String(message);
        this.#bell.ring();
      }
    } finally {
      this.#ended = true;
      this.#bell.ring();
    }
  }

  async run(): Promise<void> {
    const { clock } = this.#context;
    while (!this.#ended) {
      const now = clock.now();
      const message = this.#next(now);
      if (message !== undefined) await this.#send(message);
      else await this.#bell.wait(clock, this.#waitMs(now));
      this.#noteStale();
    }
  }

  end(): void {
    this.#ended = true;
    this.#current?.lease.release();
    this.#current = undefined;
  }

  /** What is to be said now, if anything. */
  #next(now: number): string | undefined {
    if (this.#request !== undefined && now >= this.#queriedAt + queryGapMs) {
      const request = this.#request;
      this.#request = undefined;
      this.#queriedAt = now;
      const refusal = this.#take(request);
      if (refusal !== undefined) return JSON.stringify(refusal);
      return this.#tell(now);
    }
    if (this.#isDirty && now >= this.#toldAt + tellGapMs) return this.#tell(now);
    return undefined;
  }

  #waitMs(now: number): number {
    if (this.#request !== undefined) return this.#queriedAt + queryGapMs - now;
    return this.#isDirty ? this.#toldAt + tellGapMs - now : staleCheckMs;
  }

  /** Makes a request the current one, or says why not. */
  #take(text: string): ViewMessage | undefined {
    let seq = this.#current?.seq ?? 0;
    try {
      const request = parseRequest(text);
      seq = seqOf(request) ?? seq;
      const { query } = validate(viewRequestSchema, request, 'query');
      const lease = this.#hub.acquire(query, () => {
        this.#isDirty = true;
        this.#bell.ring();
      });
      this.#current?.lease.release();
      this.#current = { seq, query, lease };
      return undefined;
    } catch (error) {
      if (!(error instanceof SkepError)) throw error;
      const hint = error.hint === undefined ? {} : { hint: error.hint };
      return { type: 'refused', seq, message: error.message, ...hint };
    }
  }

  /** The message of the window, or of how far it is; undefined when the client knows all of it. */
  #tell(now: number): string | undefined {
    this.#isDirty = false;
    if (this.#current === undefined) return undefined;
    const { seq, query, lease } = this.#current;
    const progress = lease.population.progress(lease.order);
    this.#toldAt = now;
    if (progress !== undefined) {
      return JSON.stringify({ type: 'building', seq, ...progress } satisfies ViewMessage);
    }
    return this.#rows(windowOf(lease, query, seq, this.#context.replica));
  }

  #rows(message: RowsMessage): string | undefined {
    const { rows, ...rest } = message;
    // A revision alone is no news.
    const head = JSON.stringify({ ...rest, revision: 0 });
    const known = this.#told?.seq === message.seq ? this.#told : undefined;
    const made = new Map(rows.map((row) => [row.key, JSON.stringify(row.values)]));
    const sent = rows.map((row): ViewRow | string =>
      known?.rows.get(row.key) === made.get(row.key) ? row.key : row,
    );
    this.#told = { seq: message.seq, stale: message.stale, head, rows: made };
    const isKnown =
      known?.head === head && known.rows.size === made.size && sent.every((row) => typeof row === 'string');
    // The same rows in another order are news.
    if (isKnown && sameKeys(known.rows, made)) return undefined;
    return JSON.stringify({ ...message, rows: sent } satisfies ViewMessage);
  }

  async #send(text: string): Promise<void> {
    try {
      await this.#socket.send(text);
    } catch (error) {
      this.#context.log.debug('api.client_gone', { reason: messageOf(error) });
      this.#ended = true;
    }
  }

  /** Nobody tells when the copy of the state goes stale or becomes current again. */
  #noteStale(): void {
    if (this.#told !== undefined && this.#told.stale !== staleOf(this.#context.replica)) this.#isDirty = true;
  }
}

function sameKeys(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  const keys = b.keys();
  for (const key of a.keys()) if (key !== keys.next().value) return false;
  return true;
}

/** Throws `InvalidRequest` for what is no JSON, or more of it than a query can be. */
function parseRequest(text: string): unknown {
  if (text.length > requestMaxChars) {
    throw new SkepError(
      'InvalidRequest',
      `the request has ${text.length} characters, at most ${requestMaxChars} are read`,
    );
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new SkepError('InvalidRequest', `the request is not JSON: ${messageOf(error)}`, { cause: error });
  }
}

/** The number of a request, even of one that is refused. */
function seqOf(request: unknown): number | undefined {
  if (typeof request !== 'object' || request === null || !('seq' in request)) return undefined;
  return typeof request.seq === 'number' ? request.seq : undefined;
}
