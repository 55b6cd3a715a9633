/**
 * The container engine as one run of an agent sees it: calls take time, answers reach the agent only while it
 * lives and is not paused. What was asked is done even if the agent dies or gives up meanwhile, as dockerd does.
 */
import type { Prober } from '../../src/agent/prober.ts';
import type { ContainerSpec, Runtime, RuntimeInfo } from '../../src/agent/runtime.ts';
import type { Clock } from '../../src/base/clock.ts';
import { intBetween, type Rng } from '../../src/base/core/rng.ts';
import type { FakeRuntime } from '../kit/fake-runtime.ts';
import { awaited, type SimProcess } from './process.ts';

/** Hears what an agent asks for, before it is done. */
export interface EngineWatch {
  create(spec: ContainerSpec): void;
  change(verb: 'start' | 'stop' | 'remove', id: string): void;
}

export interface EngineGateOptions {
  readonly process: SimProcess;
  readonly world: Clock;
  readonly rng: Rng;
  readonly engine: FakeRuntime;
  readonly watch: EngineWatch;
  /** What this engine says of itself instead of the fake one's. */
  readonly info?: Partial<RuntimeInfo> | undefined;
  /** Called when the engine has done a change, before the agent hears of it. */
  done(): void;
}

const never = new AbortController().signal;

export function gatedRuntime(options: EngineGateOptions): Runtime {
  const { process, world, engine, watch, info = {}, done } = options;
  const ask = asker(options);
  const change = <T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> =>
    ask(signal, () => work().finally(done));
  return {
    info: ({ signal }) => ask(signal, async () => ({ ...(await engine.info({ signal })), ...info })),
    list: ({ signal, ...owner }) => ask(signal, () => engine.list({ ...owner, signal })),
    inspect: (id, { signal }) => ask(signal, () => engine.inspect(id, { signal })),
    ensureImage: (image, { signal }) => ask(signal, () => engine.ensureImage(image, { signal })),
    create(spec, { signal }) {
      watch.create(spec);
      return change(signal, () => engine.create(spec, { signal: never }));
    },
    start(id, { signal }) {
      watch.change('start', id);
      return change(signal, () => engine.start(id, { signal: never }));
    },
    stop(id, { graceMs, signal }) {
      watch.change('stop', id);
      return change(signal, () => engine.stop(id, { graceMs, signal: never }));
    },
    remove(id, { signal }) {
      watch.change('remove', id);
      return change(signal, () => engine.remove(id, { signal: never }));
    },
    events({ signal, ...owner }, onEvent) {
      const until = AbortSignal.any([signal, process.death]);
      return ask(signal, () =>
        engine.events({ ...owner, signal: until }, (event) => {
          world.after(1, () => process.deliver(() => onEvent(event)));
        }),
      );
    },
    logs: (id, how) => engine.logs(id, how),
    exec: (id, how) => ask(how.signal, () => engine.exec(id, how)),
    endExecs: (id, how) => ask(how.signal, () => engine.endExecs(id, how)),
    attach: (id, how) => ask(how.signal, () => engine.attach(id, how)),
    readFile: (id, path, how) => ask(how.signal, () => engine.readFile(id, path, how)),
  };
}

export function gatedProber(options: EngineGateOptions): Prober {
  const ask = asker(options);
  const { prober } = options.engine;
  return {
    probe: (check, address, { signal }) => ask(signal, () => prober.probe(check, address, { signal })),
  };
}

function asker({ process, world, rng }: EngineGateOptions) {
  return <T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> =>
    awaited<T>(process, signal, (done, failed) => {
      world.after(intBetween(rng, 1, 5), () => void work().then(done, failed));
    });
}
