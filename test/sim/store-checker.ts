/**
 * Watches the store, transaction by transaction, and holds the cluster to its promises by a reading of its
 * own: legal moves only, one claim an index, no cell over-committed, no write of a deposed leader, nothing
 * acknowledged that is lost. It also is the memory of the simulation: what was ever claimed and granted.
 */
import type { ActualLrp } from '../../src/model/actual-lrp.ts';
import type { CellSpec } from '../../src/model/cell-spec.ts';
import type { DesiredLrp } from '../../src/model/desired-lrp.ts';
import type { Rebalance } from '../../src/model/rebalance.ts';
import type { Resources } from '../../src/model/resources.ts';
import { resourceNames } from '../../src/model/resources.ts';
import type { Task } from '../../src/model/task.ts';
import type { Fence } from '../../src/store/bbs.ts';
import { leaderKey, parseKey, presenceKey, root } from '../../src/store/core/keys.ts';
import type { Change } from '../../src/store/core/records.ts';
import type { MemoryStore } from '../../src/store/memory/memory-store.ts';
import type { EventLog } from './event-log.ts';
import { actualFault, desiredFault, taskFault, tellActual, tellTask } from './moves.ts';

export interface StoreCheckerOptions {
  readonly store: MemoryStore;
  readonly log: EventLog;
  readonly capacities: ReadonlyMap<string, Resources>;
  /** Of each container on a cell. */
  readonly overheadsMb: ReadonlyMap<string, number>;
  now(): number;
  /** Reports a broken promise. */
  fail(message: string): void;
}

interface Owner {
  readonly name: string;
  readonly cellId: string;
}

export class StoreChecker {
  readonly desired = new Map<string, DesiredLrp>();
  /** By key. */
  readonly actual = new Map<string, ActualLrp>();
  readonly tasks = new Map<string, Task>();
  readonly presences = new Map<string, string>();
  /** Every instance guid that was ever claimed: `web/2` and where. */
  readonly everClaimed = new Map<string, Owner>();
  /** Every attempt that was ever granted: which task and where. */
  readonly everGranted = new Map<string, Owner>();
  /** Instance guids and attempts that are to run no more, and since which revision. */
  readonly withdrawnAt = new Map<string, number>();
  /** Tasks that somebody asked to delete. */
  readonly deletable = new Set<string>();
  readonly #options: StoreCheckerOptions;
  readonly #written = new Map<string, string>();
  /** Cells that an operator has drained. */
  readonly drained = new Set<string>();
  /** Cells of what was adopted: those that are lost have no capacity that could be checked. */
  readonly #adopted = new Set<string>();
  /** Instances that a rebalance was to move, once. */
  readonly #moving = new Set<string>();
  #revision: number;
  #writer = 'store';
  #lastInstanceChangeAt = 0;

  constructor(options: StoreCheckerOptions) {
    this.#options = options;
    this.#revision = options.store.revision;
    options.store.subscribe(() => this.#look());
  }

  /** Takes what the store begins with as it is: how it came about was not seen. */
  adopt(): void {
    for (const { key, value } of this.#options.store.list(root)) {
      const kind = parseKey(key)?.kind;
      if (kind === 'desired') take<DesiredLrp>(this.desired, key, value);
      if (kind === 'cellSpec') this.#noteSpec(key, value);
      if (kind === 'rebalance') this.#noteMoves(value);
      if (kind === 'actual') {
        const lrp = take<ActualLrp>(this.actual, key, value);
        if (lrp !== undefined) this.#noteClaim(lrp, this.#adopted);
      }
      if (kind === 'task') {
        const task = take<Task>(this.tasks, key, value);
        if (task !== undefined) this.#noteTask(task, this.#adopted);
      }
    }
  }

  /** When a record of an instance last changed. */
  get lastInstanceChangeAt(): number {
    return this.#lastInstanceChangeAt;
  }

  /** Called around every write to the store. */
  writing(writer: string, fence: Fence | undefined, write: () => unknown): unknown {
    if (writer.endsWith('.brain')) this.#checkFence(writer, fence);
    this.#writer = writer;
    try {
      return write();
    } finally {
      this.#writer = 'store';
    }
  }

  /** The API has acknowledged that this text was written to this key at this revision. */
  acknowledged(key: string, revision: number, value: string): void {
    const written = this.#written.get(`${revision} ${key}`);
    if (written !== value) {
      this.#options.fail(`acknowledged ${key} at ${revision}, but the store had ${written ?? 'nothing'}`);
    }
  }

  #checkFence(writer: string, fence: Fence | undefined): void {
    const { store, fail } = this.#options;
    const leader = store.get(leaderKey);
    const leads = leader !== undefined && `${(JSON.parse(leader.value) as { server: string }).server}.brain`;
    if (fence === undefined) fail(`${writer} writes without a fence`);
    else if (fence.revision === leader?.revision && leads !== writer) {
      fail(`${writer} writes with the fence of ${leads}`);
    }
  }

