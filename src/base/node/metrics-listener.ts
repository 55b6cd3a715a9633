/**
 * An HTTP server of its own for `GET /metrics`, for agents that have no API and for Prometheus that may not reach
 * it. Opened by the composition root when an operator named an address; it answers nothing else.
 */
import { createServer, type Server } from 'node:http';
import { messageOf, SkepError } from '../core/errors.ts';
import { type MetricRegistry, metricsContentType } from '../core/metric-registry.ts';
import type { Log } from '../log.ts';

export interface MetricsListenerOptions {
  readonly host: string;
  /** 0 lets the kernel choose. */
  readonly port: number;
  readonly metrics: Pick<MetricRegistry, 'text'>;
  readonly log: Log;
}

export interface MetricsListener {
  readonly port: number;
  close(): Promise<void>;
}

const requestDeadlineMs = 10_000;
/** A Prometheus or two; more wait. */
const connectionsMax = 32;

/** Throws `ResourceConflict` when the port is taken, `InvalidConfig` when the address cannot be listened on. */
export async function listenMetrics(options: MetricsListenerOptions): Promise<MetricsListener> {
  const { host, port, metrics, log } = options;
  const server = createServer({ requestTimeout: requestDeadlineMs }, (request, response) => {
    request.resume();
    if (request.method !== 'GET' || request.url?.split('?')[0] !== '/metrics') {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('only GET /metrics is here\n');
      return;
    }
    const told = (name: string, error: unknown): void =>
      log.warn('metrics.unread', { name, reason: messageOf(error) });
    metrics.text(told).then(
      (text) => response.writeHead(200, { 'content-type': metricsContentType }).end(text),
      (error: unknown) => {
        log.error('metrics.failed', { reason: messageOf(error) });
        response.writeHead(500).end();
      },
    );
  });
  server.maxConnections = connectionsMax;
  await listening(server, host, port);
  const bound = server.address();
  return { port: typeof bound === 'object' ? (bound?.port ?? port) : port, close: () => closed(server) };
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const isTaken = error.code === 'EADDRINUSE';
      const message = isTaken
        ? `port ${port} on ${host} is taken by another program`
        : `cannot listen on ${host}:${port}: ${error.message}`;
      const hint = `\`ss -ltnp 'sport = :${port}'\` shows which program; or give another metricsListen`;
      reject(
        new SkepError(isTaken ? 'ResourceConflict' : 'InvalidConfig', message, {
          field: 'metricsListen',
          hint,
        }),
      );
    });
    server.listen(port, host, resolve);
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
