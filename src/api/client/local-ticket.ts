/**
 * The proof of our user on the local socket: asked for once a process, shown with every call, made again when the
 * server does not know it any more.
 */
import { SkepError } from '../../base/core/errors.ts';

/** Makes a file with this text, which nobody else can have made. */
export type Prove = (file: string, text: string) => void;

export class Ticket {
  readonly #prove: Prove;
  readonly #ask: (signal: AbortSignal) => Promise<{ readonly file: string; readonly ticket: string }>;
  #held: Promise<string> | undefined;

  constructor(
    prove: Prove,
    ask: (signal: AbortSignal) => Promise<{ readonly file: string; readonly ticket: string }>,
  ) {
    this.#prove = prove;
    this.#ask = ask;
  }

  /** Runs a call with the ticket; once more with a new one when the server refused the old. */
  async use<T>(signal: AbortSignal, call: (ticket: string) => Promise<T>): Promise<T> {
    const held = await this.#current(signal);
    try {
      return await call(held);
    } catch (error) {
      if (!(error instanceof SkepError) || error.code !== 'Unauthenticated') throw error;
      this.#held = undefined;
      return await call(await this.#current(signal));
    }
  }

  #current(signal: AbortSignal): Promise<string> {
    const obtaining = (this.#held ??= this.#obtain(signal));
    // One that could not be had, for want of a server, is asked for again by the next call.
    obtaining.catch(() => {
      if (this.#held === obtaining) this.#held = undefined;
    });
    return obtaining;
  }

  async #obtain(signal: AbortSignal): Promise<string> {
    const { file, ticket } = await this.#ask(signal);
    this.#prove(file, ticket);
    return ticket;
  }
}
