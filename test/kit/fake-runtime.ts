/**
 * A container engine in memory, on a clock: complete enough to run a cell, and with the faults that a cell
 * must survive. What a container does is scripted by its image's name. It outlives any agent that uses it,
 * as a real engine does. Also a Prober, because it knows which container answers on which port.
 */

import type { ProbeResult, Prober } from '../../src/agent/prober.ts';
import type {
  ContainerSpec,
  LogLine,
  LogOptions,
  ProcessStream,
  Runtime,
  RuntimeEvent,
} from '../../src/agent/runtime.ts';
import { type Clock, pause, withDeadline } from '../../src/base/clock.ts';
import { SkepError } from '../../src/base/core/errors.ts';
import {
  type FakeContainer,
  type ImageScript,
  newContainer,
  probed,
  runFrom,
  viewOf,
} from './fake-container.ts';
import { type FakeProcess, type FakeProcessOptions, fakeProcess } from './fake-process.ts';

export interface FakeRuntime extends Runtime {
  readonly containers: ReadonlyMap<string, FakeContainer>;
  readonly prober: Prober;
  /** Every call that changes something, `start web-1`. */
  readonly calls: readonly string[];
  /** Images that were pulled, in order. */
  readonly pulls: readonly string[];
  /** Every process that exec and attach gave out. */
  readonly processes: readonly FakeProcess[];
  /** `down`: every call fails at once. `hung`: every call fails after a long wait, as the adapter's deadline does. */
  fault(mode: 'none' | 'down' | 'hung'): void;
  /** The next calls of a method fail with this, once each. */
  failNext(method: 'create' | 'start' | 'stop' | 'list' | 'remove', error: SkepError): void;
  /** Something else on the host holds these ports. */
  occupyPorts(ports: Iterable<number>): void;
  /** The container ends by itself. */
  exit(id: string, code: number, options?: { readonly oom?: boolean }): void;
  /** Somebody removes it behind the agent's back. */
  vanish(id: string): void;
  /** Ends every event stream, as a restart of the engine does. */
  dropEvents(): void;
  /** Containers that run now. */
  running(): FakeContainer[];
}

export interface FakeRuntimeOptions {
  readonly clock: Clock;
  readonly images?: Readonly<Record<string, ImageScript>>;
  /** Images that are not in `images` exist too, unless this is true. */
  readonly onlyKnownImages?: boolean;
}

const hungMs = 10_000;

export function fakeRuntime(options: FakeRuntimeOptions): FakeRuntime {
  return new MemoryRuntime(options);
}

class MemoryRuntime implements FakeRuntime {
  readonly containers = new Map<string, FakeContainer>();
  readonly calls: string[] = [];
  readonly pulls: string[] = [];
  readonly processes: FakeProcess[] = [];
  readonly prober: Prober;
  readonly #clock: Clock;
  readonly #options: FakeRuntimeOptions;
  readonly #present = new Set<string>();
  readonly #occupied = new Set<number>();
  readonly #failures = new Map<string, SkepError[]>();
  readonly #listeners = new Set<{ onEvent: (event: RuntimeEvent) => void; end: (error: Error) => void }>();
  #mode: 'none' | 'down' | 'hung' = 'none';
  #lastId = 0;

