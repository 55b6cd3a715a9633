/**
 * Operators of a simulated cluster: now and then one of them wants something of the API, through the real
 * handlers of some server. What was acknowledged is checked against the store; every refusal must be an error
 * of the catalogue, and every call must end.
 */
import type { ApiContext, Call } from '../../src/api/context.ts';
import { operations } from '../../src/api/operations.ts';
import { pause } from '../../src/base/clock.ts';
import { SkepError } from '../../src/base/core/errors.ts';
import { intBetween, type Rng } from '../../src/base/core/rng.ts';
import { desiredLrpSpecSchema } from '../../src/model/desired-lrp.ts';
import type { CellId, ProcessGuid, TaskGuid } from '../../src/model/ids.ts';
import { taskSpecSchema } from '../../src/model/task.ts';
import { desiredKey, taskKey } from '../../src/store/core/keys.ts';
import type { Cluster } from './cluster.ts';
import { checkedPort, lrpImages, taskImages, tcpCheck } from './images.ts';

/** Every handler promises to end sooner. */
const callMaxMs = 15_000;
const lrpsMax = 7;

export interface WorkloadStats {
  calls: number;
  acknowledged: number;
  refused: number;
  unanswered: number;
}

export class Workload {
  readonly stats: WorkloadStats = { calls: 0, acknowledged: 0, refused: 0, unanswered: 0 };
  readonly #cluster: Cluster;
  readonly #rng: Rng;
  readonly #lrps: string[] = [];
  /** Names that were in use: few, so that one of them is soon wanted again. */
  #removed: string[] = [];
  readonly #tasks: string[] = [];
  #names = 0;

  readonly #isGiven: boolean;

  /** @param given LRPs that there are: then nothing is run, scaled or removed, only stopped and drained */
  constructor(cluster: Cluster, rng: Rng, given?: readonly ProcessGuid[]) {
    this.#cluster = cluster;
    this.#rng = rng;
    this.#isGiven = given !== undefined;
    this.#lrps.push(...(given ?? []));
  }

