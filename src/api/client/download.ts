/** One GET whose answer is bytes, taken at the pace of whoever iterates. Used by the client's `download`. */
import type { IncomingMessage } from 'node:http';
import { connectionError } from '../../base/connection-error.ts';
import { errorFromBody, SkepError } from '../../base/core/errors.ts';
import { ticketHeader } from '../core/paths.ts';
import { type Endpoint, starter } from './request.ts';

/** A server that sends nothing for so long is gone. */
const silenceMs = 30_000;
const errorMaxBytes = 64 * 1024;

/** Asks, and resolves once the server sends. Throws its refusal, or why the connection failed. */
export async function beginDownload(
  endpoint: Endpoint,
  path: string,
  ticket: string | undefined,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const response = await answerOf(endpoint, path, ticket, signal);
  if (response.statusCode !== 200) throw await refusalOf(response, endpoint);
  return response;
}

/** Throws why the connection failed; ends early when the server does. */
export async function* downloadBytes(
  endpoint: Endpoint,
  response: IncomingMessage,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) yield chunk;
  } catch (error) {
    throw signal.aborted ? signal.reason : connectionError(error, endpoint.address);
  }
}

async function answerOf(
  endpoint: Endpoint,
  path: string,
  ticket: string | undefined,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const headers = ticket === undefined ? {} : { [ticketHeader]: ticket };
  const start = await starter(endpoint);
  return await new Promise((resolve, reject) => {
    const request = start({ method: 'GET', path, headers, agent: false, signal, timeout: silenceMs });
    request.on('timeout', () =>
      request.destroy(
        new SkepError('Unavailable', `${endpoint.address} has sent nothing for ${silenceMs / 1_000} s`),
      ),
    );
    request.on('error', (error) => {
      reject(signal.aborted ? (signal.reason as Error) : connectionError(error, endpoint.address));
    });
    request.on('response', resolve);
    request.end();
  });
}

async function refusalOf(response: IncomingMessage, { address }: Endpoint): Promise<SkepError> {
  let text = '';
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if (text.length < errorMaxBytes) text += chunk.toString('utf8');
  }
  try {
    return errorFromBody(JSON.parse(text));
  } catch {
    // Whatever answered is no agent of ours.
    return new SkepError('Unavailable', `${address} answered with status ${response.statusCode}`, {
      hint: 'check the address: another program may listen there',
    });
  }
}
