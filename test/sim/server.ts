/**
 * A simulated server: the real replica, dispatcher, brain and API handlers over a connection to the store that
 * can fail. It can be killed, paused, told to stop, and started again.
 */
import type { ApiContext } from '../../src/api/context.ts';
import { createDispatcher } from '../../src/api/dispatcher.ts';
import { intBetween, seededRng } from '../../src/base/core/rng.ts';
import { type Brain, createBrain } from '../../src/scheduler/brain.ts';
import { createPlanner } from '../../src/scheduler/planner.ts';
import type { Fence } from '../../src/store/bbs.ts';
import { createReplica } from '../../src/store/follow-replica.ts';
import { type MemoryElection, memoryElection } from '../../src/store/memory/memory-election.ts';
import type { MemoryStore } from '../../src/store/memory/memory-store.ts';
import { SimProcess } from './process.ts';
import { type StoreFaults, StoreView } from './store-view.ts';
import type { World } from './world.ts';

export const clusterId = 'sim';
const stopMs = 3_000;

interface Running {
  readonly process: SimProcess;
  readonly view: StoreView;
  readonly api: ApiContext;
  readonly brain: Brain;
  readonly election: MemoryElection;
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

export interface ServerOptions {
  readonly world: World;
  readonly name: string;
  readonly store: MemoryStore;
  /** Called around each write: `s1` for the API and the cells, `s1.brain` for the brain. */
  writing(writer: string, fence: Fence | undefined, write: () => unknown): unknown;
}

export class SimServer {
  readonly name: string;
  readonly faults: StoreFaults = {
    requests: 0,
    answers: 0,
    watch: 0,
    delayMs: 0,
    watchDelayMs: 0,
    lostAnswers: 0,
  };
  readonly #options: ServerOptions;
  #running: Running | undefined;
  #runs = 0;
  /** Writes that may still reach the store before it dies. */
  #writesLeft = Number.POSITIVE_INFINITY;
  #writes = 0;

  constructor(options: ServerOptions) {
    this.#options = options;
    this.name = options.name;
  }

  get running(): Running | undefined {
    return this.#running;
  }

  get isLeading(): boolean {
    return this.#running?.brain.stats().leading ?? false;
  }

  /** After the faults have been changed. */
  kick(): void {
    this.#running?.view.kick();
  }

  start(): void {
    if (this.#running?.stop.signal.aborted === true) this.#end('takes too long to stop');
    if (this.#running !== undefined) return;
    const { world, store, name, writing } = this.#options;
    const process = new SimProcess(`${name}#${++this.#runs}`, world.clock);
    world.log.add(name, `server ${process.name} starts`);
    const stop = new AbortController();
    const { clock } = process;
    const rng = seededRng(intBetween(world.rng, 1, 2 ** 31));
    const log = world.log.logOf(name);
    const viewOf = (writer: string): StoreView =>
      new StoreView({
        process,
        world: world.clock,
        store,
        rng: seededRng(intBetween(world.rng, 1, 2 ** 31)),
        faults: this.faults,
        writing: (fence, write) => this.#counted(process, () => writing(writer, fence, write)),
      });
    const view = viewOf(name);
    const replica = createReplica({ bbs: view, clock, log });
    const following = replica.run(stop.signal);
    const common = { replica, bbs: view, clusterId, server: name, clock, rng, log };
    const dispatcher = createDispatcher(common);
    const brain = createBrain({
      bbs: viewOf(`${name}.brain`),
      replica,
      clock,
      rng,
      log,
      serverName: name,
      ear: dispatcher,
      servingSince: clock.now(),
    });
    const election = memoryElection({ bbs: view, name, clock });
    const campaign = election.campaign((term) => brain.lead(term), { signal: stop.signal });
    world.network.listen(name, {
      process,
      accept: (cellId, socket) => void dispatcher.serve(cellId, socket),
    });
    const api = { ...common, dispatcher, planner: createPlanner(), version: '0.0.0' };
    const ended = Promise.all([following, campaign]).then(() => undefined);
    stop.signal.addEventListener('abort', () => dispatcher.close());
    this.#running = { process, view, api, brain, election, stop, ended };
  }

  /** Writes that have reached the store so far. */
  get writes(): number {
    return this.#writes;
  }

  /** It is killed once so many more of its writes have reached the store, before it hears of the last. */
  dieAfterWrites(count: number): void {
    this.#writesLeft = count;
  }

  #counted(process: SimProcess, write: () => unknown): unknown {
    const outcome = write();
    this.#writes += 1;
    if (this.#running?.process === process && --this.#writesLeft <= 0) {
      this.#writesLeft = Number.POSITIVE_INFINITY;
      this.kill();
    }
    return outcome;
  }

  /** SIGKILL. */
  kill(): void {
    this.#end('is killed');
  }

  /** SIGTERM: leadership is given up, sessions are closed. */
  stop(): void {
    const running = this.#running;
    if (running === undefined) return;
    this.#options.world.log.add(this.name, `server ${running.process.name} is told to stop`);
    running.stop.abort(new Error('the server stops'));
    const end = (): void => {
      if (this.#running === running) this.#end('has stopped');
    };
    void running.ended.then(end);
    this.#options.world.clock.after(stopMs, end);
  }

  #end(how: string): void {
    const running = this.#running;
    this.#options.world.log.add(this.name, `server ${running?.process.name ?? '(none)'} ${how}`);
    if (running === undefined) return;
    running.process.kill();
    this.#options.world.network.dropSockets(running.process, false);
    this.#running = undefined;
  }
}