  /** Calls the API every few seconds until the signal aborts. */
  async run(meanMs: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#cluster.world;
    while (!signal.aborted) {
      this.#next();
      await pause(clock, Math.floor(this.#rng.next() * 2 * meanMs), signal);
    }
  }

  #next(): void {
    const chance = this.#rng.next();
    const lrp = this.#oneOf(this.#lrps) as ProcessGuid | undefined;
    const task = this.#oneOf(this.#tasks) as TaskGuid | undefined;
    if (this.#isGiven) {
      if (lrp === undefined || chance < 0.1) this.#drain();
      else this.#retire(lrp);
    } else if (lrp === undefined || (chance < 0.2 && this.#lrps.length < lrpsMax)) this.#desireLrp();
    else if (chance < 0.45) this.#scale(lrp);
    else if (chance < 0.55) this.#retire(lrp);
    else if (chance < 0.62) this.#remove(lrp);
    else if (task === undefined || chance < 0.9) this.#desireTask();
    else if (chance < 0.93) this.#drain();
    else if (chance < 0.94) this.#rebalance();
    else if (chance < 0.95) this.#settings();
    else if (chance < 0.97) this.#cancel(task);
    else this.#delete(task);
  }

  #desireLrp(): void {
    // A name in use is wanted again now and then: it must be refused, or be new after its removal.
    const known = this.#rng.next() < 0.2 ? this.#oneOf([...this.#lrps, ...this.#removed]) : undefined;
    const guid = known ?? `lrp${++this.#names}`;
    if (!this.#lrps.includes(guid)) this.#lrps.push(guid);
    const image = this.#oneOf(lrpImages) ?? 'web';
    const isChecked = image === 'checked' || image === 'sick';
    const rules = this.#rules(guid);
    const body = desiredLrpSpecSchema.parse({
      guid,
      image,
      instances: intBetween(this.#rng, 0, 6),
      memoryMb: this.#oneOf([0, 64, 128, 256, 700]),
      diskMb: 100,
      ports: isChecked ? [checkedPort] : this.#oneOf([[], [8081]]),
      checks: isChecked ? [tcpCheck] : [],
      stopGraceMs: this.#oneOf([0, 1_000, 10_000]),
      priority: this.#oneOf([0, 0, 0, 5, -5]),
      placement: rules,
    });
    this.#call(
      `run ${guid} ×${body.instances} of ${image}, ${body.memoryMb} MiB ${JSON.stringify(rules)}`,
      async (context, call) => {
        const { revision, desired } = await operations.desireLrp(context, { body }, call);
        this.#cluster.checker.acknowledged(desiredKey(desired.guid), revision, JSON.stringify(desired));
      },
    );
  }

  /** Mostly none. */
  #rules(guid: string): object {
    if (this.#rng.next() < 0.7) return {};
    const other = this.#oneOf(this.#lrps.filter((one) => one !== guid));
    return (
      this.#oneOf<object>([
        { maxPerCell: 2 },
        { spreadBy: 'rack' },
        { sticky: true },
        { notWith: other === undefined ? [] : [other] },
        other === undefined ? {} : { sameCellAs: other },
      ]) ?? {}
    );
  }

  #scale(guid: ProcessGuid): void {
    const instances = intBetween(this.#rng, 0, 8);
    this.#call(`scale ${guid} ${instances}`, async (context, call) => {
      const input = { params: { guid }, body: { instances } };
      const { revision, desired } = await operations.updateLrp(context, input, call);
      this.#cluster.checker.acknowledged(desiredKey(guid), revision, JSON.stringify(desired));
    });
  }

  #retire(guid: ProcessGuid): void {
    const index = intBetween(this.#rng, 0, 4);
    this.#call(`stop ${guid}/${index}`, async (context, call) => {
      await operations.retireInstance(context, { params: { guid, index } }, call);
    });
  }

  #remove(guid: ProcessGuid): void {
    this.#call(`rm ${guid}`, async (context, call) => {
      await operations.removeLrp(context, { params: { guid } }, call);
      // Others take their places: a run of hours must not end with an empty cluster.
      if (this.#lrps.includes(guid)) this.#lrps.splice(this.#lrps.indexOf(guid), 1);
      this.#removed = [...this.#removed.filter((name) => name !== guid), guid].slice(-3);
    });
  }

  #desireTask(): void {
    const guid = `task${++this.#names}`;
    this.#tasks.push(guid);
    const image = this.#oneOf(taskImages) ?? 'job';
    const memoryMb = this.#oneOf([0, 64, 300]) ?? 0;
    const body = taskSpecSchema.parse({ guid, image, memoryMb, diskMb: 10 });
    this.#call(`task run ${guid} of ${image}, ${memoryMb} MiB`, async (context, call) => {
      const { revision, task } = await operations.desireTask(context, { body }, call);
      this.#cluster.checker.acknowledged(taskKey(task.guid), revision, JSON.stringify(task));
    });
  }

  #cancel(guid: TaskGuid): void {
    this.#call(`task cancel ${guid}`, async (context, call) => {
      await operations.cancelTask(context, { params: { guid } }, call);
    });
  }

  /** A drained cell is undrained now and then, so that several never leave the cluster without room for long. */
  #drain(): void {
    const { hosts, checker } = this.#cluster;
    if (checker.drained.size > 0) return this.undrainAll();
    const id = this.#oneOf(hosts)?.cellId;
    if (id === undefined) return;
    const force = this.#rng.next() < 0.2;
    const deadlineMs = this.#oneOf([null, 5_000, 30_000]) ?? null;
    const maxParallel = this.#oneOf([undefined, 1, 2]);
    const body = {
      reason: '',
      deadlineMs,
      force,
      anyway: true,
      alongside: [],
      ...(maxParallel === undefined ? {} : { maxParallel }),
    };
    this.#call(`drain ${id}`, async (context, call) => {
      await operations.drainCell(context, { params: { id }, body }, call);
    });
  }

  #rebalance(): void {
    if (this.#rng.next() < 0.3) {
      this.#call('rebalance --stop', async (context, call) => {
        await operations.stopRebalance(context, {}, call);
      });
      return;
    }
    const body = { maxMoves: intBetween(this.#rng, 1, 10) };
    this.#call('rebalance', async (context, call) => {
      await operations.rebalance(context, { body }, call);
    });
  }

  #settings(): void {
    const body = this.#oneOf([
      { preemption: true },
      { preemption: false },
      { maxStarting: 2 },
      { maxStarting: 0 },
      { maxStartingPerCell: 1 },
      { maxStartingPerCell: 0 },
    ]) ?? { preemption: false };
    this.#call(`settings ${JSON.stringify(body)}`, async (context, call) => {
      await operations.updateSettings(context, { body }, call);
    });
  }

  /** Asks for the end of every drain. */
  undrainAll(): void {
    for (const id of this.#cluster.checker.drained) {
      this.#call(`undrain ${id}`, async (context, call) => {
        await operations.undrainCell(context, { params: { id: id as CellId } }, call);
      });
    }
  }

  #delete(guid: TaskGuid): void {
    this.#cluster.checker.deletable.add(guid);
    this.#call(`task rm ${guid}`, async (context, call) => {
      await operations.deleteTask(context, { params: { guid } }, call);
    });
  }

  /** Calls a server that runs; the answer of one that dies or stops meanwhile is never heard. */
  #call(what: string, work: (context: ApiContext, call: Call) => Promise<void>): void {
    const { world, servers, fail } = this.#cluster;
    const server = this.#oneOf(servers.filter(({ running }) => running !== undefined));
    const running = server?.running;
    if (server === undefined || running === undefined) return;
    this.stats.calls += 1;
    const tell = (outcome: string): void => world.log.add('client', `${server.name}: ${what}: ${outcome}`);
    const hangUp = new AbortController();
    const { process } = running;
    const disturbances = process.isPaused ? -1 : process.disturbances;
    const late = world.clock.after(callMaxMs, () => {
      this.stats.unanswered += 1;
      hangUp.abort(new SkepError('Cancelled', 'the client hung up'));
      tell('no answer');
      if (process.disturbances > disturbances) return;
      fail(`the API did not answer "${what}" within ${callMaxMs} ms`);
    });
    process.deliver(() => {
      work(running.api, { actor: 'operator', signal: hangUp.signal }).then(
        () => {
          late.cancel();
          this.stats.acknowledged += 1;
          tell('done');
        },
        (error: unknown) => {
          late.cancel();
          this.stats.refused += 1;
          const isKnown = error instanceof SkepError && error.code !== 'Internal';
          tell(isKnown ? `${error.code}: ${error.message}` : String(error));
          if (!isKnown)
            fail(`the API broke on "${what}": ${error instanceof Error ? error.stack : String(error)}`);
        },
      );
    });
  }

  #oneOf<T>(all: readonly T[]): T | undefined {
    return all.length === 0 ? undefined : all[intBetween(this.#rng, 0, all.length - 1)];
  }
}
