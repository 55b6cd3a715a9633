/**
 * How a session that began on the local socket goes on at another server: with a certificate that the first one gave it
 * while it was there. Used by the terminal UI; a command ends before it would need one.
 */
import type { Client } from '../api/client.ts';
import { tlsOf } from './contexts.ts';
import { type Address, anotherServer, type Session } from './session.ts';

export interface SessionPass {
  /** How another server is spoken to; the first one again while there is no other way. */
  addressOf(apiAddress: string): Address;
}

/** Asks for a pass in the background, if the session needs one. Without one the UI stays at its server. */
export function sessionPass(
  { address: first, io, signal }: Pick<Session, 'address' | 'io' | 'signal'>,
  client: Client,
): SessionPass {
  let other: ((apiAddress: string) => Address) | undefined;

  async function ask(): Promise<void> {
    const { key, request } = await io.makeRequest('session');
    const { pass } = await client.call('enter', { body: { request } }, { signal });
    if (pass === undefined) {
      other = (apiAddress) => ({ baseUrl: `http://${apiAddress}` });
      return;
    }
    const tls = tlsOf({ v: 1, user: 'session', key, ...pass });
    other = (apiAddress) => ({ servers: [apiAddress], tls });
  }

  // The first screen comes first: making a key takes a moment.
  if ('socketPath' in first) {
    io.clock.after(askAfterMs, () => {
      // Refused or out of reach: the UI says that its server is away when it is, and tries it for ever.
      ask().catch(() => undefined);
    });
  }
  return { addressOf: (apiAddress) => other?.(apiAddress) ?? anotherServer(first, apiAddress) };
}

const askAfterMs = 2_000;
