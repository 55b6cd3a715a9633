/**
 * The container engine as the agent's runtime: Docker Engine from 20.10, and Podman behind its Docker API.
 * Built by the composition roots. Holds no state but its connections and what the engine can do, so any number
 * of agents may use one engine, told apart by labels.
 */
import type Docker from 'dockerode';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Container, Runtime } from '../runtime.ts';
import { attachTo } from './attach.ts';
import { readContainerFile } from './container-file.ts';
import { identityOf, ownerFilter } from './container-labels.ts';
import { readLogs } from './container-logs.ts';
import { createOptions, type EngineAbility } from './container-spec.ts';
import { containerFrom } from './container-view.ts';
import { engineStatus } from './docker-errors.ts';
import { callDeadlineMs, connectEngine, type Engine, type EngineCall } from './engine.ts';
import { findEngine } from './engine-address.ts';
import { followEvents } from './engine-events.ts';
import { readEngineInfo } from './engine-info.ts';
import { execIn } from './exec.ts';
import { ensureImage } from './images.ts';
import { endLeftExecs } from './left-execs.ts';

/** A busy disk makes creating slow: layers are set up, and many come at once. */
const createDeadlineMs = 120_000;
/** How many containers are asked about at once in a list. */
const listConcurrency = 16;

export interface DockerRuntimeOptions {
  /** A `unix://` or `tcp://` URL; undefined: DOCKER_HOST, else the first well-known socket that exists. */
  readonly dockerHost?: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** Connects nowhere yet: an engine that is down is reported by each call. Throws `InvalidConfig`. */
export function dockerRuntime(options: DockerRuntimeOptions): Runtime {
  const engine = connectEngine({
    address: findEngine(options.dockerHost),
    clock: options.clock,
    log: options.log,
  });
  const ability = rememberedAbility(engine);
  return {
    info: ({ signal }) => readEngineInfo(engine, signal),
    list: (owner) => listContainers(engine, owner),
    inspect: (id, { signal }) => inspectContainer(engine, id, signal),
    ensureImage: (image, options) => ensureImage(engine, image, options),
    create: async (spec, { signal }) => {
      const what = `create a container of ${spec.identity.guid}/${spec.identity.index}`;
      const settings = createOptions(spec, await ability(signal));
      return engine.call({ what, signal, deadlineMs: createDeadlineMs }, async (docker, abortSignal) => {
        const container = await docker.createContainer({ ...settings, abortSignal });
        return container.id;
      });
    },
    start: (id, { signal }) =>
      onContainer(
        engine,
        { what: 'start', id, signal, deadlineMs: createDeadlineMs, harmless: [304] },
        (c, s) => c.start({ abortSignal: s }),
      ),
    stop: (id, { graceMs, signal }) => {
      // The engine counts in whole seconds; a process is never given less than it was promised.
      const t = Math.ceil(graceMs / 1_000);
      const call = { what: 'stop', id, signal, deadlineMs: t * 1_000 + callDeadlineMs, harmless: [304, 404] };
      return onContainer(engine, call, (c, abortSignal) => c.stop({ t, abortSignal }));
    },
    remove: (id, { signal }) => removeContainer(engine, id, signal),
    events: (owner, onEvent) => followEvents(engine, owner, onEvent),
    logs: (id, logOptions) => readLogs(engine, id, logOptions),
    exec: (id, execOptions) => execIn(engine, id, execOptions),
    endExecs: (id, endOptions) => endLeftExecs(engine, id, endOptions),
    attach: (id, attachOptions) => attachTo(engine, id, attachOptions),
    readFile: (id, path, readOptions) => readContainerFile(engine, id, path, readOptions),
  };
}

/** Asked once: it changes only with the engine's own configuration, and 40 starts at once must not ask 40 times. */
function rememberedAbility(engine: Engine): (signal: AbortSignal) => Promise<EngineAbility> {
  let known: EngineAbility | undefined;
  return async (signal) => (known ??= await readEngineInfo(engine, signal));
}

interface ContainerCall extends EngineCall {
  readonly id: string;
  /** Statuses that say that nothing was left to do. */
  readonly harmless: readonly number[];
}

function onContainer(
  engine: Engine,
  call: ContainerCall,
  work: (container: Docker.Container, abortSignal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const what = `${call.what} container ${call.id.slice(0, 12)}`;
  return engine.call({ ...call, what }, async (docker, abortSignal) => {
    try {
      await work(docker.getContainer(call.id), abortSignal);
    } catch (error) {
      if (!call.harmless.includes(engineStatus(error) ?? 0)) throw error;
    }
  });
}

/** One that another call removes already is waited for, so that its name and ports are free afterwards. */
function removeContainer(engine: Engine, id: string, signal: AbortSignal): Promise<void> {
  const call = { what: 'remove', id, signal, deadlineMs: createDeadlineMs, harmless: [404] };
  return onContainer(engine, call, async (container, abortSignal) => {
    try {
      await container.remove({ force: true, v: true, abortSignal });
    } catch (error) {
      if (engineStatus(error) !== 409) throw error;
      await container.wait({ condition: 'removed', abortSignal });
    }
  });
}

async function inspectContainer(
  engine: Engine,
  id: string,
  signal: AbortSignal,
): Promise<Container | undefined> {
  const what = `inspect container ${id.slice(0, 12)}`;
  return engine.call({ what, signal }, async (docker, abortSignal) => {
    try {
      const info = await docker.getContainer(id).inspect({ abortSignal });
      const identity = identityOf(info.Config.Labels);
      return identity && containerFrom(info, identity);
    } catch (error) {
      if (engineStatus(error) === 404) return undefined;
      throw error;
    }
  });
}

async function listContainers(
  engine: Engine,
  owner: { readonly clusterId: string; readonly cellId: string; readonly signal: AbortSignal },
): Promise<readonly Container[]> {
  const { signal } = owner;
  const found = await engine.call({ what: 'list containers', signal }, (docker, abortSignal) =>
    docker.listContainers({ all: true, filters: { label: ownerFilter(owner) }, abortSignal }),
  );
  const waiting = found.map((summary) => summary.Id);
  const containers: Container[] = [];
  async function worker(): Promise<void> {
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      const container = await inspectContainer(engine, id, signal);
      // Gone since it was listed, or labelled as ours by somebody else: not one that we run.
      if (container === undefined) engine.log.debug('container.skipped', { container: id });
      else containers.push(container);
    }
  }
  await Promise.all(Array.from({ length: listConcurrency }, worker));
  return containers;
}
