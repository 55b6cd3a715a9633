/** One direction of a connection: frames arrive in order, after a delay, and wait while the path is cut. */
import type { Clock, Timer } from '../../src/base/clock.ts';

export type Frame =
  | { readonly kind: 'message'; readonly data: string | Uint8Array }
  | { readonly kind: 'ping' | 'pong' | 'closed' | 'reset' }
  | { readonly kind: 'close'; readonly code: number; readonly reason: string };

export interface WireOptions {
  readonly clock: Clock;
  readonly path: { readonly cuts: number };
  latency(): number;
  receive(frame: Frame): void;
}

interface Sent {
  readonly frame: Frame;
  readonly dueAt: number;
}

export class Wire {
  readonly #options: WireOptions;
  readonly #queue: Sent[] = [];
  #timer: Timer | undefined;

  constructor(options: WireOptions) {
    this.#options = options;
  }

  get pending(): number {
    return this.#queue.length;
  }

  send(frame: Frame): void {
    const { clock, latency } = this.#options;
    const dueAt = Math.max(clock.now() + latency(), this.#queue.at(-1)?.dueAt ?? 0);
    this.#queue.push({ frame, dueAt });
    this.kick();
  }

  /** Looks whether something may arrive: after the path was healed, for instance. */
  kick(): void {
    const { clock, path } = this.#options;
    const head = this.#queue[0];
    if (head === undefined || this.#timer !== undefined || path.cuts > 0) return;
    this.#timer = clock.after(Math.max(0, head.dueAt - clock.now()), () => {
      this.#timer = undefined;
      if (path.cuts > 0) return;
      this.#queue.shift();
      this.#options.receive(head.frame);
      this.kick();
    });
  }
}
