/**
 * Samples for those who look: one sampler a cell, shared by all of them, that reads nothing while nobody does. Called
 * by session/streams.ts for every `stats` stream.
 */
import { type StatsSample, statsIntervalMs } from '../api/core/stats-shapes.ts';
import type { Clock } from '../base/clock.ts';
import { messageOf, SkepError } from '../base/core/errors.ts';
import type { Log } from '../base/log.ts';
import type { Socket } from '../base/socket.ts';
import { instanceName } from '../model/instance-name.ts';
import type { Container } from './core/container.ts';
import { type ContainerReading, containerSample, type HostReading, hostSample } from './core/stats-rates.ts';
import type { Meter } from './meter.ts';
import { drain, sendControl, sendData } from './session/send.ts';
import type { StatsRequest, StreamService } from './session/streams.ts';

/** Between the two readings of a first sample. */
const firstRateMs = 250;

export interface StatsOptions {
  readonly cellId: string;
  readonly meter: Meter;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Containers of this cell that run now. */
  running(): readonly Container[];
}

/** What was read at one moment. */
interface Round {
  readonly host: HostReading | undefined;
  readonly containers: ReadonlyMap<string, ContainerReading>;
}

interface Look {
  /** Undefined: the whole cell. */
  readonly instanceGuid: string | undefined;
}

export class Stats implements StreamService<StatsRequest> {
  readonly #options: StatsOptions;
  readonly #looks = new Set<Look>();
  /** The newest round and the one before it, of all that anybody looks at. */
  #rounds: { readonly before: Round; readonly after: Round } | undefined;
  #tick = Promise.withResolvers<void>();
  #isSampling = false;

  constructor(options: StatsOptions) {
    this.#options = options;
  }

  async serve(socket: Socket, request: StatsRequest, signal: AbortSignal): Promise<void> {
    const look: Look = { instanceGuid: request.instanceGuid };
    if (look.instanceGuid !== undefined && this.#wanted([look]).length === 0) {
      throw new SkepError('NotRunning', 'its container does not run, so there is nothing to measure', {
        hint: 'see "skep why" for the reason',
      });
    }
    const gone = Promise.withResolvers<void>();
    signal.addEventListener('abort', () => gone.resolve(), { once: true });
    this.#enter(look);
    try {
      await sendControl(socket, { kind: 'opened' });
      void drain(socket);
      let tick = this.#tick.promise;
      await sendData(socket, await this.#first(look, signal));
      while (!signal.aborted) {
        await Promise.race([tick, gone.promise]);
        tick = this.#tick.promise;
        const rounds = this.#rounds;
        if (rounds !== undefined && !signal.aborted) {
          await sendData(socket, this.#sampleOf(look, rounds.before, rounds.after));
        }
      }
    } finally {
      this.#looks.delete(look);
    }
  }

  #enter(look: Look): void {
    this.#looks.add(look);
    if (this.#isSampling) return;
    this.#isSampling = true;
    this.#runWhileLookedAt()
      .catch((error: unknown) => {
        const { signal, log } = this.#options;
        if (!signal.aborted) log.error('stats.failed', { reason: messageOf(error) });
      })
      .finally(() => {
        this.#isSampling = false;
        this.#rounds = undefined;
      });
  }

  async #runWhileLookedAt(): Promise<void> {
    const { clock, signal } = this.#options;
    let before: Round | undefined;
    while (this.#looks.size > 0) {
      const after = await this.#read([...this.#looks]);
      if (before !== undefined) this.#rounds = { before, after };
      before = after;
      this.#tick.resolve();
      this.#tick = Promise.withResolvers();
      await clock.sleep(statsIntervalMs, signal);
    }
  }

  /** From the rounds of others when they show it; else by two readings of its own. */
  async #first(look: Look, signal: AbortSignal): Promise<StatsSample> {
    const rounds = this.#rounds;
    if (rounds !== undefined && this.#isIn(look, rounds.before)) {
      return this.#sampleOf(look, rounds.before, rounds.after);
    }
    const before = await this.#read([look]);
    await this.#options.clock.sleep(firstRateMs, signal);
    return this.#sampleOf(look, before, await this.#read([look]));
  }

  #isIn({ instanceGuid }: Look, round: Round): boolean {
    if (instanceGuid === undefined) return round.host !== undefined;
    return this.#wanted([{ instanceGuid }]).every(({ id }) => round.containers.has(id));
  }

  #wanted(looks: readonly Look[]): readonly Container[] {
    const running = this.#options.running();
    if (looks.some(({ instanceGuid }) => instanceGuid === undefined)) return running;
    const guids = new Set(looks.map(({ instanceGuid }) => instanceGuid));
    return running.filter(({ identity }) => guids.has(identity.instanceGuid));
  }

  async #read(looks: readonly Look[]): Promise<Round> {
    const { meter } = this.#options;
    const isWhole = looks.some(({ instanceGuid }) => instanceGuid === undefined);
    const [host, containers] = await Promise.all([
      isWhole ? meter.host() : undefined,
      meter.containers(this.#wanted(looks).map(({ id, pid }) => ({ id, pid }))),
    ]);
    return { host, containers };
  }

  /** Only what is in both rounds has a rate: one that began or ended between them is left out. */
  #sampleOf(look: Look, before: Round, after: Round): StatsSample {
    const problems = new Map<string, number>();
    const note = (problem: string): void => {
      if (problem !== '') problems.set(problem, (problems.get(problem) ?? 0) + 1);
    };
    const containers = this.#wanted([look]).flatMap(({ id, identity }) => {
      const [first, last] = [before.containers.get(id), after.containers.get(id)];
      if (first === undefined || last === undefined) return [];
      note(last.problem);
      const { kind, guid, index, instanceGuid } = identity;
      const name = kind === 'lrp' ? instanceName(guid, index) : guid;
      return [containerSample({ name, instanceGuid }, first, last)];
    });
    const isWhole = look.instanceGuid === undefined;
    const hasHost = isWhole && before.host !== undefined && after.host !== undefined;
    if (isWhole) note(after.host?.problem ?? '');
    return {
      at: this.#options.clock.now(),
      cellId: this.#options.cellId,
      ...(hasHost && before.host && after.host ? { host: hostSample(before.host, after.host) } : {}),
      containers,
      problem: [...problems]
        .map(([what, times]) => (times > 1 ? `${what} (${times} times)` : what))
        .join('; '),
    };
  }
}
