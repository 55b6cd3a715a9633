/**
 * Browsers are kept out: over loopback nobody is asked for a name, so a web page that somebody happens to
 * look at must not be able to speak to the cluster. Browsers say who they are in headers that pages cannot
 * take away.
 */
import type { IncomingMessage } from 'node:http';
import { SkepError } from '../../base/core/errors.ts';

/** Throws `Unauthorized` for a request that a browser sent. */
export function refuseBrowsers(request: IncomingMessage): void {
  const { origin, 'sec-fetch-site': fetchSite } = request.headers;
  if (origin === undefined && fetchSite === undefined) return;
  throw new SkepError('Unauthorized', 'browsers may not speak to this API', {
    hint: 'use the skep command, or a program that sends no Origin header',
  });
}
