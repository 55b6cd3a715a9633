/**
 * The newest events of the cluster's journal in memory, oldest first, never more than a bound. Ids sort by
 * time; servers whose clocks differ may add one late, which costs as many steps as events are newer.
 */
import type { JournalEvent } from '../../model/event.ts';

export class Journal {
  /** Live, in the order of the ids. */
  readonly events = new Map<string, JournalEvent>();
  readonly #ids: string[] = [];
  readonly #max: number;

  /** @param max how many events are kept; the oldest go first */
  constructor(max: number) {
    this.#max = max;
  }

  /** Adds or replaces one; false when it is older than everything that is kept and there is no room. */
  put(id: string, event: JournalEvent): boolean {
    if (!this.events.has(id)) this.#insert(id);
    this.events.set(id, event);
    while (this.#ids.length > this.#max) this.events.delete(this.#ids.shift() ?? '');
    return this.events.has(id);
  }

  delete(id: string): void {
    if (!this.events.delete(id)) return;
    this.#ids.splice(this.#place(id), 1);
  }

  clear(): void {
    this.events.clear();
    this.#ids.length = 0;
  }

  /** A map keeps the order of insertion: what is newer goes in again behind it. */
  #insert(id: string): void {
    const at = this.#place(id);
    const newer = this.#ids.slice(at).map((key) => [key, this.events.get(key)] as const);
    this.#ids.splice(at, 0, id);
    for (const [key] of newer) this.events.delete(key);
    this.events.set(id, placeholder);
    for (const [key, event] of newer) if (event !== undefined) this.events.set(key, event);
  }

  /** Where the id is, or belongs. */
  #place(id: string): number {
    let low = 0;
    let high = this.#ids.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ids[middle] ?? '') < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Holds a place until `put` has filled it. */
const placeholder: JournalEvent = { v: 1, type: 'lrp.changed', at: 0, subject: '', message: '' };
