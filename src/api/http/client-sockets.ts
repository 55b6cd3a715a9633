/** How many WebSockets clients hold open on this server: each takes memory. Asked by upgrade.ts for every one. */
import { SkepError } from '../../base/core/errors.ts';

/** At once, of all callers and of one. */
const limits = { all: 4_096, one: 1_024 };

export interface ClientSockets {
  /** Takes a place for the caller; the answer gives it back, once. Throws `Busy` when there is none. */
  enter(name: string): () => void;
}

export function clientSockets({ all, one }: typeof limits = limits): ClientSockets {
  const byName = new Map<string, number>();
  let count = 0;
  return {
    enter(name) {
      const own = byName.get(name) ?? 0;
      if (own >= one) throw full(`${name} has ${own} WebSockets open on this server`);
      if (count >= all) throw full(`this server has ${count} WebSockets of clients open`);
      byName.set(name, own + 1);
      count += 1;
      let isIn = true;
      return () => {
        if (!isIn) return;
        isIn = false;
        count -= 1;
        const left = (byName.get(name) ?? 1) - 1;
        if (left === 0) byName.delete(name);
        else byName.set(name, left);
      };
    },
  };
}

const full = (what: string): SkepError =>
  new SkepError('Busy', `${what}, more are refused`, {
    hint: 'close some, or ask another server of the cluster',
  });
