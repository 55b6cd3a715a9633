/**
 * Watches what agents do to containers: nothing is created, stopped or removed but for a cause that the store
 * knows, a task's action starts once in total, and an agent that ends leaves everything as it is.
 */

import type { ContainerIdentity } from '../../src/agent/core/container.ts';
import type { ContainerSpec } from '../../src/agent/runtime.ts';
import type { EngineWatch } from './engine-gate.ts';
import type { EventLog } from './event-log.ts';
import type { SimHost } from './host.ts';
import { mayBeUnwell } from './images.ts';
import type { SimProcess } from './process.ts';
import type { StoreChecker } from './store-checker.ts';

export interface ContainerCheckerOptions {
  readonly store: StoreChecker;
  readonly log: EventLog;
  fail(message: string): void;
}

export class ContainerChecker {
  readonly #options: ContainerCheckerOptions;
  readonly #hosts: SimHost[] = [];
  readonly #seen = new Map<SimHost, number>();
  /** How often each task's action was started, over all hosts. */
  readonly #taskStarts = new Map<string, number>();

  constructor(options: ContainerCheckerOptions) {
    this.#options = options;
  }

  add(host: SimHost): void {
    this.#hosts.push(host);
    this.#seen.set(host, 0);
  }

  /** What an agent asks for, before it is done. */
  watch(host: SimHost, process: SimProcess, isStopping: () => boolean): EngineWatch {
    const calm = (verb: string): void => {
      if (isStopping()) this.#options.fail(`${host.name} asks the engine to ${verb} while its agent stops`);
    };
    return {
      create: (spec) => {
        calm('create a container');
        this.#mayCreate(host, spec);
        this.#knowsBetter(host, process, spec.identity, 'creates');
      },
      change: (verb, id) => {
        calm(`${verb} ${id}`);
        const container = host.engine.containers.get(id);
        if (container === undefined) return;
        const { identity } = container.spec;
        if (verb === 'start') {
          this.#knowsBetter(host, process, identity, 'starts');
          return this.#mayStart(host, identity, container.state);
        }
        if (container.state === 'running') this.#mayEnd(host, verb, container.spec);
      },
    };
  }

  /** After every step of the simulation: takes note of what the engines did. */
  look(): void {
    for (const host of this.#hosts) {
      const { calls } = host.engine;
      for (let next = this.#seen.get(host) ?? 0; next < calls.length; next++)
        this.#done(host, calls[next] ?? '');
      this.#seen.set(host, calls.length);
    }
  }

  #done(host: SimHost, call: string): void {
    const [verb, id = ''] = call.split(' ');
    const container = host.engine.containers.get(id);
    const { kind, guid, index, instanceGuid } = container?.spec.identity ?? {};
    const name = container === undefined ? '' : ` ${guid}/${index} ${instanceGuid?.slice(0, 4)}`;
    this.#options.log.add(host.name, `engine: ${verb} ${id}${name}`);
    if (verb !== 'start' || kind !== 'task' || guid === undefined) return;
    const starts = (this.#taskStarts.get(guid) ?? 0) + 1;
    this.#taskStarts.set(guid, starts);
    if (starts > 1) this.#options.fail(`task ${guid} was started ${starts} times`);
  }

  #mayCreate(host: SimHost, { identity }: ContainerSpec): void {
    const { everClaimed, everGranted } = this.#options.store;
    const { kind, guid, index, instanceGuid } = identity;
    const owner = (kind === 'lrp' ? everClaimed : everGranted).get(instanceGuid);
    const name = kind === 'lrp' ? `${guid}/${index}` : guid;
    if (owner?.cellId === host.cellId && owner.name === name) return;
    this.#options.fail(
      `${host.name} creates a container for ${name} as ${instanceGuid}, which it was never given`,
    );
  }

  /** An agent that has been told that an instance or attempt is over must not begin it. */
  #knowsBetter(host: SimHost, process: SimProcess, identity: ContainerIdentity, verb: string): void {
    const { guid, index, instanceGuid } = identity;
    const withdrawnAt = this.#options.store.withdrawnAt.get(instanceGuid);
    if (withdrawnAt === undefined || process.seenRevision < withdrawnAt) return;
    const told = `withdrawn at ${withdrawnAt}, told of ${process.seenRevision}`;
    this.#options.fail(`${host.name} ${verb} a container for ${guid}/${index} ${instanceGuid}: ${told}`);
  }

  #mayStart(host: SimHost, identity: ContainerIdentity, state: string): void {
    if (state === 'created') return;
    const { guid, instanceGuid } = identity;
    this.#options.fail(`${host.name} starts ${guid} as ${instanceGuid} again: it is ${state}`);
  }

  #mayEnd(host: SimHost, verb: string, { identity, image }: ContainerSpec): void {
    if (mayBeUnwell(image)) return;
    const { guid, index, instanceGuid, kind } = identity;
    const isHeld = kind === 'lrp' ? this.#isClaimed(host, identity) : this.#isGranted(host, identity);
    if (isHeld)
      this.#options.fail(`${host.name} would ${verb} ${guid}/${index} ${instanceGuid}: the store wants it`);
  }

  /** Still its cell's claim, not to be stopped, and not replaced by one that runs. */
  #isClaimed(host: SimHost, { guid, index, instanceGuid }: ContainerIdentity): boolean {
    const { actual } = this.#options.store;
    const key = `/skep/v1/actual/${guid}/${index}`;
    const ordinary = actual.get(key);
    const evacuating = actual.get(`${key}/evacuating`);
    const all = [ordinary, actual.get(`${key}/suspect`), evacuating];
    const record = all.find((lrp) => lrp?.instanceGuid === instanceGuid);
    if (record === undefined || record.cellId !== host.cellId || record.retire !== undefined) return false;
    return record === ordinary || record === evacuating || ordinary?.state !== 'RUNNING';
  }

  #isGranted(host: SimHost, { guid, instanceGuid }: ContainerIdentity): boolean {
    const task = this.#options.store.tasks.get(`/skep/v1/task/${guid}`);
    return task?.state === 'RUNNING' && task.attempt === instanceGuid && task.cellId === host.cellId;
  }
}
