/** Docker's own API, one request at a time, with nothing of Skep in between: the peer to measure against. */
import { request as httpRequest } from 'node:http';
import { dockerSocket } from '../test/kit/unix-proxy.ts';

/** The decoded answer; throws what the engine says. Deleting what is gone is fine. */
export function engine(method: string, path: string, body?: unknown): Promise<unknown> {
  return engineAt(dockerSocket(), method, path, body);
}

/** The same of the engine behind another socket; it ends after a minute at the latest. */
export function engineAt(
  socketPath: string,
  method: string,
  path: string,
  body?: unknown,
  deadlineMs = 60_000,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const signal = AbortSignal.timeout(deadlineMs);
    const request = httpRequest({ socketPath, method, path, headers, signal }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => {
        if ((response.statusCode ?? 500) < 300) return resolve(text === '' ? undefined : JSON.parse(text));
        if (response.statusCode === 404 && method === 'DELETE') return resolve(undefined);
        reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`));
      });
    });
    request.on('error', reject);
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
