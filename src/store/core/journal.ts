/**
 * The newest events of the cluster's journal in memory, oldest first, never more than a bound. Ids sort by
 * time, but hundreds of one moment arrive in no order: the map is put in order when it is read, not each time.
 */
import type { JournalEvent } from '../../model/event.ts';

export class Journal {
  readonly #events = new Map<string, JournalEvent>();
  /** In order, always. */
  readonly #ids: string[] = [];
  readonly #max: number;
  /** Whether the map has the order of the ids. */
  #inOrder = true;

  /** @param max how many events are kept; the oldest go first */
  constructor(max: number) {
    this.#max = max;
  }

  /** Live, in the order of the ids. */
  get events(): ReadonlyMap<string, JournalEvent> {
    if (!this.#inOrder) this.#order();
    return this.#events;
  }

  /** Adds or replaces one; false when it is older than everything that is kept and there is no room. */
  put(id: string, event: JournalEvent): boolean {
    if (!this.#events.has(id)) this.#insert(id);
    this.#events.set(id, event);
    while (this.#ids.length > this.#max) this.#events.delete(this.#ids.shift() ?? '');
    return this.#events.has(id);
  }

  delete(id: string): void {
    if (!this.#events.delete(id)) return;
    this.#ids.splice(this.#place(id), 1);
  }

  #insert(id: string): void {
    const at = this.#place(id);
    if (at === this.#ids.length) this.#ids.push(id);
    else {
      this.#ids.splice(at, 0, id);
      this.#inOrder = false;
    }
  }

  /** A map keeps the order of insertion: all go in again. */
  #order(): void {
    const known = new Map(this.#events);
    this.#events.clear();
    for (const id of this.#ids) {
      const event = known.get(id);
      if (event !== undefined) this.#events.set(id, event);
    }
    this.#inOrder = true;
  }

  /** Where the id is, or belongs. */
  #place(id: string): number {
    const last = this.#ids.at(-1);
    if (last === undefined || last < id) return this.#ids.length;
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
