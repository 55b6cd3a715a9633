/**
 * Connections to the members of one etcd. Stays with a member while it answers and goes on to the next when
 * it does not. A call is sent again only when it certainly was not carried out, or when twice is as good as
 * once: the etcd3 package's own retries know no such difference and are not used, nor are its breakers.
 */
import type { IOptions } from 'etcd3';
import { ConnectionPool } from 'etcd3/lib/connection-pool.js';
import type { Clock, Timer } from '../../base/clock.ts';
import { backoffMs } from '../../base/core/backoff.ts';
import { SkepError } from '../../base/core/errors.ts';
import type { Rng } from '../../base/core/rng.ts';
import { defaults } from '../../model/defaults.ts';
import { type StoreCredentials, type StoreMaterial, storeTargetName } from './credentials.ts';
import { type EtcdFailure, lateFailure, toFailure } from './etcd-errors.ts';

type Service = 'KV' | 'Lease' | 'Watch';

/** A gRPC stream that is written and read. */
export interface Stream<Request, Response> {
  write(request: Request): void;
  cancel(): void;
  on(event: 'data', listener: (response: Response) => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
  on(event: 'end', listener: () => void): void;
}

/** What is used of a gRPC client; the etcd3 package types it as one without methods. */
interface RawClient {
  readonly [method: string]: (
    request: unknown,
    metadata: unknown,
    options: object,
    answered: (error: Error | null, response: unknown) => void,
  ) => { cancel(): void };
}

/** A method whose messages are bytes of our own making: the etcd3 package's are too dear for what comes in masses. */
export interface WireMethod<Request, Response> {
  readonly path: string;
  readonly encode: (request: Request) => Buffer;
  readonly decode: (bytes: Buffer) => Response;
}

/** What every gRPC client has below its methods. */
interface WireClient {
  makeUnaryRequest<Request, Response>(
    path: string,
    encode: (request: Request) => Buffer,
    decode: (bytes: Buffer) => Response,
    request: Request,
    metadata: unknown,
    options: object,
    answered: (error: Error | null, response: Response) => void,
  ): { cancel(): void };
  makeBidiStreamRequest<Request, Response>(
    path: string,
    encode: (request: Request) => Buffer,
    decode: (bytes: Buffer) => Response,
    metadata: unknown,
  ): Stream<Request, Response>;
}

interface Channel {
  getChannel(): { getConnectivityState(connect: boolean): number };
}

/** One member's address and its clients. */
export class Endpoint {
  readonly address: string;
  readonly channels = new Map<Service, Channel>();
  readonly #credentials: StoreCredentials | undefined;
  readonly #clock: Clock;
  #made: { readonly pool: ConnectionPool; readonly with: StoreMaterial | undefined } | undefined;
  /** Of certificates before this one, with what will end them. */
  readonly #retired = new Map<ConnectionPool, Timer>();

  constructor(address: string, clock: Clock, credentials: StoreCredentials | undefined) {
    this.address = address;
    this.#clock = clock;
    this.#credentials = credentials;
  }

  /** Another one once the certificate was renewed; what runs on the old one has a while to end. */
  get pool(): ConnectionPool {
    const material = this.#credentials?.();
    if (this.#made !== undefined && this.#made.with === material) return this.#made.pool;
    const old = this.#made?.pool;
    if (old !== undefined) this.#retire(old);
    const options =
      material === undefined
        ? { hosts: this.address, grpcOptions }
        : {
            hosts: this.address,
            grpcOptions:
              material.verifiesAddress === true ? grpcOptions : { ...grpcOptions, ...storeTargetName },
            credentials: material,
          };
    this.#made = { pool: new ConnectionPool(options), with: material };
    return this.#made.pool;
  }

  /** Also what would have had a while yet: a process that ends does not wait for it. */
  close(): void {
    for (const [pool, timer] of this.#retired) {
      timer.cancel();
      pool.close();
    }
    this.#retired.clear();
    this.#made?.pool.close();
  }

  #retire(pool: ConnectionPool): void {
    const timer = this.#clock.after(oldPoolMs, () => {
      this.#retired.delete(pool);
      pool.close();
    });
    this.#retired.set(pool, timer);
  }
}

/** Connections with a certificate that was renewed end after this; watches resume by themselves. */
const oldPoolMs = 60_000;

/** gRPC's number for a connection that works. */
const ready = 2;

