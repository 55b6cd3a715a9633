/**
 * The clients of the terminal UI, with certificates that renew themselves while it is open: it may be open for longer
 * than a certificate is good for. Used by ui.ts. What went wrong is told when the screen is given back.
 */
import { type Client, createClient } from '../../api/client.ts';
import type { Timer } from '../../base/clock.ts';
import { type ContextRenewal, contextRenewal } from '../context-renewal.ts';
import type { NamedContext } from '../contexts.ts';
import type { Io } from '../io.ts';
import type { Address } from '../session.ts';

/** The first time a moment after the screen is there, then again and again: a look at the clock, mostly. */
const firstMs = 5_000;
const everyMs = 10 * 60_000;

type UiIo = Pick<Io, 'clock' | 'contexts' | 'dial' | 'makeRequest' | 'prove' | 'stderr'>;

export class UiClients {
  readonly #io: UiIo;
  readonly #signal: AbortSignal;
  readonly #renewals = new Map<string, ContextRenewal>();
  /** By context, of those whose last try failed. */
  readonly #notes = new Map<string, string>();
  #timer: Timer;

  constructor(io: UiIo, signal: AbortSignal) {
    this.#io = io;
    this.#signal = signal;
    this.#timer = io.clock.after(firstMs, () => this.#look());
  }

  /** @param named the context whose certificate the address is spoken to with, if it is one's */
  client(address: Address, named: NamedContext | undefined): Client {
    const { dial, clock, prove } = this.#io;
    if (named === undefined || !('tls' in address)) return createClient({ ...address, dial, clock, prove });
    const renewal = this.#renewalOf(named);
    const onTrust = (epoch: number): void => renewal.noticed(epoch);
    return createClient({ ...address, tls: renewal.tls, dial, clock, prove, onTrust });
  }

  /** Renews no more, and says on standard error what could not be renewed. */
  close(): void {
    this.#timer.cancel();
    for (const note of this.#notes.values()) this.#io.stderr.write(note);
    this.#notes.clear();
  }

  #renewalOf(named: NamedContext): ContextRenewal {
    const known = this.#renewals.get(named.name);
    if (known !== undefined) return known;
    const stderr = { write: (text: string) => this.#notes.set(named.name, text).size > 0 } as UiIo['stderr'];
    const renewal = contextRenewal({ ...this.#io, stderr }, named);
    this.#renewals.set(named.name, renewal);
    return renewal;
  }

  /** Never rejects: what a renewal throws it has told. */
  #look(): void {
    this.#notes.clear();
    for (const renewal of this.#renewals.values()) {
      renewal.tryAgain();
      void renewal.settle(this.#signal);
    }
    this.#timer = this.#io.clock.after(everyMs, () => this.#look());
  }
}
