/**
 * The connection to the container engine: dockerode behind one verb that gives every call a deadline, a
 * signal and translated errors. Everything in this folder that talks to the engine goes through `call`.
 */
import { Agent } from 'node:http';
import type { Readable } from 'node:stream';
import { inspect } from 'node:util';
import Docker from 'dockerode';
import { type Clock, withDeadline } from '../../base/clock.ts';
import { SkepError } from '../../base/core/errors.ts';
import type { Log } from '../../base/log.ts';
import { engineError, engineHint } from './docker-errors.ts';
import { addressText, type EngineAddress } from './engine-address.ts';

/** How long the engine may take over a call that only reads or signals. */
export const callDeadlineMs = 30_000;

export interface EngineCall {
  /** For messages: `start container 3f2a…`. */
  readonly what: string;
  readonly signal: AbortSignal;
  /** Default `callDeadlineMs`. */
  readonly deadlineMs?: number | undefined;
}

export interface Engine {
  readonly clock: Clock;
  readonly log: Log;
  readonly address: EngineAddress;
  /**
   * Runs one call. `work` must pass the signal it is given on to the engine.
   * @throws SkepError; `Unavailable` past the deadline; the caller's own reason when its signal aborts
   */
  call<T>(call: EngineCall, work: (docker: Docker, abortSignal: AbortSignal) => Promise<T>): Promise<T>;
  /** Opens a streamed answer to a GET, which dockerode's own methods would collect in memory. */
  openStream(
    call: EngineCall,
    path: string,
    query: Readonly<Record<string, string | number>>,
  ): Promise<Readable>;
  /** Reads a JSON answer to a GET for which dockerode's own method takes no signal. */
  getJson<T>(call: EngineCall, path: string): Promise<T>;
  /** Translates an error of a stream that a call opened. */
  translate(error: unknown, what: string): SkepError;
}

export function connectEngine(options: {
  readonly address: EngineAddress;
  readonly clock: Clock;
  readonly log: Log;
}): Engine {
  const docker = dockerodeAt(options.address);
  const where = addressText(options.address);

  async function call<T>(
    { what, signal, deadlineMs = callDeadlineMs }: EngineCall,
    work: (docker: Docker, abortSignal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const late = (): Error =>
      new SkepError(
        'Unavailable',
        `the container engine did not answer within ${deadlineMs / 1_000} s (${what}, at ${where})`,
        { hint: engineHint('see what it is doing: systemctl status docker; journalctl -u docker', where) },
      );
    try {
      return await withDeadline(options.clock, deadlineMs, signal, late, (inner) => work(docker, inner));
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw engineError(error, what, where);
    }
  }

  function get(path: string, abortSignal: AbortSignal, query: object, isStream: boolean): Promise<unknown> {
    return new Promise((resolve, reject) => {
      docker.modem.dial(
        {
          path: `${path}?`,
          method: 'GET',
          options: { ...query },
          abortSignal,
          isStream,
          statusCodes: { 200: true },
        },
        (error, answer) => (error ? reject(error) : resolve(answer)),
      );
    });
  }

  return {
    clock: options.clock,
    log: options.log,
    address: options.address,
    call,
    openStream: (request, path, query) =>
      call(request, (_, inner) => get(path, inner, query, true) as Promise<Readable>),
    getJson: <T>(request: EngineCall, path: string) =>
      call(request, (_, inner) => get(path, inner, {}, false) as Promise<T>),
    translate: (error, what) => engineError(error, what, where),
  };
}

/** Podman hangs up after 10 s (measured with 4.3): a request on a connection that it is just closing fails. */
const idleConnectionMs = 4_000;

/**
 * docker-modem prints the options of every request in full depth for a debug line that nobody reads; with the
 * sockets of a busy agent in it that took most of this process's time.
 */
export class QuietAgent extends Agent {
  /** @param idleMs how long an unused connection is kept; one in use is never cut */
  constructor(idleMs: number = idleConnectionMs) {
    super({ keepAlive: true, maxFreeSockets: 16, timeout: idleMs });
  }

  [inspect.custom](): string {
    return 'Agent';
  }
}

/**
 * No API version is named, so that each engine speaks its own newest. Connections are kept and unlimited:
 * the callers bound how much they ask at once, and streams hold a connection for as long as they live.
 * `host: undefined` keeps docker-modem from reading DOCKER_HOST over our head.
 */
function dockerodeAt(address: EngineAddress): Docker {
  const agent = new QuietAgent();
  const target =
    address.kind === 'socket'
      ? { socketPath: address.path, host: undefined, port: undefined }
      : { host: `http://${bracketed(address.host)}`, port: address.port };
  const options = { ...target, protocol: 'http' as const, agent };
  return new Docker(options);
}

const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host);