/** Starts one try of a call on a member and returns how to cancel it. */
export type Attempt<T> = (
  endpoint: Endpoint,
  resolve: (value: T) => void,
  reject: (error: unknown) => void,
  tries: number,
) => () => void;

export interface CallPolicy {
  /** For errors: `range`, `txn`. */
  readonly what: string;
  readonly service: Service;
  /** Whether it may be sent again when nobody knows if it was carried out. */
  readonly repeatable: boolean;
  readonly signal: AbortSignal;
}

/**
 * A try that may be repeated waits this long while there is a member that has not been asked: what a follower
 * passed on to a leader that died is never answered. The last member gets all the time that is left.
 */
const attemptMs = 1_500;
/** A try waits this long for a connection that is not there. */
const connectMs = 1_000;
const roundBackoff = { firstMs: 50, maxMs: 500 };

const grpcOptions: NonNullable<IOptions['grpcOptions']> = {
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.min_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1_000,
  // etcd ends connections that ping more often than every 5 s; the watch has a probe of its own.
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 3_000,
  // etcd cuts what a watch has missed into messages of its own request limit (ours: 10 MiB and a half); one that
  // is not taken comes again and again, and the copy of the state stands still for ever.
  'grpc.max_receive_message_length': 16 * 1024 * 1024,
  // A connection for each service. On one connection a watch that is behind fills the window of all, and the
  // leader's lease ran out while its extension, answered by etcd within 10 ms, waited behind 60,000 changes.
  'grpc.use_local_subchannel_pool': 1,
  // HTTP/2's own 64 KiB allow that much for each turn of a busy event loop: 430 KiB/s at 150 ms a turn.
  'grpc-node.flow_control_window': 4 * 1024 * 1024,
};

export class EtcdConnections {
  readonly #clock: Clock;
  readonly #rng: Rng;
  readonly #endpoints: readonly Endpoint[];
  #current = 0;
  #closed = false;

  /** @param endpoints `host:port` of each member, the one to prefer first */
  constructor(endpoints: readonly string[], clock: Clock, rng: Rng, credentials?: StoreCredentials) {
    if (endpoints.length === 0) throw new SkepError('InvalidConfig', 'no etcd endpoint is given');
    this.#clock = clock;
    this.#rng = rng;
    this.#endpoints = endpoints.map((address) => new Endpoint(address, clock, credentials));
  }

  /** The member to talk to now. */
  get current(): Endpoint {
    return this.#endpoints[this.#current] as Endpoint;
  }

  /** Goes on to the next member, unless somebody else has left this one already. */
  leave(endpoint: Endpoint): void {
    if (endpoint === this.current) this.#current = (this.#current + 1) % this.#endpoints.length;
  }

  /**
   * One request, one answer. Throws EtcdFailure, or the signal's reason.
   * @param requestOf what to send at the first try, the second, …
   */
  unary<Response>(
    method: string,
    requestOf: (tries: number) => unknown,
    policy: CallPolicy,
  ): Promise<Response> {
    return this.call<Response>(policy, (endpoint, resolve, reject, tries) => {
      const request = requestOf(tries);
      const opened = open(endpoint, policy.service, (client, metadata) =>
        client[method]?.(request, metadata, {}, (error, response) =>
          error === null ? resolve(response as Response) : reject(error),
        ),
      );
      opened.catch(reject);
      return () => void opened.then((call) => call?.cancel()).catch(reject);
    });
  }

  /** The same by a method of our own making. */
  wired<Request, Response>(
    { path, encode, decode }: WireMethod<Request, Response>,
    requestOf: (tries: number) => Request,
    policy: CallPolicy,
  ): Promise<Response> {
    return this.call<Response>(policy, (endpoint, resolve, reject, tries) => {
      const request = requestOf(tries);
      const opened = open(endpoint, policy.service, (client, metadata) =>
        wireOf(client).makeUnaryRequest(path, encode, decode, request, metadata, {}, (error, response) =>
          error === null ? resolve(response) : reject(error),
        ),
      );
      opened.catch(reject);
      return () => void opened.then((call) => call.cancel()).catch(reject);
    });
  }

