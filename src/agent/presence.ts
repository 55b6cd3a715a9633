/**
 * Keeps this cell's presence alive at the servers: registers it, then a heartbeat every 2 s, and registers
 * again when the lease is gone or what it says has changed. A heartbeat gets 1 s per server, so that a dead
 * server costs less than the lease.
 */
import { type Clock, pause } from '../base/clock.ts';
import { backoffMs } from '../base/core/backoff.ts';
import { messageOf, SkepError } from '../base/core/errors.ts';
import type { Rng } from '../base/core/rng.ts';
import type { Log } from '../base/log.ts';
import type { CellPresence } from '../model/cell.ts';
import { defaults } from '../model/defaults.ts';
import type { Millis } from '../model/ids.ts';
import type { Links } from './session/links.ts';

const heartbeatDeadlineMs = 1_000;
const stayDeadlineMs = 5_000;
const stayPollMs = 50;
const retry = { firstMs: 100, maxMs: 1_000 } as const;
/** At start, the server of this very host takes a few seconds: so many failures, about five seconds, are no news. */
const patience = 8;

export interface PresenceOptions {
  readonly links: Links;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** What to say of this cell now; undefined while that is not known yet. */
  current(): CellPresence | undefined;
}

export interface Presence {
  /** What this cell says may have changed, or a server can be reached again: look at once. */
  wake(): void;
  /**
   * The agent is about to be restarted: the cell stays present for `ttlMs` without it. Resolves when that is so, or after
   * a few seconds: servers that do not answer must not hold up the restart. A restart that has not come after that time
   * is waited for no longer.
   */
  stayFor(ttlMs: number): Promise<void>;
  /** The restart did not come: back to the lease as usual. */
  stayNoLonger(): void;
  readonly registered: boolean;
  readonly done: Promise<void>;
}

export function keepPresence(options: PresenceOptions): Presence {
  return new PresenceKeeper(options);
}

class PresenceKeeper implements Presence {
  readonly done: Promise<void>;
  readonly #options: PresenceOptions;
  #lease: { readonly leaseId: string; readonly revision: number } | undefined;
  #said: string | undefined;
  #registered = false;
  #waiting = new AbortController();
  /** How long the lease is to last, if longer than usual … */
  #wanted: { readonly ttlMs: number; readonly until: Millis } | undefined;
  /** … and how long the one lasts that is held. */
  #heldTtlMs: number | undefined;

  constructor(options: PresenceOptions) {
    this.#options = options;
    this.done = this.#run();
  }

  get registered(): boolean {
    return this.#registered;
  }

  wake(): void {
    this.#waiting.abort();
  }

  async stayFor(ttlMs: number): Promise<void> {
    const { clock, signal, log } = this.#options;
    const now = clock.now();
    this.#wanted = { ttlMs, until: now + ttlMs };
    this.wake();
    while (this.#heldTtlMs !== ttlMs && clock.now() < now + stayDeadlineMs && !signal.aborted)
      await pause(clock, stayPollMs, signal);
    if (this.#heldTtlMs !== ttlMs) log.warn('presence.not_prolonged', { ttlMs });
  }

  stayNoLonger(): void {
    this.#wanted = undefined;
    this.wake();
  }

  async #run(): Promise<void> {
    const { clock, signal } = this.#options;
    let failures = 0;
    while (!signal.aborted) {
      this.#waiting = new AbortController();
      let waitMs: number = defaults.heartbeatMs;
      try {
        await this.#beat();
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        waitMs = this.#afterFailure(error, failures);
      }
      await pause(clock, waitMs, AbortSignal.any([signal, this.#waiting.signal]));
    }
  }

  async #beat(): Promise<void> {
    const { links, clock, signal, log } = this.#options;
    const presence = this.#options.current();
    if (presence === undefined) return;
    if (this.#wanted !== undefined && clock.now() >= this.#wanted.until) this.#wanted = undefined;
    const ttlMs = this.#wanted?.ttlMs;
    const saying = JSON.stringify(presence);
    const how = { signal, deadlineMs: heartbeatDeadlineMs };
    const isUnchanged = this.#registered && saying === this.#said && ttlMs === this.#heldTtlMs;
    if (this.#lease !== undefined && isUnchanged) {
      await links.request('heartbeat', this.#lease, how);
      return;
    }
    // A lease lasts as long as it was granted for: another one is needed for another time.
    const kept = ttlMs === this.#heldTtlMs ? this.#lease?.leaseId : undefined;
    const asked = ttlMs === undefined ? { presence, leaseId: kept } : { presence, leaseId: kept, ttlMs };
    const { leaseId, revision } = await links.request('register', asked, how);
    this.#lease = { leaseId, revision };
    this.#heldTtlMs = ttlMs;
    this.#said = saying;
    this.#registered = true;
    log.info('presence.registered', { engineOk: presence.engine.ok, memoryMb: presence.capacity.memoryMb });
  }

  /** After this many failures in a row; returns how long to wait. */
  #afterFailure(error: unknown, failures: number): Millis {
    const { log, rng } = this.#options;
    const isGone = error instanceof SkepError && error.code === 'ResourceNotFound';
    if (isGone) {
      this.#lease = undefined;
      this.#registered = false;
      log.warn('presence.lease_gone', {});
      if (failures === 1) return 0;
    } else if (failures === (this.#registered ? 1 : patience)) {
      log.warn('presence.failed', { reason: messageOf(error) });
    }
    return backoffMs(retry, failures, rng);
  }
}