  constructor(options: FakeRuntimeOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.prober = { probe: async (check, address) => this.#probe(check, address) };
  }

  async info({ signal }: { readonly signal: AbortSignal }) {
    await this.#reach('info', signal);
    return {
      name: 'fake 1.0',
      memoryMb: 16_384,
      diskMb: 100_000,
      canLimitDisk: true,
      runtimes: ['runc'],
      volumeDrivers: ['local'],
    };
  }

  async list(owner: { readonly clusterId: string; readonly cellId: string; readonly signal: AbortSignal }) {
    await this.#reach('list', owner.signal);
    const mine = ({ spec: { identity } }: FakeContainer): boolean =>
      identity.clusterId === owner.clusterId && identity.cellId === owner.cellId;
    return [...this.containers.values()].filter(mine).map(viewOf);
  }

  async inspect(id: string, { signal }: { readonly signal: AbortSignal }) {
    await this.#reach('inspect', signal);
    const container = this.containers.get(id);
    return container === undefined ? undefined : viewOf(container);
  }

  async ensureImage(image: string, { signal, onProgress }: Parameters<Runtime['ensureImage']>[1]) {
    await this.#reach('ensureImage', signal);
    if (this.#present.has(image)) return;
    const script = this.#script(image);
    if (script === undefined) {
      throw new SkepError('ResourceNotFound', `pull access denied for ${image}: repository does not exist`);
    }
    this.pulls.push(image);
    onProgress?.({ layers: 2, layersDone: 1, bytes: 3_000_000, bytesTotal: 9_000_000 });
    if (script.pullMs !== undefined) await this.#clock.sleep(script.pullMs, signal);
    if (script.pullError !== undefined) throw script.pullError;
    this.#present.add(image);
  }

  async create(spec: ContainerSpec, { signal }: { readonly signal: AbortSignal }) {
    await this.#reach('create', signal);
    const script = this.#script(spec.image);
    if (script === undefined) throw new SkepError('ResourceNotFound', `no such image: ${spec.image}`);
    if (script.createMs !== undefined) await this.#clock.sleep(script.createMs, signal);
    if (script.createError !== undefined) throw script.createError;
    const { instanceGuid } = spec.identity;
    if ([...this.containers.values()].some((other) => other.spec.identity.instanceGuid === instanceGuid)) {
      throw new SkepError('ResourceExists', `a container of ${instanceGuid} exists`);
    }
    const id = `c${++this.#lastId}`;
    this.calls.push(`create ${id}`);
    this.containers.set(id, newContainer(id, spec));
    return id;
  }

  async start(id: string, { signal }: { readonly signal: AbortSignal }) {
    await this.#reach('start', signal);
    const container = this.#get(id);
    if (container.state === 'running') return;
    const script = this.#script(container.spec.image);
    if (script?.startMs !== undefined) await this.#clock.sleep(script.startMs, signal);
    if (script?.startError !== undefined) throw script.startError;
    const taken = container.spec.ports.find(({ hostPort }) => this.#isTaken(container, hostPort));
    if (taken !== undefined) {
      throw new SkepError('ResourceConflict', `port ${taken.hostPort} is already allocated`);
    }
    this.calls.push(`start ${id}`);
    runFrom(container, this.#clock.now(), script?.writes ?? []);
    this.#emit('started', container);
    this.#scheduleExit(container, script);
  }

  async stop(id: string, { graceMs, signal }: { readonly graceMs: number; readonly signal: AbortSignal }) {
    await this.#reach('stop', signal);
    const container = this.containers.get(id);
    if (container?.state !== 'running') return;
    this.calls.push(`stop ${id}`);
    const script = this.#script(container.spec.image);
    if (script?.ignoresSigterm === true) {
      await this.#clock.sleep(graceMs, signal);
      if (container.state === 'running') this.exit(id, 137);
    } else {
      this.exit(id, script?.exitCodeOnSigterm ?? 0);
    }
  }

  async remove(id: string, { signal }: { readonly signal: AbortSignal }) {
    await this.#reach('remove', signal);
    if (this.containers.has(id)) this.calls.push(`remove ${id}`);
    this.vanish(id);
  }

  async events(
    owner: { readonly clusterId: string; readonly cellId: string; readonly signal: AbortSignal },
    onEvent: (event: RuntimeEvent) => void,
  ) {
    await this.#reach('events', owner.signal);
    await new Promise<void>((resolve, reject) => {
      const listener = {
        end: reject,
        onEvent(event: RuntimeEvent) {
          const { clusterId, cellId } = event.identity;
          if (clusterId === owner.clusterId && cellId === owner.cellId) onEvent(event);
        },
      };
      this.#listeners.add(listener);
      owner.signal.addEventListener('abort', () => {
        this.#listeners.delete(listener);
        resolve();
      });
    });
  }

  async *logs(id: string, { tail, since = 0, follow, signal }: LogOptions): AsyncGenerator<LogLine> {
    await this.#reach('logs', signal);
    const container = this.#get(id);
    const first = container.log.filter((line) => line.at >= since);
    let next = container.log.length;
    yield* tail === undefined ? first : first.slice(first.length - Math.min(tail, first.length));
    while (follow && !signal.aborted && container.state === 'running') {
      for (; next < container.log.length; next++) yield container.log[next] as LogLine;
      await pause(this.#clock, 50, signal);
    }
    if (follow) yield* container.log.slice(next);
  }

  async exec(
    id: string,
    { args, tty, stdin, signal }: Parameters<Runtime['exec']>[1],
  ): Promise<ProcessStream> {
    await this.#reach('exec', signal);
    const container = this.#get(id);
    if (container.state !== 'running') throw new SkepError('NotRunning', `container ${id} does not run`);
    const script = this.#script(container.spec.image);
    const sinceStartMs = this.#clock.now() - (container.startedAt ?? 0);
    const outcome = script?.execs?.(args, sinceStartMs);
    this.calls.push(`exec ${id} ${args.join(' ')}`);
    return this.#process({ outcome, echoes: stdin, tty, signal });
  }

  async endExecs(id: string, { signal }: Parameters<Runtime['endExecs']>[1]) {
    await this.#reach('endExecs', signal);
    this.calls.push(`endExecs ${id}`);
    return 0;
  }

  async attach(id: string, { stdin, signal }: { readonly stdin: boolean; readonly signal: AbortSignal }) {
    await this.#reach('attach', signal);
    if (this.#get(id).state !== 'running') throw new SkepError('NotRunning', `container ${id} does not run`);
    return this.#process({ outcome: undefined, echoes: stdin, tty: false, signal });
  }

  async readFile(
    id: string,
    path: string,
    { maxBytes, signal }: { readonly maxBytes: number; readonly signal: AbortSignal },
  ) {
    await this.#reach('readFile', signal);
    const content = this.#script(this.#get(id).spec.image)?.files?.[path];
    if (content === undefined)
      throw new SkepError('ResourceNotFound', `${path} does not exist in the container`);
    const bytes = new TextEncoder().encode(content);
    if (bytes.length > maxBytes) throw new SkepError('TooLarge', `${path} has more than ${maxBytes} bytes`);
    return bytes;
  }

  fault(mode: 'none' | 'down' | 'hung'): void {
    this.#mode = mode;
    if (mode !== 'none') this.dropEvents();
  }

  failNext(method: string, error: SkepError): void {
    this.#failures.set(method, [...(this.#failures.get(method) ?? []), error]);
  }

  occupyPorts(ports: Iterable<number>): void {
    for (const port of ports) this.#occupied.add(port);
  }

  exit(id: string, code: number, { oom = false }: { readonly oom?: boolean } = {}): void {
    const container = this.#get(id);
    if (container.state !== 'running') return;
    Object.assign(container, { state: 'exited', exitCode: code, finishedAt: this.#clock.now(), pid: 0 });
    container.oomKilled = oom;
    if (oom) this.#emit('oom', container);
    this.#emit('died', container);
  }

  vanish(id: string): void {
    const container = this.containers.get(id);
    if (container === undefined) return;
    this.containers.delete(id);
    this.#emit('gone', container);
  }

  dropEvents(): void {
    for (const listener of this.#listeners)
      listener.end(new SkepError('Unavailable', 'the event stream ended'));
    this.#listeners.clear();
  }

  running(): FakeContainer[] {
    return [...this.containers.values()].filter(({ state }) => state === 'running');
  }

  /** Every call passes here: where the engine is away, or fails once as a test asked. */
  async #reach(method: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#mode === 'hung') {
      const late = (): SkepError => new SkepError('Unavailable', 'the engine does not answer');
      const never = (): Promise<void> => new Promise(() => undefined);
      await withDeadline(this.#clock, hungMs, signal, late, never);
    }
    if (this.#mode === 'down') throw new SkepError('Unavailable', 'cannot connect to the Docker daemon');
    const failure = this.#failures.get(method)?.shift();
    if (failure !== undefined) throw failure;
  }

  #process(options: FakeProcessOptions): FakeProcess {
    const process = fakeProcess(options);
    this.processes.push(process);
    return process;
  }

  #script(image: string): ImageScript | undefined {
    return this.#options.images?.[image] ?? (this.#options.onlyKnownImages === true ? undefined : {});
  }

  #get(id: string): FakeContainer {
    const container = this.containers.get(id);
    if (container === undefined) throw new SkepError('ResourceNotFound', `no such container: ${id}`);
    return container;
  }

  #isTaken(container: FakeContainer, port: number): boolean {
    const holds = (other: FakeContainer): boolean =>
      other !== container &&
      other.spec.hostAddress === container.spec.hostAddress &&
      other.spec.ports.some(({ hostPort }) => hostPort === port);
    return this.#occupied.has(port) || this.running().some(holds);
  }

  #scheduleExit(container: FakeContainer, script: ImageScript | undefined): void {
    const exits = script?.exits;
    if (exits === undefined) return;
    const run = container.starts;
    this.#clock.after(exits.afterMs, () => {
      const isSameRun = this.containers.get(container.id) === container && container.starts === run;
      if (isSameRun) this.exit(container.id, exits.code, { oom: exits.oom ?? false });
    });
  }

  #emit(kind: RuntimeEvent['kind'], { id, spec: { identity } }: FakeContainer): void {
    if (this.#mode !== 'none') return;
    for (const listener of this.#listeners) listener.onEvent({ kind, id, identity });
  }

  #probe(check: Parameters<Prober['probe']>[0], address: string): ProbeResult {
    const container = this.running().find(({ ipAddress }) => ipAddress === address);
    const script = container && this.#script(container.spec.image);
    const status = script?.answers?.(check.port, this.#clock.now() - (container?.startedAt ?? 0));
    return probed(check, address, status);
  }
}
