/** Where a client speaks to: the local socket, or one server after the other. */
import { type Clock, withDeadline } from '../../base/clock.ts';
import { SkepError } from '../../base/core/errors.ts';
import { paths } from '../core/paths.ts';
import type { ClientOptions } from './options.ts';
import { type Endpoint, requestJson } from './request.ts';
import { requestLine } from './urls.ts';

/** Throws `InvalidRequest` for an address that is none. */
export function endpointsOf({ socketPath, baseUrl, servers, tls }: ClientOptions): readonly Endpoint[] {
  if (socketPath !== undefined) {
    return [{ address: socketPath, connection: { socketPath }, socketBase: `ws+unix://${socketPath}:` }];
  }
  const scheme = tls === undefined ? 'http' : 'https';
  const urls = servers === undefined ? [baseUrl ?? ''] : servers.map((server) => `${scheme}://${server}`);
  return urls.map((url) => endpointOf(url, tls));
}

function endpointOf(text: string, tls: ClientOptions['tls']): Endpoint {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && (url.protocol !== 'https:' || tls === undefined))) {
    throw new SkepError('InvalidRequest', `"${text}" is not the address of a server`, {
      hint: 'write http://host:port, such as http://127.0.0.1:7400; https://host:port wants a context',
    });
  }
  const isSecure = url.protocol === 'https:';
  const port = url.port === '' ? (isSecure ? 443 : 80) : Number(url.port);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const socketBase = `${isSecure ? 'wss' : 'ws'}://${url.host}`;
  return { address: url.host, connection: { host, port }, socketBase, ...(isSecure ? { tls } : {}) };
}

/** A server that does not say its version within this time is passed over, while there is another. */
const tryDeadlineMs = 2_000;
/** Who answered is not asked beforehand again for so long. */
const believedMs = 5_000;

export class Endpoints {
  readonly #all: readonly Endpoint[];
  readonly #clock: Clock;
  #at = 0;
  #believedUntil = 0;

  constructor(all: readonly Endpoint[], clock: Clock) {
    if (all.length === 0) throw new SkepError('InvalidRequest', 'no server is named');
    this.#all = all;
    this.#clock = clock;
  }

  get current(): Endpoint {
    return this.#all[this.#at] as Endpoint;
  }

  /**
   * The endpoint to use now: the one that answered last, or the next that does. A server may take connections and hang:
   * so each is asked for its version, and passed over when it does not tell in 2 s. With one server nobody is asked
   * beforehand. Throws `Unavailable` with every reason when none answers.
   */
  async reachable(signal: AbortSignal): Promise<Endpoint> {
    if (this.#all.length === 1 || this.#clock.now() < this.#believedUntil) return this.current;
    const reasons: string[] = [];
    for (let tries = 0; tries < this.#all.length; tries++) {
      const at = this.#at;
      const reason = await this.#silence(this.current, signal);
      if (reason === undefined) {
        this.#believedUntil = this.#clock.now() + believedMs;
        return this.#all[at] as Endpoint;
      }
      reasons.push(reason);
      // Another call may have gone on meanwhile.
      if (this.#at === at) this.#at = (at + 1) % this.#all.length;
    }
    throw new SkepError('Unavailable', `no server of the cluster can be reached: ${reasons.join('; ')}`, {
      hint: 'check the network and the agents there; `skep ctx show` lists the addresses that were tried',
    });
  }

  /** Passes the error on; a server that gave no answer is asked again before it is used again. */
  readonly noticed = (error: unknown): never => {
    if (!(error instanceof SkepError) || error.retryable) this.#believedUntil = 0;
    throw error;
  };

  /** Why it gives no answer at all; undefined when it gives one, be it a refusal. */
  async #silence(endpoint: Endpoint, signal: AbortSignal): Promise<string | undefined> {
    const late = (): SkepError =>
      new SkepError('Unavailable', `${endpoint.address} gives no answer within ${tryDeadlineMs / 1_000} s`);
    try {
      await withDeadline(this.#clock, tryDeadlineMs, signal, late, (inner) =>
        requestJson(endpoint, requestLine(paths.version, {}), undefined, inner),
      );
      return undefined;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof SkepError) || error.code !== 'Unavailable') return undefined;
      return error.message;
    }
  }
}
