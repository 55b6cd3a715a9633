/**
 * Somebody who uses the cluster meanwhile: makes, scales and removes LRPs and runs tasks, one change after the other
 * for each name, through whichever server answers, and writes down what was acknowledged.
 */
import type { Client } from '../../../src/api/client.ts';
import type { RouteInput, RouteName, RouteOutput } from '../../../src/api/core/routes.ts';
import { pause } from '../../../src/base/clock.ts';
import { SkepError } from '../../../src/base/core/errors.ts';
import { intBetween, type Rng } from '../../../src/base/core/rng.ts';
import { systemClock } from '../../../src/base/node/system-clock.ts';
import type { Write } from '../checker/evidence.ts';
import type { Marks } from './marks.ts';

export const image = 'skep-test/busybox:1';

export interface Load {
  /** Those of one name in order. */
  readonly writes: Write[];
  /** How long each acknowledged write took, in ms, with when it was asked for. */
  readonly latencies: readonly { readonly askedAt: number; readonly ms: number }[];
  /** Lets every change that is under way end. */
  stop(): Promise<void>;
}

export interface LoadOptions {
  readonly clients: readonly Client[];
  readonly rng: Rng;
  readonly marks: Marks;
  /** Names begin with it. */
  readonly prefix: string;
}

/** Chooses the server that answered last, and the next one when it does not. */
class Turns {
  readonly #clients: readonly Client[];
  #at: number;

  constructor(clients: readonly Client[], at: number) {
    this.#clients = clients;
    this.#at = at;
  }

  async call<N extends RouteName>(name: N, input: RouteInput<N>): Promise<RouteOutput<N>> {
    const client = this.#clients[this.#at % this.#clients.length] as Client;
    try {
      return await client.call(name, input, { signal: AbortSignal.timeout(8_000), deadlineMs: 6_000 });
    } catch (error) {
      if (!(error instanceof SkepError) || error.code === 'Unavailable') this.#at += 1;
      throw error;
    }
  }
}

export function startLoad({ clients, rng, marks, prefix }: LoadOptions): Load {
  const writes: Write[] = [];
  const latencies: { askedAt: number; ms: number }[] = [];
  const stop = new AbortController();
  const ask = async (
    change: Pick<Write, 'guid' | 'kind' | 'instances'>,
    make: () => Promise<{ readonly revision: number }>,
  ): Promise<Write['outcome']> => {
    const askedAt = Date.now();
    try {
      const { revision } = await make();
      writes.push({ ...change, askedAt, outcome: 'acknowledged', revision });
      latencies.push({ askedAt, ms: Date.now() - askedAt });
      return 'acknowledged';
    } catch (error) {
      // Everything else the server has refused in words, and then nothing was written.
      const isUnsure =
        !(error instanceof SkepError) || error.code === 'Unavailable' || error.code === 'Internal';
      writes.push({ ...change, askedAt, outcome: isUnsure ? 'unsure' : 'refused' });
      return isUnsure ? 'unsure' : 'refused';
    }
  };
  const rest = (lowMs: number, highMs: number): Promise<boolean> =>
    pause(systemClock, intBetween(rng, lowMs, highMs), stop.signal);

  async function lrps(worker: number): Promise<void> {
    const turns = new Turns(clients, worker);
    for (let turn = 0; !stop.signal.aborted; turn++) {
      const guid = `${prefix}-load-${worker}-${turn}`;
      const first = intBetween(rng, 1, 2);
      await ask({ guid, kind: 'lrp', instances: first }, () =>
        turns.call('desireLrp', { body: sleeper(guid, first) }),
      );
      await rest(500, 2_000);
      for (let times = intBetween(rng, 1, 3); times > 0 && !stop.signal.aborted; times--) {
        const instances = intBetween(rng, 0, 3);
        const update = { params: { guid }, body: { instances } };
        await ask({ guid, kind: 'lrp', instances }, () => turns.call('updateLrp', update));
        await rest(500, 2_000);
      }
      if (stop.signal.aborted && turn > 0) return;
      await ask({ guid, kind: 'lrp', instances: undefined }, () =>
        turns.call('removeLrp', { params: { guid } }),
      );
    }
  }

  async function tasks(): Promise<void> {
    const turns = new Turns(clients, 0);
    for (let turn = 0; !stop.signal.aborted; turn++) {
      const guid = `${prefix}-task-${turn}`;
      const script = `${marks.command(guid)}; sleep 1`;
      const body = {
        guid,
        image,
        memoryMb: 16,
        action: { kind: 'run' as const, args: ['sh', '-c', script] },
      };
      await ask({ guid, kind: 'task', instances: 1 }, () => turns.call('desireTask', { body }));
      await rest(1_000, 2_500);
    }
  }

  const working = [lrps(0), lrps(1), tasks()];
  return {
    writes,
    latencies,
    async stop() {
      stop.abort();
      await Promise.all(working);
    },
  };
}

/** An LRP that does nothing and ends at once when told to. */
export const sleeper = (guid: string, instances: number, memoryMb = 16) => ({
  guid,
  instances,
  image,
  memoryMb,
  stopGraceMs: 1_000,
  action: { kind: 'run' as const, args: ['sleep', '1000000'] },
});
