/**
 * Views of 250,000 instances: how long until the first window is there, what a move of the window and a change of
 * one instance cost, how long the thread is held up meanwhile, and the memory that orders take.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { validate } from '../src/api/core/validation.ts';
import { type ViewQuery, viewQuerySchema } from '../src/api/core/view-shapes.ts';
import { type Lease, ViewHub } from '../src/api/views/hub.ts';
import { windowOf } from '../src/api/views/window.ts';
import { silentLog } from '../src/base/log.ts';
import { systemClock } from '../src/base/node/system-clock.ts';
import { MutableState } from '../src/store/core/fold.ts';
import type { StoredRecord } from '../src/store/core/records.ts';
import type { Touched } from '../src/store/core/state.ts';
import type { Replica, ReplicaListener } from '../src/store/replica.ts';
import { fullUnits, instancesPerUnit } from './mix.ts';
import { type BenchOptions, type Figures, type Measured, median } from './report.ts';
import { runningCluster } from './running-mix.ts';

export const ratioOf = { figure: 'change_ms', better: 'less' } as const;

export async function measure({ quick, say }: BenchOptions): Promise<Measured> {
  const units = quick ? fullUnits / 10 : fullUnits;
  const samples = quick ? 30 : 200;
  const records = runningCluster(units);
  const world = new World(records);
  say(`${units * instancesPerUnit} instances folded`);
  const asked: Readonly<Record<string, Partial<ViewQuery>>> = {
    open: {},
    sort: { sort: { column: 'cell', descending: true } },
    text: { filter: 'triple-9' },
    regex: { filter: '^tri.*e-9+-0/' },
    lrps: { kind: 'lrps' },
  };
  const ours: Record<string, number> = {};
  for (const [name, change] of Object.entries(asked)) {
    const made = await world.open(change);
    for (const [figure, value] of Object.entries(made)) ours[`${name}_${figure}`] = value;
    say(`${name}: ${JSON.stringify(made)}`);
  }
  Object.assign(ours, await world.follow(samples));
  world.hub.close();
  return { ours, peers: {}, samples };
}

class World {
  readonly #state = new MutableState();
  readonly #listeners = new Set<ReplicaListener>();
  readonly #records: readonly StoredRecord[];
  readonly #replica: Replica;
  readonly hub: ViewHub;

  constructor(records: readonly StoredRecord[]) {
    this.#records = records;
    this.#state.replace({ revision: records.length, records });
    this.#replica = {
      state: this.#state,
      staleReason: '',
      subscribe: (listener) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
      waitFor: () => Promise.resolve(),
      expect: () => undefined,
      run: () => Promise.resolve(),
    };
    this.hub = new ViewHub({ replica: this.#replica, clock: systemClock, log: silentLog });
  }

  /** Until the first window is there, and what that took. The order stays open. */
  async open(change: Partial<ViewQuery>): Promise<Figures> {
    const memory = usedMb();
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const startedAt = performance.now();
    const usedBefore = process.threadCpuUsage();
    const changed = new Changed();
    const lease = this.#acquire(change, () => changed.tell());
    while (lease.population.progress(lease.order) !== undefined) await changed.next();
    const window = windowOf(lease, queryOf(change), 1, this.#replica);
    const ms = performance.now() - startedAt;
    const { user, system } = process.threadCpuUsage(usedBefore);
    delay.disable();
    if (window.rows.length === 0) throw new Error('the window is empty');
    return { ms, cpu_ms: (user + system) / 1_000, held_up_ms: delay.max / 1e6, mb: usedMb() - memory };
  }

  async follow(samples: number): Promise<Figures> {
    const changed = new Changed();
    const lease = this.#acquire({}, () => changed.tell());
    const moves: number[] = [];
    const changes: number[] = [];
    for (let round = 0; round < samples; round++) {
      const movedAt = performance.now();
      const start = Math.floor((lease.order.size * round) / samples);
      const moved = this.#acquire({}, () => undefined);
      const window = queryOf({ window: { start, count: 60 } });
      JSON.stringify(windowOf(moved, window, round, this.#replica));
      moved.release();
      moves.push(performance.now() - movedAt);

      const changedAt = performance.now();
      this.#rewrite(round, 1);
      await changed.next();
      JSON.stringify(windowOf(lease, window, round, this.#replica));
      changes.push(performance.now() - changedAt);
    }
    const burstAt = performance.now();
    this.#rewrite(0, 10_000);
    while (lease.population.hasWork) await changed.next();
    const burst = performance.now() - burstAt;
    return { move_ms: median(moves), change_ms: median(changes), burst_of_10000_ms: burst };
  }

  #acquire(change: Partial<ViewQuery>, onChange: () => void): Lease {
    return this.hub.acquire(queryOf(change), onChange);
  }

  /** The last records, which are instances, come again at a higher revision, as the watch would bring them. */
  #rewrite(from: number, count: number): void {
    const revision = this.#state.revision + 1;
    const end = this.#records.length - from;
    const changes = this.#records
      .slice(end - count, end)
      .map((record) => ({ key: record.key, record: { ...record, revision } }));
    const touched: Touched = this.#state.apply(changes, revision);
    for (const listener of this.#listeners) listener(touched, this.#state);
  }
}

/** Something has changed since it was asked last. */
class Changed {
  #has = false;
  #resolve: () => void = () => undefined;

  tell(): void {
    this.#has = true;
    this.#resolve();
  }

  async next(): Promise<void> {
    if (!this.#has) await new Promise<void>((resolve) => (this.#resolve = resolve));
    this.#has = false;
  }
}

const queryOf = (change: Partial<ViewQuery>) =>
  validate(viewQuerySchema, { kind: 'instances', window: { start: 0, count: 60 }, ...change }, 'query');

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function usedMb(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed / 2 ** 20;
}
