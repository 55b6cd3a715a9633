/**
 * The typed client: what the CLI and the TUI use to speak to a cluster, and nothing else. Over the agent's
 * unix socket, TLS with a certificate, or plain TCP on loopback; every error is a SkepError, the server's own or one that says how to reach it.
 */
import { withDeadline } from '../base/clock.ts';
import { SkepError } from '../base/core/errors.ts';
import type { Socket } from '../base/socket.ts';
import { defaults } from '../model/defaults.ts';
import { beginDownload, downloadBytes } from './client/download.ts';
import { Endpoints, endpointsOf } from './client/endpoints.ts';
import { type EventQuery, type EventRow, eventRows, watchMessages } from './client/feeds.ts';
import { Ticket } from './client/local-ticket.ts';
import type { ClientOptions } from './client/options.ts';
import { type Endpoint, requestJson } from './client/request.ts';
import { queryString, requestLine } from './client/urls.ts';
import { openViewFeed, type ViewFeed } from './client/view-feed.ts';
import { type backupPath, type metricsPath, paths, socketPaths, ticketHeader } from './core/paths.ts';
import type {
  RouteInput,
  RouteName,
  RouteOutput,
  StreamQuery,
  WatchMessage,
  WatchQuery,
} from './core/routes.ts';
import type { ViewQuery } from './core/view-shapes.ts';

export type { Prove } from './client/local-ticket.ts';
export type { ViewFeed } from './client/view-feed.ts';

export interface CallLimits {
  readonly signal: AbortSignal;
  /** Milliseconds until the server counts as out of reach; 10 s unless told. */
  readonly deadlineMs?: number | undefined;
}

/** What a stream's caller must say; the rest has defaults. */
export type StreamOptions = Pick<StreamQuery, 'kind'> & Partial<StreamQuery>;

export interface Client {
  /** Where it speaks to, for messages. */
  readonly address: string;
  /**
   * Calls one route. Throws the server's SkepError; `Unauthorized` when the socket may not be opened,
   * `Unavailable` when nobody answers before the deadline; then a change may have been made or not.
   */
  call<N extends RouteName>(name: N, input: RouteInput<N>, limits: CallLimits): Promise<RouteOutput<N>>;
  /**
   * A snapshot of rows, then changes, until the signal aborts, which ends the iteration. Throws when the
   * connection is lost or was refused; begin again then, it starts with a snapshot.
   */
  watch(query: WatchQuery, options: { readonly signal: AbortSignal }): AsyncIterable<WatchMessage>;
  /** Journal events after `since` (an event's id, '' for all), then new ones; ends and throws as `watch` does. */
  events(query: EventQuery, options: { readonly signal: AbortSignal }): AsyncIterable<EventRow>;
  /** Logs, exec, attach, stats or consoles; frames of core/stream-frames.ts. Resolves once the cell has opened it. */
  openStream(query: StreamOptions, options: { readonly signal: AbortSignal }): Promise<Socket>;
  /**
   * A window on the rows of one kind, kept current; ViewFeed has the details. Throws `Busy` when the server
   * serves as many views as it may, `Unavailable` when it cannot be reached. The signal ends the feed too.
   */
  view(query: ViewQuery, options: { readonly signal: AbortSignal }): Promise<ViewFeed>;
  /**
   * The bytes of a new backup, or of the metrics, read at the pace of whoever iterates. That a backup is whole its
   * own end tells (store/backup-file.ts): a server that fails meanwhile only ends it early.
   */
  download(
    path: typeof backupPath | typeof metricsPath,
    options: { readonly signal: AbortSignal },
  ): AsyncIterable<Uint8Array>;
}

/** Throws `InvalidRequest` for an address that is none. Connects to nothing until it is used. */
export function createClient(options: ClientOptions): Client {
  const endpoints = new Endpoints(endpointsOf(options), options.clock);
  const { prove, socketPath } = options;
  const ticket =
    prove === undefined || socketPath === undefined
      ? undefined
      : new Ticket(prove, async (signal) => {
          const { body } = await requestJson(
            endpoints.current,
            requestLine(paths.challenge, {}),
            undefined,
            signal,
          );
          return body as RouteOutput<'challenge'>;
        });
  const withTicket = <T>(signal: AbortSignal, use: (held: string | undefined) => Promise<T>): Promise<T> =>
    ticket === undefined ? use(undefined) : ticket.use(signal, use);
  const open = async (path: string, query: object, signal: AbortSignal): Promise<Socket> => {
    const { socketBase, tls } = await endpoints.reachable(signal);
    return await withTicket(signal, (held) => {
      const headers = held === undefined ? undefined : { [ticketHeader]: held };
      return options.dial(`${socketBase}${path}${queryString(query)}`, { signal, headers, tls });
    });
  };

  return {
    get address() {
      return endpoints.current.address;
    },
    call(name, input, { signal, deadlineMs = defaults.apiDeadlineMs }) {
      const late = (): SkepError =>
        new SkepError(
          'Unavailable',
          `${endpoints.current.address} did not answer within ${deadlineMs / 1_000} s`,
          {
            hint: 'its agent or its host hangs: ask another server with --server HOST:PORT or SKEP_SERVER',
          },
        );
      return withDeadline(options.clock, deadlineMs, signal, late, async (inner) => {
        const line = requestLine(paths[name], input);
        const endpoint: Endpoint = await endpoints.reachable(inner);
        const { body, stale, trust } = await withTicket(inner, (held) =>
          requestJson(endpoint, line, held, inner).catch(endpoints.noticed),
        );
        if (stale !== undefined) options.onStale?.(stale);
        options.onTrust?.(trust);
        return body as RouteOutput<typeof name>;
      });
    },
    watch: (query, { signal }) => watchMessages(() => open(socketPaths.watch, query, signal), signal),
    events: (query, { signal }) => eventRows(() => open(socketPaths.events, query, signal), signal),
    openStream: (query, { signal }) => open(socketPaths.streams, query, signal),
    view: (query, { signal }) => openViewFeed(() => open(socketPaths.view, {}, signal), query, signal),
    async *download(path, { signal }) {
      const endpoint = await endpoints.reachable(signal);
      const begin = (held: string | undefined) => beginDownload(endpoint, path, held, signal);
      yield* downloadBytes(endpoint, await withTicket(signal, begin), signal);
    },
  };
}
