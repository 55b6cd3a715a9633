/** One HTTP request and its JSON answer, over a connection of its own: a command makes one or two. */
import {
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import type { TlsSource } from '../../base/certificates.ts';
import { connectionError } from '../../base/connection-error.ts';
import { errorFromBody, SkepError } from '../../base/core/errors.ts';
import { staleHeader, ticketHeader, trustHeader } from '../core/paths.ts';
import type { RequestLine } from './urls.ts';

export interface Endpoint {
  /** As a person would write it. */
  readonly address: string;
  readonly connection: { readonly socketPath: string } | { readonly host: string; readonly port: number };
  /** What comes before the path of a WebSocket's address. */
  readonly socketBase: string;
  readonly tls?: TlsSource | undefined;
}

const answerMaxBytes = 64 * 1024 * 1024;

export interface Answer {
  readonly body: unknown;
  /** Why it may be old; undefined when it is not. */
  readonly stale: string | undefined;
  /** The epoch of trust there; 0: no authority was ever changed. */
  readonly trust: number;
}

/** Resolves with the parsed body of a success; throws the server's error, or why there was no answer. */
export async function requestJson(
  endpoint: Endpoint,
  line: RequestLine,
  ticket: string | undefined,
  signal: AbortSignal,
): Promise<Answer> {
  const { status, text, stale, trust } = await exchange(endpoint, line, ticket, signal);
  const body = parse(text);
  if (status >= 200 && status < 300 && body !== undefined) return { body, stale, trust };
  if (typeof body === 'object' && body !== null && 'error' in body) throw errorFromBody(body);
  throw new SkepError(
    'Unavailable',
    `${endpoint.address} answered with status ${status}, but not as a Skep agent does`,
    {
      hint: 'check the address: another program may listen there',
    },
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Whatever answered is no agent of ours; the caller says so.
    return undefined;
  }
}

/** Begins requests to an endpoint. TLS is loaded by those who speak it: a command on the local socket starts without. */
export async function starter({
  tls,
  connection,
}: Endpoint): Promise<(options: RequestOptions) => ClientRequest> {
  if (tls === undefined) return (options) => httpRequest({ ...connection, ...options });
  const [{ request }, { tlsConnection }] = await Promise.all([
    import('node:https'),
    import('../../base/tls-peer.ts'),
  ]);
  return (options) => request({ ...connection, ...tlsConnection(tls), ...options });
}

async function exchange(
  endpoint: Endpoint,
  { method, path, body }: RequestLine,
  ticket: string | undefined,
  signal: AbortSignal,
): Promise<{ status: number; text: string; stale: string | undefined; trust: number }> {
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const headers = {
    ...(ticket === undefined ? {} : { [ticketHeader]: ticket }),
    ...(payload === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
  };
  const start = await starter(endpoint);
  return await new Promise((resolve, reject) => {
    const fail = (error: unknown): void => {
      reject(signal.aborted ? (signal.reason as Error) : connectionError(error, endpoint.address));
    };
    const request = start({ method, path, headers, agent: false, signal });
    request.on('error', fail);
    request.on('response', (response) => {
      const stale = decoded(response.headers[staleHeader]);
      const trust = Number(response.headers[trustHeader] ?? 0) || 0;
      const status = response.statusCode ?? 0;
      readAll(response).then((text) => resolve({ status, text, stale, trust }), fail);
    });
    request.end(payload);
  });
}

function decoded(header: string | readonly string[] | undefined): string | undefined {
  if (typeof header !== 'string') return undefined;
  try {
    return decodeURIComponent(header);
  } catch {
    // Not as our servers write it: it says that the answer is old all the same.
    return header;
  }
}

async function readAll(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > answerMaxBytes)
      throw new SkepError('TooLarge', `the answer is larger than ${answerMaxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