  /** Runs tries of a call until one succeeds, may not be repeated, or the deadline passes. */
  async call<T>(policy: CallPolicy, attempt: Attempt<T>): Promise<T> {
    const untilMs = this.#clock.now() + defaults.storeDeadlineMs;
    for (let tries = 1; ; tries++) {
      policy.signal.throwIfAborted();
      if (this.#closed) throw new SkepError('Unavailable', `etcd: ${policy.what}: the client is closed`);
      const endpoint = this.current;
      try {
        return await this.#once(endpoint, policy, { tries, leftMs: untilMs - this.#clock.now() }, attempt);
      } catch (error) {
        policy.signal.throwIfAborted();
        const failure = toFailure(error, `${policy.what} on ${endpoint.address}`);
        if (failure.kind === 'refused' || failure.kind === 'lost') this.leave(endpoint);
        await this.#pauseBeforeRetry(failure, policy, tries, untilMs);
      }
    }
  }

  close(): void {
    this.#closed = true;
    for (const endpoint of this.#endpoints) endpoint.close();
  }

  /** Throws the failure when it must not be tried again; waits once every member has been asked. */
  async #pauseBeforeRetry(
    failure: EtcdFailure,
    { repeatable, signal }: CallPolicy,
    tries: number,
    untilMs: number,
  ): Promise<void> {
    const again = failure.kind === 'refused' || (failure.kind === 'lost' && repeatable);
    const rounds = Math.floor(tries / this.#endpoints.length);
    const wholeRound = tries % this.#endpoints.length === 0;
    const waitMs = wholeRound ? backoffMs(roundBackoff, rounds, this.#rng) : 0;
    if (!again || this.#clock.now() + waitMs >= untilMs) throw failure;
    if (waitMs > 0) await this.#clock.sleep(waitMs, signal);
  }

  #once<T>(
    endpoint: Endpoint,
    policy: CallPolicy,
    { tries, leftMs }: { readonly tries: number; readonly leftMs: number },
    attempt: Attempt<T>,
  ): Promise<T> {
    const { repeatable, service, signal } = policy;
    const what = `${policy.what} on ${endpoint.address}`;
    const othersLeft = repeatable && tries < this.#endpoints.length;
    const deadlineMs = othersLeft ? Math.min(leftMs, attemptMs) : leftMs;
    return new Promise<T>((resolve, reject) => {
      const settled = (): void => {
        late.cancel();
        unconnected.cancel();
        signal.removeEventListener('abort', abort);
      };
      const giveUp = (error: unknown): void => {
        settled();
        reject(error as Error);
        cancel();
      };
      const abort = (): void => giveUp(signal.reason);
      const late = this.#clock.after(deadlineMs, () => giveUp(lateFailure(what, deadlineMs, 'lost')));
      const unconnected = this.#clock.after(connectMs, () => {
        // A call that was sent would have failed with its connection: this one has waited for one.
        if (!connected(endpoint, service)) giveUp(lateFailure(what, connectMs, 'refused'));
      });
      signal.addEventListener('abort', abort, { once: true });
      const cancel = attempt(
        endpoint,
        (value) => {
          settled();
          resolve(value);
        },
        (error) => {
          settled();
          reject(error as Error);
        },
        tries,
      );
    });
  }
}

/** Opens a stream to a member. It ends when the member has no quorum: what it says could be old. */
export function openStream<Request, Response>(
  endpoint: Endpoint,
  service: Service,
  method: string,
): Promise<Stream<Request, Response>> {
  return open(endpoint, service, (client, metadata) => {
    const streams = client as unknown as Record<string, (metadata: unknown) => Stream<Request, Response>>;
    return (streams[method] as (metadata: unknown) => Stream<Request, Response>).call(client, metadata);
  });
}

/** The same by a method of our own making. */
export function openWired<Request, Response>(
  endpoint: Endpoint,
  service: Service,
  { path, encode, decode }: WireMethod<Request, Response>,
): Promise<Stream<Request, Response>> {
  return open(endpoint, service, (client, metadata) =>
    wireOf(client).makeBidiStreamRequest(path, encode, decode, metadata),
  );
}

function wireOf(client: RawClient): WireClient {
  return client as unknown as WireClient;
}

function connected({ channels }: Endpoint, service: Service): boolean {
  return channels.get(service)?.getChannel().getConnectivityState(false) === ready;
}

/** `hasleader` makes a member without a leader refuse at once instead of keeping the call. */
async function open<T>(
  endpoint: Endpoint,
  service: Service,
  use: (client: RawClient, metadata: unknown) => T,
): Promise<T> {
  const { pool, channels } = endpoint;
  const { used } = await pool.withConnection(service, ({ client, metadata }) => {
    metadata.set('hasleader', 'true');
    channels.set(service, client);
    return { used: use(client as unknown as RawClient, metadata) };
  });
  return used;
}
