/**
 * Metrics over HTTP: `GET /metrics` beside the API, and what the API itself is asked. Called by the composition
 * root on an API that does not listen yet.
 */
import { messageOf } from '../../base/core/errors.ts';
import { type MetricRegistry, metricsContentType } from '../../base/core/metric-registry.ts';
import type { Metrics } from '../../base/core/metrics.ts';
import type { Log } from '../../base/log.ts';
import { cellSessionPath, cellStreamPath } from '../core/cell-protocol.ts';
import { metricsPath, socketPaths } from '../core/paths.ts';
import { tooSlowCode } from '../outbox.ts';
import type { Api } from './app.ts';
import type { ApiOptions } from './options.ts';

export interface ServeMetricsOptions {
  readonly metrics: MetricRegistry;
  readonly log: Log;
}

/** Adds the route, which answers also while the server is not ready, and counts every request by route and status. */
export function serveMetrics({ app }: Pick<Api, 'app'>, { metrics, log }: ServeMetricsOptions): void {
  app.get(metricsPath, async (_request, reply) => {
    reply.type(metricsContentType);
    return await metrics.text((name, error) =>
      log.warn('metrics.unread', { name, reason: messageOf(error) }),
    );
  });
  app.addHook('onResponse', async ({ method, routeOptions }, reply) => {
    // The pattern, `GET /v1/lrps/:guid`: there are as many as there are routes.
    const route = routeOptions.url === undefined ? 'unknown' : `${method} ${routeOptions.url}`;
    metrics.count('skep_server_requests_total', { route, status: String(reply.statusCode) });
    metrics.observe('skep_server_request_duration_seconds', { route }, reply.elapsedTime / 1_000);
  });
}

type Accept = ApiOptions['accept'];

/** The same way to accept WebSockets, which are counted by kind while they are open. */
export function meteredAccept(accept: Accept, metrics: Metrics): Accept {
  const open = new Map<string, number>();
  const raise = (kind: string, by: number): void => void open.set(kind, (open.get(kind) ?? 0) + by);
  metrics.read('skep_server_sockets', () => [...open].map(([kind, value]) => ({ labels: { kind }, value })));
  return async (request, connection, head, maxMessageBytes) => {
    const socket = await accept(request, connection, head, maxMessageBytes);
    const kind = kindOf((request.url ?? '').split('?')[0] ?? '');
    raise(kind, 1);
    void socket.closed.then(({ code }) => {
      raise(kind, -1);
      if (code === tooSlowCode) metrics.count('skep_server_slow_consumers_total', {});
    });
    return socket;
  };
}

function kindOf(path: string): string {
  if (path === cellSessionPath || path.startsWith(cellStreamPath)) return 'cell';
  const [kind] = Object.entries(socketPaths).find(([, known]) => known === path) ?? ['unknown'];
  return kind;
}