  #look(): void {
    const { store, fail } = this.#options;
    const changes = store.changesAfter(this.#revision);
    if (store.revision !== this.#revision + 1) fail(`saw ${this.#revision}, then ${store.revision}`);
    this.#revision = store.revision;
    const claims = new Set<string>();
    const taken = this.#before(changes);
    for (const change of changes) this.#change(change, taken, claims);
    for (const { key } of changes) this.#checkUnique(key);
    for (const { instanceGuid } of taken) if (instanceGuid !== undefined) this.#noteEnd(instanceGuid);
    for (const cellId of claims) this.#checkRoom(cellId);
  }

  /** An instance that has no record any more, or is told to stop, is withdrawn. */
  #noteEnd(instanceGuid: string): void {
    const records = [...this.actual.values()].filter((lrp) => lrp.instanceGuid === instanceGuid);
    const isWanted = records.some(({ retire }) => retire === undefined);
    if (!isWanted && !this.withdrawnAt.has(instanceGuid)) this.withdrawnAt.set(instanceGuid, this.#revision);
  }

  /** No instance stands under two keys. */
  #checkUnique(key: string): void {
    const instanceGuid = this.actual.get(key)?.instanceGuid;
    if (instanceGuid === undefined) return;
    for (const [other, lrp] of this.actual) {
      if (other === key || lrp.instanceGuid !== instanceGuid) continue;
      this.#options.fail(`${instanceGuid} stands under ${key} and ${other}`);
    }
  }

