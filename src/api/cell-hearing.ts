/**
 * Which cells this server hears from now, asked by the leader's brain before it places something. A host without
 * power says no goodbye: its socket looks alive for ten seconds, so cells that were not heard lately are pinged and
 * have half a second to answer. Costs nothing while nothing is placed. Fed by dispatcher.ts.
 */
import type { Clock } from '../base/clock.ts';
import type { Socket } from '../base/socket.ts';
import { defaults } from '../model/defaults.ts';
import type { CellId, Millis } from '../model/ids.ts';

/** While something is placed all the time; a ping and its answer cost 50 to 100 µs of the server. */
const pingsPerSecond = 1_000;
const leastFreshMs = 200;
/** Who does not answer is asked again this often, as long as its session stands. */
const askAgainMs = 1_000;
/** Waiting goes in steps, each of which reads what has arrived: a server that was busy itself blames no cell. */
const stepMs = 50;
const stepsMax = 10;
/** A cell that is between two sessions: its agent restarts, or the path blinked. */
const absentAfterMs = 1_000;
/** Cells dial a server that has just started within this time. */
const newServerGraceMs = 4_000;
/** A cell that is present for so long without a session here renews its lease at another server: it lives. */
const livesElsewhereAfterMs = 2 * defaults.presenceTtlMs;

/** Who was heard within this time is not asked: with few cells 0.2 s, with 1,250 1.25 s. */
function freshMsFor(cellCount: number): Millis {
  return Math.max(leastFreshMs, (1_000 * cellCount) / pingsPerSecond);
}

interface Line {
  readonly socket: Socket;
  heardAt: Millis;
  /** When it was asked what it has not answered. */
  askedAt: Millis | undefined;
}

export class CellHearing {
  readonly #clock: Clock;
  readonly #startedAt: Millis;
  readonly #lines = new Map<CellId, Line>();
  /** Since when cells that are present have had no session here. */
  readonly #absentSince = new Map<CellId, Millis>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startedAt = clock.now();
  }

  opened(cellId: CellId, socket: Socket): void {
    this.#lines.set(cellId, { socket, heardAt: this.#clock.now(), askedAt: undefined });
    this.#absentSince.delete(cellId);
  }

  /** Something came from the cell: it need not be asked for a while. */
  heard(cellId: CellId): void {
    const line = this.#lines.get(cellId);
    if (line === undefined) return;
    line.heardAt = this.#clock.now();
    line.askedAt = undefined;
  }

  /** @param isGoodbye the agent said that it goes: it is not between two sessions */
  ended(cellId: CellId, isGoodbye = false): void {
    const silentSince = this.#lines.get(cellId)?.askedAt;
    const now = this.#clock.now();
    this.#lines.delete(cellId);
    this.#absentSince.set(cellId, isGoodbye ? now - absentAfterMs : (silentSince ?? now));
  }

  /** Those of `present` that are not heard. Throws the signal's reason. */
  async unheard(
    present: Iterable<CellId>,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<ReadonlySet<CellId>> {
    const cells = new Set(present);
    for (const cellId of this.#absentSince.keys()) if (!cells.has(cellId)) this.#absentSince.delete(cellId);
    await this.#untilAnswered(this.#askAll(cells), signal);
    const now = this.#clock.now();
    return new Set([...cells].filter((cellId) => !this.#hears(cellId, now)));
  }

  /** Resolves to the questions that are new; those that are old were waited for once. */
  #askAll(cells: ReadonlySet<CellId>): Promise<void>[] {
    const now = this.#clock.now();
    const freshMs = freshMsFor(cells.size);
    return [...cells].flatMap((cellId): Promise<void>[] => {
      const line = this.#lines.get(cellId);
      if (line === undefined) return [];
      const { askedAt } = line;
      const isDue = askedAt === undefined ? now - line.heardAt >= freshMs : now - askedAt >= askAgainMs;
      if (!isDue) return [];
      const answered = this.#ask(line, now);
      return askedAt === undefined ? [answered] : [];
    });
  }

  async #ask(line: Line, now: Millis): Promise<void> {
    line.askedAt = now;
    if (!(await line.socket.ping())) return;
    line.heardAt = this.#clock.now();
    line.askedAt = undefined;
  }

  async #untilAnswered(answers: readonly Promise<void>[], signal: AbortSignal): Promise<void> {
    if (answers.length === 0) return;
    let isOver = false;
    const all = Promise.all(answers).then(() => {
      isOver = true;
    });
    for (let step = 0; step < stepsMax && !isOver; step++) {
      await Promise.race([all, this.#clock.sleep(stepMs, signal)]);
    }
  }

  #hears(cellId: CellId, now: Millis): boolean {
    const line = this.#lines.get(cellId);
    if (line !== undefined) return line.askedAt === undefined;
    // Only who has not dialled yet has the grace: a session that was there and ended says what it says.
    const since = this.#absentSince.get(cellId) ?? Math.max(now, this.#startedAt + newServerGraceMs);
    this.#absentSince.set(cellId, since);
    const absentMs = now - since;
    return absentMs < absentAfterMs || absentMs > livesElsewhereAfterMs;
  }
}
