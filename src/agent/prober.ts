/**
 * One health check over the network, as a port and for real. Asked against the container's own address: on
 * the host's, the engine's proxy accepts connections that nobody serves. Messages: reference/diego.md 1.12.
 */
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { messageOf } from '../base/core/errors.ts';
import type { Check } from '../model/check.ts';

export type NetworkCheck = Exclude<Check, { readonly kind: 'command' }>;

export type ProbeResult = { readonly ok: true } | { readonly ok: false; readonly output: string };

export interface Prober {
  /**
   * Asks once. Never throws for what the workload does; rejects with the signal's reason when it aborts,
   * which is how the caller keeps the check's timeout.
   */
  probe(
    check: NetworkCheck,
    address: string,
    options: { readonly signal: AbortSignal },
  ): Promise<ProbeResult>;
}

export function networkProber(): Prober {
  const agent = new Agent({ keepAlive: false });
  return {
    probe: (check, address, { signal }) =>
      check.kind === 'tcp' ? probeTcp(check.port, address, signal) : probeHttp(agent, check, address, signal),
  };
}

/** `failed to make TCP connection to 172.17.0.2:8080: dial tcp 172.17.0.2:8080: connect: connection refused`. */
export function tcpFailure(address: string, port: number, cause: string): string {
  const target = `${address}:${port}`;
  return `failed to make TCP connection to ${target}: dial tcp ${target}: connect: ${cause}`;
}

/** `failed to make HTTP request to '/ping' on port 8080: connection refused`. */
export function httpFailure(path: string, port: number, cause: string): string {
  return `failed to make HTTP request to '${path}' on port ${port}: ${cause}`;
}

function probeTcp(port: number, host: string, signal: AbortSignal): Promise<ProbeResult> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, signal });
    socket.once('connect', () => {
      socket.destroy();
      resolve({ ok: true });
    });
    socket.once('error', (error) => {
      if (signal.aborted) reject(signal.reason as Error);
      else resolve({ ok: false, output: tcpFailure(host, port, causeOf(error)) });
    });
  });
}

function probeHttp(
  agent: Agent,
  check: Extract<Check, { readonly kind: 'http' }>,
  host: string,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const { path, port } = check;
  return new Promise((resolve, reject) => {
    const asked = request({ host, port, path, agent, signal, headers: { 'user-agent': 'skep-health' } });
    asked.once('response', (answer) => {
      const status = answer.statusCode ?? 0;
      answer.destroy();
      const output = httpFailure(path, port, `received status code ${status}`);
      resolve(status === 200 ? { ok: true } : { ok: false, output });
    });
    asked.once('error', (error) => {
      if (signal.aborted) reject(signal.reason as Error);
      else resolve({ ok: false, output: httpFailure(path, port, causeOf(error)) });
    });
    asked.end();
  });
}

const causes: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset by peer',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  ETIMEDOUT: 'connection timed out',
};

function causeOf(error: NodeJS.ErrnoException): string {
  return causes[error.code ?? ''] ?? messageOf(error);
}