  /** The actual records that this transaction takes away: one of them may come back under another key. */
  #before(changes: readonly Change[]): ActualLrp[] {
    return changes.flatMap(({ key }) => this.actual.get(key) ?? []);
  }

  #change({ key, record }: Change, taken: readonly ActualLrp[], claims: Set<string>): void {
    const { log, fail } = this.#options;
    const parsed = parseKey(key);
    if (record !== undefined) this.#written.set(`${record.revision} ${key}`, record.value);
    switch (parsed?.kind) {
      case 'actual': {
        const before = this.actual.get(key);
        const after = take<ActualLrp>(this.actual, key, record?.value);
        const name = key.slice('/skep/v1/actual/'.length);
        log.add(this.#writer, `${name}: ${tellActual(before)} → ${tellActual(after)}`);
        const from = before?.cellId;
        const isMoved = this.#moving.has(before?.instanceGuid ?? '');
        const isLost = from !== undefined && (!this.presences.has(from) || this.drained.has(from) || isMoved);
        const fault = actualFault({ before, after, taken, isLost, now: this.#options.now() });
        if (fault !== undefined) fail(`${name}: ${fault}`);
        if (after !== undefined) this.#noteClaim(after, claims);
        // Why it has no place may be told anew, with other numbers.
        const isSame = before?.state === 'UNCLAIMED' && after?.state === 'UNCLAIMED';
        if (!isSame) this.#lastInstanceChangeAt = this.#options.now();
        return;
      }
      case 'task': {
        const before = this.tasks.get(key);
        const after = take<Task>(this.tasks, key, record?.value);
        log.add(this.#writer, `task ${parsed.guid}: ${tellTask(before)} → ${tellTask(after)}`);
        const isLost = before?.cellId !== undefined && !this.presences.has(before.cellId);
        const mayGo = this.deletable.has(parsed.guid);
        const fault = taskFault({ before, after, isLost, mayGo, now: this.#options.now() });
        if (fault !== undefined) fail(`task ${parsed.guid}: ${fault}`);
        if (after !== undefined) this.#noteTask(after, claims);
        const ended = before?.state === 'RUNNING' && after?.state !== 'RUNNING' ? before.attempt : undefined;
        if (ended !== undefined) this.withdrawnAt.set(ended, this.#revision);
        return;
      }
      case 'desired': {
        const before = this.desired.get(key);
        const after = take<DesiredLrp>(this.desired, key, record?.value);
        const tell = (lrp: DesiredLrp | undefined): string =>
          lrp === undefined ? 'none' : lrp.removedAt === undefined ? `${lrp.instances}` : 'removed';
        log.add(this.#writer, `desired ${parsed.guid}: ${tell(before)} → ${tell(after)}`);
        const left = [...this.actual.values()].filter((lrp) => lrp.guid === parsed.guid).length;
        const fault = desiredFault(before, after, left);
        if (fault !== undefined) fail(`desired ${parsed.guid}: ${fault}`);
        return;
      }
      case 'presence':
        log.add(this.#writer, `cell ${parsed.cellId} ${record === undefined ? 'is lost' : 'is present'}`);
        if (record === undefined) this.presences.delete(parsed.cellId);
        else this.presences.set(parsed.cellId, record.value);
        return;
      case 'cellSpec': {
        this.#noteSpec(key, record?.value);
        const isDrained = this.drained.has(parsed.cellId);
        log.add(this.#writer, `cell ${parsed.cellId} is ${isDrained ? '' : 'not '}drained`);
        return;
      }
      case 'rebalance':
        log.add(this.#writer, `rebalance: ${record === undefined ? 'over' : 'under way'}`);
        if (record !== undefined) this.#noteMoves(record.value);
        return;
      case 'leader':
        log.add(this.#writer, `leader: ${record === undefined ? 'nobody' : this.#serverOf(record.value)}`);
        return;
      default:
    }
  }

  #noteSpec(key: string, text: string | undefined): void {
    const parsed = parseKey(key);
    if (parsed?.kind !== 'cellSpec') return;
    const spec = text === undefined ? undefined : (JSON.parse(text) as CellSpec);
    if (spec?.drain === undefined) this.drained.delete(parsed.cellId);
    else this.drained.add(parsed.cellId);
  }

  #noteMoves(text: string): void {
    for (const { instanceGuid } of (JSON.parse(text) as Rebalance).moves) this.#moving.add(instanceGuid);
  }

  #serverOf(value: string): string {
    return (JSON.parse(value) as { readonly server: string }).server;
  }

  #noteClaim(lrp: ActualLrp, claims: Set<string>): void {
    const { instanceGuid, cellId } = lrp;
    if (instanceGuid === undefined || cellId === undefined) return;
    claims.add(cellId);
    const owner = { name: `${lrp.guid}/${lrp.index}`, cellId };
    const known = this.everClaimed.get(instanceGuid);
    if (known !== undefined && (known.cellId !== cellId || known.name !== owner.name)) {
      this.#options.fail(
        `${instanceGuid} is ${owner.name} on ${cellId} and was ${known.name} on ${known.cellId}`,
      );
    }
    this.everClaimed.set(instanceGuid, owner);
  }

  #noteTask(task: Task, claims: Set<string>): void {
    if (task.cellId !== undefined && task.state !== 'COMPLETED') claims.add(task.cellId);
    if (task.state !== 'RUNNING' || task.attempt === undefined || task.cellId === undefined) return;
    this.everGranted.set(task.attempt, { name: task.guid, cellId: task.cellId });
  }

  #checkRoom(cellId: string): void {
    const capacity = this.#options.capacities.get(cellId);
    if (capacity === undefined) {
      if (!this.#adopted.has(cellId)) this.#options.fail(`${cellId} is no cell`);
      return;
    }
    const asked = this.usedBy(cellId);
    const overheadMb = (this.#options.overheadsMb.get(cellId) ?? 0) * asked.containers;
    const used = { ...asked, memoryMb: asked.memoryMb + overheadMb };
    for (const name of resourceNames) {
      if (used[name] > capacity[name]) {
        this.#options.fail(`${cellId} is over-committed: ${name} ${used[name]} of ${capacity[name]}`);
      }
    }
  }

  /** What claims and tasks ask of a cell, its overhead left out. */
  usedBy(cellId: string): Resources {
    const used = { memoryMb: 0, diskMb: 0, containers: 0 };
    const add = (limits: { readonly memoryMb: number; readonly diskMb: number } | undefined): void => {
      used.containers += 1;
      used.memoryMb += limits?.memoryMb ?? 0;
      used.diskMb += limits?.diskMb ?? 0;
    };
    for (const lrp of this.actual.values()) {
      if (lrp.cellId === cellId) add(this.desired.get(`/skep/v1/desired/${lrp.guid}`));
    }
    for (const task of this.tasks.values()) {
      if (task.cellId === cellId && (task.state === 'PENDING' || task.state === 'RUNNING')) add(task);
    }
    return used;
  }

  isPresent(cellId: string): boolean {
    return this.#options.store.get(presenceKey(cellId as never)) !== undefined;
  }
}

function take<T>(map: Map<string, T>, key: string, text: string | undefined): T | undefined {
  if (text === undefined) {
    map.delete(key);
    return undefined;
  }
  const value = JSON.parse(text) as T;
  map.set(key, value);
  return value;
}
