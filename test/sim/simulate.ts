/**
 * One simulation: a cluster, a workload and a script of faults, all drawn from one seed, on a virtual clock.
 * First faults strike while safety is checked after every step; then they stop, and within a bounded time
 * everything must be as wanted and stay so. The same seed gives the same run, line by line.
 */
import { intBetween, seededRng } from '../../src/base/core/rng.ts';
import { type Fault, type FaultKind, faultKinds, faultScript, strike, tellFault } from './faults.ts';
import type { DumpedCluster } from './from-dump.ts';
import { situation } from './liveness.ts';
import { SafetyError, Stage } from './stage.ts';
import { Workload, type WorkloadStats } from './workload.ts';

export interface SimulationOptions {
  readonly seed: number;
  /** Virtual minutes with faults; the quiet time after comes on top. */
  readonly minutes: number;
  /** Drawn from the seed unless given. */
  readonly cells?: number | undefined;
  readonly servers?: number | undefined;
  /** The kinds of faults to draw from; all of them unless given. */
  readonly faults?: readonly FaultKind[] | undefined;
  /** Begin with this cluster; its cells and servers, unless `servers` says otherwise. */
  readonly dump?: DumpedCluster | undefined;
  /** Gets every line of the log at once. */
  readonly print?: ((line: string) => void) | undefined;
}

export interface SimulationResult {
  readonly seed: number;
  /** What went wrong; undefined when nothing did. */
  readonly failure: { readonly phase: 'safety' | 'liveness'; readonly message: string } | undefined;
  readonly script: readonly Fault[];
  readonly lines: readonly string[];
  /** Over all lines. */
  readonly digest: string;
  readonly stats: WorkloadStats & {
    readonly steps: number;
    readonly revisions: number;
    readonly virtualMs: number;
  };
}

/** How long after the last fault everything is as wanted, but for crashed instances that wait by policy. */
const healMaxMs = 150_000;
/** What is as wanted stays so for this long. */
/** How long the brain and a cell take at most to give a place to what waited for what a task has just freed. */
const reactMs = 3_000;
const calmMs = 65_000;
const lookEveryMs = 1_000;
const onItsWayMs = 50;

export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const run = new Run(options);
  return await run.result();
}

class Run {
  readonly #options: SimulationOptions;
  readonly #stage: Stage;
  readonly #script: readonly Fault[];
  readonly #workload: Workload;
  readonly #meanMs: number;
  readonly #faultMs: number;

  constructor(options: SimulationOptions) {
    const rng = seededRng(options.seed);
    this.#options = options;
    this.#faultMs = Math.round(options.minutes * 60_000);
    this.#script = faultScript({ rng, untilMs: this.#faultMs, kinds: options.faults ?? faultKinds });
    this.#meanMs = intBetween(rng, 500, 6_000);
    const [servers, cells] = [intBetween(rng, 1, 3), intBetween(rng, 2, 5)];
    const sometimes = (value: number): number => (rng.next() < 0.5 ? value : 0);
    this.#stage = new Stage({
      rng: seededRng(intBetween(rng, 1, 2 ** 31)),
      servers: options.servers ?? options.dump?.servers ?? servers,
      cells: options.cells ?? cells,
      duplicates: sometimes(0.05),
      lostAnswers: sometimes(0.02),
      dump: options.dump,
      print: options.print,
    });
    const workRng = seededRng(intBetween(rng, 1, 2 ** 31));
    this.#workload = new Workload(this.#stage.cluster, workRng, options.dump?.guids);
  }

  async result(): Promise<SimulationResult> {
    let failure: SimulationResult['failure'];
    try {
      await this.#withFaults();
      const message = await this.#withoutFaults();
      if (message !== undefined) failure = { phase: 'liveness', message };
    } catch (error) {
      if (!(error instanceof SafetyError)) throw error;
      failure = { phase: 'safety', message: error.message };
    }
    if (failure !== undefined) this.#stage.log.add('FAILURE', `${failure.phase}: ${failure.message}`);
    return {
      seed: this.#options.seed,
      failure,
      script: this.#script,
      lines: this.#stage.log.lines,
      digest: this.#stage.log.digest(),
      stats: {
        ...this.#workload.stats,
        steps: this.#stage.steps,
        revisions: this.#stage.cluster.store.revision,
        virtualMs: this.#stage.now,
      },
    };
  }

  async #withFaults(): Promise<void> {
    const quiet = new AbortController();
    for (const fault of this.#script) this.#stage.after(fault.atMs, () => this.#strike(fault));
    await this.#stage.cluster.preload();
    this.#stage.cluster.start();
    const working = this.#workload.run(this.#meanMs, quiet.signal);
    await this.#stage.advance(this.#faultMs);
    quiet.abort();
    await working;
    this.#stage.log.add('fault', 'no more faults, no more work');
    this.#stage.cluster.calm();
  }

  #strike(fault: Fault): void {
    const struck = strike(this.#stage.cluster, fault);
    if (struck === undefined) return;
    this.#stage.log.add('fault', `${fault.kind}: ${struck.target}`);
    this.#stage.after(fault.forMs, () => {
      this.#stage.log.add('fault', `${fault.kind} ends: ${struck.target}`);
      struck.end();
    });
  }

  /** What is still wrong when it should not be; undefined when all is well. */
  async #withoutFaults(): Promise<string | undefined> {
    let until = this.#stage.now + healMaxMs;
    for (;;) {
      await this.#stage.advance(lookEveryMs);
      this.#workload.undrainAll();
      const { problems, waitsUntil } = situation(this.#stage.cluster);
      if (problems.length === 0 && waitsUntil === undefined) break;
      if (waitsUntil !== undefined) until = Math.max(until, waitsUntil + healMaxMs);
      if (this.#stage.now > until) return problems.join('; ');
    }
    this.#stage.log.add('fault', 'everything is as wanted');
    const asWantedAt = this.#stage.now;
    await this.#stage.advance(calmMs);
    // What was written in the very last moment is still on its way to the servers' copies.
    if (situation(this.#stage.cluster).problems.length > 0) await this.#stage.advance(onItsWayMs);
    const { problems } = situation(this.#stage.cluster);
    return problems.length === 0 ? this.#unrest(asWantedAt) : `not any more: ${problems.join('; ')}`;
  }

  /** Ended tasks are deleted; nothing else has a reason to change, once a place that was just freed is taken. */
  #unrest(sinceMs: number): string | undefined {
    const { lastInstanceChangeAt } = this.#stage.cluster.checker;
    if (lastInstanceChangeAt <= sinceMs + reactMs) return undefined;
    return `instances still changed ${lastInstanceChangeAt - sinceMs} ms after everything was as wanted`;
  }
}

/** For people: what was run, what went wrong, and how to see it again. */
export function report(result: SimulationResult, lastLines: number): string {
  const { seed, failure, script, lines, stats } = result;
  const told = lines.slice(-lastLines);
  return [
    `seed ${seed}: ${failure === undefined ? 'all is well' : `${failure.phase} broken: ${failure.message}`}`,
    '',
    `faults (${script.length}):`,
    ...script.map(tellFault),
    '',
    `log (${told.length} of ${lines.length} lines):`,
    ...told,
    '',
    `${stats.steps} steps, ${stats.revisions} revisions, ${stats.calls} calls: ${stats.acknowledged} done, ${stats.refused} refused, ${stats.unanswered} unanswered`,
  ].join('\n');
}
