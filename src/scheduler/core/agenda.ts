/**
 * What falls due by time alone, and when: a binary heap by time. An entry that is no longer true costs one
 * needless look when it falls due, so nothing is ever taken out early. Used by the brain's term.
 */
import type { Millis } from '../../model/ids.ts';
import type { Due, DueKey } from './converge.ts';

export interface Agenda {
  add(due: Due): void;
  /** Takes out everything that is due. */
  take(now: Millis): DueKey[];
  /** When the next thing falls due. */
  readonly next: Millis | undefined;
}

export function createAgenda(): Agenda {
  const heap: Due[] = [];
  /** Latest known time per thing, so that the same news again adds nothing. */
  const known = new Map<string, Millis>();
  const atOf = (place: number): Millis => heap[place]?.at ?? Infinity;

  function swap(a: number, b: number): void {
    [heap[a], heap[b]] = [heap[b] as Due, heap[a] as Due];
  }

  function rise(from: number): void {
    for (let place = from; place > 0; ) {
      const parent = (place - 1) >> 1;
      if (atOf(parent) <= atOf(place)) return;
      swap(place, parent);
      place = parent;
    }
  }

  function sink(from: number): void {
    for (let place = from; ; ) {
      const left = 2 * place + 1;
      const child = atOf(left) <= atOf(left + 1) ? left : left + 1;
      if (atOf(child) >= atOf(place)) return;
      swap(place, child);
      place = child;
    }
  }

  function pop(): Due {
    const top = heap[0] as Due;
    const last = heap.pop() as Due;
    if (heap.length > 0) {
      heap[0] = last;
      sink(0);
    }
    return top;
  }

  return {
    add(due) {
      const name = nameOf(due.what);
      if (known.get(name) === due.at) return;
      known.set(name, due.at);
      heap.push(due);
      rise(heap.length - 1);
    },
    take(now) {
      const taken: DueKey[] = [];
      while (atOf(0) <= now) {
        const { at, what } = pop();
        const name = nameOf(what);
        if (known.get(name) === at) known.delete(name);
        taken.push(what);
      }
      return taken;
    },
    get next() {
      return heap[0]?.at;
    },
  };
}

function nameOf(what: DueKey): string {
  return what.kind === 'task' ? `task/${what.guid}` : `index/${what.guid}/${what.index}`;
}
