/**
 * The writes of one term of leadership: fenced, in bounded batches, with the journal's lines kept until they
 * are written. Used by term.ts and placer.ts only.
 */
import type { Clock } from '../base/clock.ts';
import { type Rng, randomName } from '../base/core/rng.ts';
import { defaultDomain, defaults } from '../model/defaults.ts';
import type { EventType, JournalEvent } from '../model/event.ts';
import type { Bbs } from '../store/bbs.ts';
import { encode } from '../store/core/codec.ts';
import { domainKey, eventKey, eventPrefix } from '../store/core/keys.ts';
import type { Fence, Mutation, Put } from '../store/core/records.ts';
import type { ClusterState } from '../store/core/state.ts';

export interface TermWriterOptions {
  readonly bbs: Bbs;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly fence: Fence;
  /** Hears of what is about to be written: it comes back before the store has answered. */
  readonly expect: (mutations: readonly Mutation[]) => void;
  readonly signal: AbortSignal;
}

/** Mutations in one call: enough to fill several transactions, few enough that their text stays small. */
const batchMax = 10 * defaults.txnMaxItems;
/** Lines of one kind between two flushes: a mass loss must not push everything else out of the journal. */
const ownLinesMax = 500;

export class TermWriter {
  readonly #options: TermWriterOptions;
  readonly #lines: Put[] = [];
  /** How often each kind was noted since the last flush. */
  readonly #noted = new Map<EventType, number>();
  #lineCount = 0;
  #revision: number;

  constructor(options: TermWriterOptions) {
    this.#options = options;
    this.#revision = options.fence.revision;
  }

  /** The highest revision that this term has written; deciding again before the replica has it repeats work. */
  get revision(): number {
    return this.#revision;
  }

  /** After a write without an answer: counts as written whatever the store holds by now. Throws `Unavailable`. */
  async learnRevision(): Promise<void> {
    const { bbs, fence, signal } = this.#options;
    const { revision } = await bbs.read([fence.key], { signal });
    this.#revision = Math.max(this.#revision, revision);
  }

  /** Writes one mutation an item; returns the items whose comparisons held. Throws `Fenced`, `Unavailable`. */
  async commit<T>(items: readonly T[], mutationOf: (item: T) => Mutation): Promise<T[]> {
    const committed: T[] = [];
    for (let from = 0; from < items.length; from += batchMax) {
      const batch = items.slice(from, from + batchMax);
      const outcomes = await this.#commit(batch.map(mutationOf));
      outcomes.forEach((outcome, place) => {
        if (!outcome.committed) return;
        this.#revision = Math.max(this.#revision, outcome.revision);
        committed.push(batch[place] as T);
      });
    }
    return committed;
  }

  /** Keeps lines for the journal until `flush`: so many of a kind each by itself, of the rest the number. */
  note(events: readonly JournalEvent[]): void {
    for (const event of events) {
      const count = this.#noted.get(event.type) ?? 0;
      this.#noted.set(event.type, count + 1);
      if (count < ownLinesMax) this.#line(event);
    }
  }

  /** How many more of a kind get a line each before the next flush: what is beyond need not be made. */
  roomFor(type: EventType): number {
    return Math.max(0, ownLinesMax - (this.#noted.get(type) ?? 0));
  }

  /** Counts what was not made, for there was no room for it. */
  noteMore(type: EventType, count: number): void {
    if (count > 0) this.#noted.set(type, (this.#noted.get(type) ?? 0) + count);
  }

  /** Writes the lines that wait. They are puts of their own keys: writing one twice changes nothing. */
  async flush(): Promise<void> {
    const at = this.#options.clock.now();
    for (const [type, count] of this.#noted) {
      if (count <= ownLinesMax) continue;
      const message = `${count - ownLinesMax} more: too many at once for a line each`;
      this.#line({ v: 1, type, at, subject: 'brain', message });
    }
    this.#noted.clear();
    while (this.#lines.length > 0) {
      const batch = this.#lines.slice(0, batchMax);
      await this.#commit(batch.map((line) => ({ compare: [], puts: [line] })));
      this.#lines.splice(0, batch.length);
    }
  }

  #line(event: JournalEvent): void {
    this.#lineCount += 1;
    // The count keeps lines of one moment in their order.
    const order = String(this.#lineCount % 1_000_000).padStart(6, '0');
    const key = eventKey(event.at, `${order}${randomName(this.#options.rng, 6)}`);
    this.#lines.push({ key, value: encode(event) });
  }

  /** Deletes what is older than the newest events that fit the journal. The replica holds no more than fit. */
  async trimJournal({ events }: ClusterState): Promise<void> {
    const [oldest] = events.keys();
    if (oldest === undefined || events.size < defaults.eventJournalMax) return;
    const { bbs, fence, signal } = this.#options;
    await bbs.deleteRange(eventPrefix, eventPrefix + oldest, { fence, signal });
  }

  /** The domain that the CLI uses never expires. */
  async ensureDefaultDomain(state: ClusterState): Promise<void> {
    const key = domainKey(defaultDomain);
    if (state.domains.has(defaultDomain) || state.corrupt.has(key)) return;
    const updatedAt = this.#options.clock.now();
    const value = encode({ v: 1, name: defaultDomain, ttlSeconds: 0, updatedAt });
    await this.commit([key], () => ({ compare: [{ key, revision: 0 }], puts: [{ key, value }] }));
  }

  #commit(mutations: readonly Mutation[]) {
    const { bbs, fence, expect, signal } = this.#options;
    expect(mutations);
    return bbs.commit(mutations, { fence, signal });
  }
}
