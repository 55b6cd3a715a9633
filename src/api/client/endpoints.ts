/** Where a client speaks to: the local socket, or one server after the other. */
import { connectionError } from '../../base/connection-error.ts';
import { SkepError } from '../../base/core/errors.ts';
import type { ClientOptions } from '../client.ts';
import type { Endpoint } from './request.ts';

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

/** A server that does not even shake hands within this time is passed over, while there is another. */
const connectDeadlineMs = 2_000;

export class Endpoints {
  readonly #all: readonly Endpoint[];
  #at = 0;

  constructor(all: readonly Endpoint[]) {
    if (all.length === 0) throw new SkepError('InvalidRequest', 'no server is named');
    this.#all = all;
  }

  get current(): Endpoint {
    return this.#all[this.#at] as Endpoint;
  }

  /**
   * The endpoint to use now: the one that answered last, or the next that takes a connection. With one server nobody
   * is asked beforehand. Throws `Unavailable` with every reason when none answers.
   */
  async reachable(signal: AbortSignal): Promise<Endpoint> {
    if (this.#all.length === 1) return this.current;
    const { Socket } = await import('node:net');
    const reasons: string[] = [];
    for (let tries = 0; tries < this.#all.length; tries++) {
      signal.throwIfAborted();
      const { address, connection } = this.current;
      const failure = await new Promise<Error | undefined>((resolve) => {
        const probe = new Socket();
        probe.setTimeout(connectDeadlineMs);
        const settle = (error?: Error): void => {
          probe.destroy();
          resolve(error);
        };
        probe.once('connect', () => settle());
        probe.once('error', settle);
        probe.once('timeout', () => settle(new Error(`no connection within ${connectDeadlineMs / 1_000} s`)));
        if ('port' in connection) probe.connect(connection);
        else probe.connect(connection.socketPath);
      });
      if (failure === undefined) return this.current;
      reasons.push(connectionError(failure, address).message);
      this.#at = (this.#at + 1) % this.#all.length;
    }
    throw new SkepError('Unavailable', `no server of the cluster can be reached: ${reasons.join('; ')}`, {
      hint: 'check the network and the agents there; `skep ctx show` lists the addresses that were tried',
    });
  }
}
