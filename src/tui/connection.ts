/**
 * Which server the terminal UI speaks to. The one it was given to begin with; when that does not answer, the next of
 * those that the cluster has, for ever. Its heartbeat is the cluster's status. Used by run.ts.
 */
import type { Client } from '../api/client.ts';
import type { Status } from '../api/core/routes.ts';
import { type Clock, pause } from '../base/clock.ts';
import { backoffMs } from '../base/core/backoff.ts';
import { messageOf } from '../base/core/errors.ts';
import type { Rng } from '../base/core/rng.ts';
import type { Connection } from './core/app-model.ts';

/** While all is well. */
const statusEveryMs = 2_000;
/** A server that takes longer is as good as gone: another may be better. */
const statusDeadlineMs = 3_000;
const retry = { firstMs: 250, maxMs: 3_000 };

export interface ConnectionOptions {
  /** Where the operator said that the cluster is. */
  readonly first: Client;
  /** A client for another server, by the address that the cluster knows it under. */
  connect(apiAddress: string): Client;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly signal: AbortSignal;
  onStatus(status: Status, skewMs: number): void;
  onConnection(connection: Connection): void;
  /** Another server answers than before. */
  onMoved(from: string, to: string, reason: string): void;
}

export interface ClusterConnection {
  /** The client in use. */
  readonly client: Client;
  /** A feed broke: the heartbeat is done at once instead of in its time. */
  suspect(): void;
  /** Resolves when the server answers again or another one does, or after `ms`. */
  change(ms: number, signal: AbortSignal): Promise<void>;
}

/** Begins at once; ends with the signal. */
export function startConnection(options: ConnectionOptions): ClusterConnection {
  const { clock, rng, signal } = options;
  const servers = new Servers(options);
  const waiting = new Set<() => void>();
  let wake = (): void => undefined;

  async function beat(): Promise<void> {
    const askedAt = clock.now();
    try {
      const status = await servers.client.call('status', {}, { signal, deadlineMs: statusDeadlineMs });
      if (servers.heard(status, askedAt)) for (const resume of waiting) resume();
    } catch (error) {
      if (!signal.aborted) servers.failed(error);
    }
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      await beat();
      const { failures, known } = servers;
      // The first round through all servers is made without a pause.
      const isRound = failures > 0 && failures <= known;
      const ms = failures === 0 ? statusEveryMs : isRound ? 0 : backoffMs(retry, failures, rng);
      const waiting = new AbortController();
      wake = () => waiting.abort();
      await pause(clock, ms, AbortSignal.any([signal, waiting.signal]));
    }
  }

  void run();
  return {
    get client() {
      return servers.client;
    },
    suspect() {
      // Who is known to be lost is asked again in its time, however many feeds break meanwhile.
      if (servers.failures === 0) wake();
    },
    change: (ms, stop) => changed(clock, waiting, ms, stop),
  };
}

async function changed(clock: Clock, waiting: Set<() => void>, ms: number, stop: AbortSignal): Promise<void> {
  if (stop.aborted) return;
  await new Promise<void>((resolve) => {
    const end = (): void => {
      waiting.delete(end);
      timer.cancel();
      stop.removeEventListener('abort', end);
      resolve();
    };
    const timer = clock.after(ms, end);
    waiting.add(end);
    stop.addEventListener('abort', end, { once: true });
  });
}

/** Which servers there are, which one is spoken to, and what was said of that last. */
class Servers {
  readonly #options: ConnectionOptions;
  #client: Client;
  #name: string;
  /** The addresses that are tried one after another: the other servers, this one again, then where we began. */
  #ring: readonly string[] = [];
  #next = 0;
  #failures = 0;
  #everHeard = false;
  #told: Connection;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#client = options.first;
    this.#name = options.first.address;
    this.#told = { server: this.#name, state: 'connecting', since: options.clock.now(), reason: '' };
  }

  get client(): Client {
    return this.#client;
  }
  /** In a row. */
  get failures(): number {
    return this.#failures;
  }
  get known(): number {
    return this.#ring.length;
  }

  /** True when it answers again, or another one does instead. */
  heard(status: Status, askedAt: number): boolean {
    const { clock, onStatus, onMoved } = this.#options;
    const isBack = this.#failures > 0;
    const [was, lost] = [this.#name, this.#told.reason];
    const isMove = isBack && this.#everHeard && was !== status.server;
    this.#name = status.server;
    this.#ring = ringOf(status);
    this.#next = 0;
    this.#everHeard = true;
    this.#failures = 0;
    this.#tell({ state: 'connected', reason: status.stale });
    onStatus(status, status.now - (askedAt + clock.now()) / 2);
    if (isMove) onMoved(was, this.#name, lost);
    return isBack;
  }

  /** Goes on to the next server; to the same one when no other is known. */
  failed(error: unknown): void {
    this.#failures += 1;
    this.#tell({ state: this.#everHeard ? 'lost' : 'connecting', reason: messageOf(error) });
    if (this.#ring.length === 0) return;
    const address = this.#ring[this.#next];
    this.#next = (this.#next + 1) % (this.#ring.length + 1);
    this.#client = address === undefined ? this.#options.first : this.#clientFor(address);
  }

  /** The server of an address that makes no sense is one that cannot be reached: the one it began with is tried. */
  #clientFor(address: string): Client {
    try {
      return this.#options.connect(address);
    } catch (error) {
      this.#tell({ state: this.#told.state, reason: messageOf(error) });
      return this.#options.first;
    }
  }

  #tell({ state, reason }: Pick<Connection, 'state' | 'reason'>): void {
    const before = this.#told;
    const isSame = before.state === state && (before.reason === '') === (reason === '');
    if (isSame && before.server === this.#name && before.reason === reason) return;
    const since = isSame ? before.since : this.#options.clock.now();
    this.#told = { state, reason, server: this.#name, since };
    this.#options.onConnection(this.#told);
  }
}

/** The others first: the one that does not answer is the last to be asked again, but it is. */
function ringOf({ server: own, servers }: Status): readonly string[] {
  const ordered = [
    ...servers.filter(({ server }) => server !== own),
    ...servers.filter(({ server }) => server === own),
  ];
  return ordered.map(({ apiAddress }) => apiAddress);
}
