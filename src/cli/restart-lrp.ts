/**
 * Replaces instances of one LRP, a few at a time: each is stopped, and the next is taken when its successor runs and is
 * ready. Used by `skep restart`. What the cluster was told goes on when this ends; nothing further is begun.
 */
import { messageOf, SkepError } from '../base/core/errors.ts';
import type { ActualLrp } from '../model/actual-lrp.ts';
import type { ProcessGuid } from '../model/ids.ts';
import { instanceName } from '../model/instance-name.ts';
import { escapeText } from './core/escape.ts';
import { describe } from './core/progress.ts';
import { type Limits, stepOf, type Turn } from './core/restart-turn.ts';
import type { Session } from './session.ts';
import { watchRows } from './watch-rows.ts';

export interface Restart extends Limits {
  readonly guid: ProcessGuid;
  readonly indexes: readonly number[];
  /** How many are replaced at one time. */
  readonly atOnce: number;
}

export interface Restarted {
  readonly replaced: number;
  readonly skipped: number;
  /** Why it stopped before the end; absent when it did not. */
  readonly problem?: { readonly index: number; readonly because: 'crashed' | 'late' };
}

/** Steadiness and deadlines are looked at so often; changes at once. */
const lookMs = 500;

/** Throws what the API refuses; an aborted session ends it with what was done. */
export async function restartLrp(session: Session, restart: Restart): Promise<Restarted> {
  const stop = new AbortController();
  const signal = AbortSignal.any([session.signal, stop.signal]);
  const work = new Work(session, restart);
  const { clock } = session.io;
  const tick = (): void => {
    work.look();
    if (!signal.aborted) timer = clock.after(lookMs, tick);
  };
  let timer = clock.after(lookMs, tick);
  const watching = (async () => {
    const rows = watchRows<ActualLrp>(session, { kind: 'instances', guid: restart.guid }, signal);
    for await (const now of rows) work.saw([...now.values()]);
    work.interrupt();
  })().catch((error: unknown) => work.fail(error));
  try {
    return await work.result;
  } finally {
    timer.cancel();
    stop.abort();
    await watching;
  }
}

class Work {
  readonly #session: Session;
  readonly #restart: Restart;
  readonly #queue: number[];
  readonly #turns = new Map<number, Turn>();
  readonly #outcome = Promise.withResolvers<Restarted>();
  #records: ReadonlyMap<number, ActualLrp> | undefined;
  #replaced = 0;
  #skipped = 0;

  constructor(session: Session, restart: Restart) {
    this.#session = session;
    this.#restart = restart;
    this.#queue = [...restart.indexes];
  }

  get result(): Promise<Restarted> {
    return this.#outcome.promise;
  }

  saw(rows: readonly ActualLrp[]): void {
    const ordinary = rows.filter(({ presence }) => presence === 'ORDINARY');
    this.#records = new Map(ordinary.map((record) => [record.index, record]));
    this.look();
  }

  interrupt(): void {
    this.#outcome.resolve({ replaced: this.#replaced, skipped: this.#skipped });
  }

  fail(error: unknown): void {
    this.#outcome.reject(error);
  }

  /** Nothing is decided before the cluster has been heard. */
  look(): void {
    if (this.#records === undefined) return;
    for (const turn of this.#turns.values()) this.#step(turn);
    const now = this.#session.io.clock.now();
    while (this.#turns.size < this.#restart.atOnce) {
      const index = this.#queue.shift();
      if (index === undefined) break;
      this.#step({ index, since: now });
    }
    if (this.#turns.size === 0 && this.#queue.length === 0) this.interrupt();
  }

  #step(turn: Turn): void {
    const { index } = turn;
    const record = this.#records?.get(index);
    const step = stepOf(turn, record, this.#restart, this.#session.io.clock.now());
    switch (step.kind) {
      case 'wait':
        this.#turns.set(index, step.turn);
        return;
      case 'retire':
        this.#turns.set(index, step.turn);
        void this.#retire(index);
        return;
      case 'done':
        this.#replaced += 1;
        this.#turns.delete(index);
        if (record !== undefined) this.#session.note(describe(record));
        return;
      case 'skip':
        this.#skipped += 1;
        this.#turns.delete(index);
        this.#session.note(`${this.#name(index)} has no container: there is nothing to restart`);
        return;
      case 'fail':
        this.#queue.length = 0;
        if (record !== undefined) this.#session.warn(describe(record));
        this.#outcome.resolve({
          replaced: this.#replaced,
          skipped: this.#skipped,
          problem: { index, because: step.because },
        });
    }
  }

  async #retire(index: number): Promise<void> {
    const { client, signal } = this.#session;
    try {
      const params = { guid: this.#restart.guid, index };
      await client.call('retireInstance', { params }, { signal });
      this.#session.note(`${this.#name(index)} is stopping; a new instance replaces it`);
    } catch (error) {
      const turn = this.#turns.get(index);
      if (!(error instanceof SkepError) || !error.retryable || turn === undefined) return this.fail(error);
      this.#session.note(`${this.#name(index)}: ${escapeText(messageOf(error))}; it is asked again`);
      this.#turns.set(index, { ...turn, isRefused: true });
    }
  }

  #name(index: number): string {
    return instanceName(this.#restart.guid, index);
  }
}
