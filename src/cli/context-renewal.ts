/**
 * Keeps the certificate of a context from ending: asks for another one, for a key made here, when two thirds of its life
 * are over or the cluster's authorities are being changed, and replaces the file in one step. Called by session.ts
 * beside what a command does; it never makes a command fail, and never prints what the file holds.
 */
import { type Client, createClient } from '../api/client.ts';
import type { TlsSource } from '../base/certificates.ts';
import { messageOf } from '../base/core/errors.ts';
import { type NamedContext, tlsOf } from './contexts.ts';
import { type Context, parseContext } from './core/context.ts';
import { escapeLines } from './core/escape.ts';
import type { Io } from './io.ts';

export interface ContextRenewal {
  /** The certificate that counts now, for connections that are made from now on. */
  readonly tls: TlsSource;
  /** The cluster is at this epoch of trust; asked for anew when the context is of an older one. */
  noticed(epoch: number): void;
  /** Renews what is due, and waits for what was begun. */
  settle(signal: AbortSignal): Promise<void>;
  /** After a failure nothing is asked any more, until this is called: for what is open for long. */
  tryAgain(): void;
}

export type RenewalIo = Pick<Io, 'clock' | 'contexts' | 'dial' | 'makeRequest' | 'stderr'>;

/** A command does not wait longer than this for it. */
const deadlineMs = 5_000;

export function contextRenewal(io: RenewalIo, { name, context }: NamedContext): ContextRenewal {
  let current: Context = context;
  let source = tlsOf(context);
  let running: Promise<void> | undefined;
  let refused = false;
  const tls: TlsSource = { current: () => source.current() };
  const byAge = (): boolean => current.renewAt !== undefined && io.clock.now() >= current.renewAt;

  /** Another command, or the UI that this one opened, has renewed it meanwhile. */
  function adopt(): boolean {
    const kept = io.contexts.read(name);
    const other = kept === undefined ? undefined : parseContext(kept, name);
    if (other === undefined || other.user !== current.user || other.certificate === current.certificate)
      return false;
    current = other;
    source = tlsOf(other);
    return !byAge();
  }

  async function renew(signal: AbortSignal): Promise<void> {
    try {
      if (adopt()) return;
      const client = createClient({ servers: current.servers, tls, dial: io.dial, clock: io.clock });
      const before = current;
      current = await renewed(io, client, before, signal);
      source = tlsOf(current);
      // One that somebody removed or replaced meanwhile is left as it is.
      const kept = io.contexts.read(name);
      if (kept !== undefined && parseContext(kept, name).certificate === before.certificate)
        io.contexts.write(name, `${JSON.stringify(current, null, 2)}\n`);
    } catch (error) {
      if (signal.aborted) return;
      refused = true;
      const left =
        current.endsAt === undefined ? '' : `; it ends at ${new Date(current.endsAt).toISOString()}`;
      io.stderr.write(
        `skep: the certificate of context ${name} was not renewed: ${escapeLines(messageOf(error))}${left}\n`,
      );
    }
  }

  const begin = (signal: AbortSignal): void => {
    running ??= renew(signal).finally(() => {
      running = undefined;
    });
  };
  return {
    tls,
    noticed(epoch) {
      if (!refused && epoch > (current.trust ?? 0)) begin(AbortSignal.timeout(deadlineMs));
    },
    async settle(signal) {
      if (!refused && running === undefined && byAge()) begin(signal);
      await running;
    },
    tryAgain() {
      refused = false;
    },
  };
}

async function renewed(
  io: Pick<RenewalIo, 'makeRequest'>,
  client: Client,
  context: Context,
  signal: AbortSignal,
): Promise<Context> {
  const { key, request } = await io.makeRequest(context.user);
  const answer = await client.call('renewUser', { body: { request } }, { signal, deadlineMs });
  const { renewAt: _renewAt, ...rest } = context;
  return { ...rest, ...answer, key };
}
