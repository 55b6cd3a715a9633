/**
 * Snapshot + changes → the cluster's state, in place. The replica feeds it what the store's watch gives.
 * The cost of a batch is that of its changes, but for a desired record, which costs its instances. A record
 * that cannot be read leaves its map for `corrupt`, where those who decide see that it is not gone.
 */

import type { Revocation } from '../../model/auth.ts';
import type { CellPresence, Domain, Leader, ServerRecord } from '../../model/cell.ts';
import type { BrainSettings, CellSpec } from '../../model/cell-spec.ts';
import { defaults } from '../../model/defaults.ts';
import type { DesiredLrp } from '../../model/desired-lrp.ts';
import type { JournalEvent } from '../../model/event.ts';
import type { CellId, InstanceGuid, ProcessGuid, TaskGuid } from '../../model/ids.ts';
import type { Quorum } from '../../model/quorum.ts';
import type { Rebalance } from '../../model/rebalance.ts';
import type { Restored } from '../../model/restored.ts';
import type { Roster } from '../../model/roster.ts';
import type { Task } from '../../model/task.ts';
import type { Trust } from '../../model/trust.ts';
import { Claims, claimant, isSameClaim, taskHolder } from './claims.ts';
import { decode, type Noun } from './codec.ts';
import { type ClusterCounts, Counts } from './counts.ts';
import { Journal } from './journal.ts';
import { type Key, parseKey, taskKey } from './keys.ts';
import { misplaced } from './misplaced.ts';
import { OwnWrites } from './own-writes.ts';
import type { Change, Mutation, Snapshot, StoredRecord } from './records.ts';
import { SortedKeys } from './sorted-keys.ts';
import type { ActualRef, ActualSlots, ClusterOrder, ClusterState, Touched, Versioned } from './state.ts';
import { Touches } from './touches.ts';

type KeyOf<K extends Key['kind']> = Extract<Key, { kind: K }>;

/** Records that are read in one step: about 10 ms of one core. */
const recordsPerStep = 1_000;

export class MutableState implements ClusterState {
  revision = 0;
  desired = new Map<ProcessGuid, Versioned<DesiredLrp>>();
  actual = new Map<ProcessGuid, Map<number, ActualSlots>>();
  tasks = new Map<TaskGuid, Versioned<Task>>();
  cells = new Map<CellId, Versioned<CellPresence>>();
  cellSpecs = new Map<CellId, Versioned<CellSpec>>();
  settings: Versioned<BrainSettings> | undefined;
  roster: Versioned<Roster> | undefined;
  rebalance: Versioned<Rebalance> | undefined;
  restored: Versioned<Restored> | undefined;
  quorum: Versioned<Quorum> | undefined;
  trust: Versioned<Trust> | undefined;
  domains = new Map<string, Versioned<Domain>>();
  servers = new Map<string, Versioned<ServerRecord>>();
  revoked = new Map<string, Versioned<Revocation>>();
  leader: Versioned<Leader> | undefined;
  corrupt = new Map<string, string>();
  #journal = new Journal(defaults.eventJournalMax);
  #claims = new Claims();
  #counts = new Counts();
  readonly #own = new OwnWrites();
  #order = {
    desired: new SortedKeys<ProcessGuid>(),
    actual: new SortedKeys<ProcessGuid>(),
    tasks: new SortedKeys<TaskGuid>(),
    cells: new SortedKeys<CellId>(),
  };

  get counts(): ClusterCounts {
    return this.#counts;
  }

  get order(): ClusterOrder {
    return this.#order;
  }

  get events(): ReadonlyMap<string, JournalEvent> {
    return this.#journal.events;
  }

  get claimsByCell(): ReadonlyMap<CellId, ReadonlyMap<string, ActualRef>> {
    return this.#claims.byCell;
  }

  get tasksByCell(): ReadonlyMap<CellId, ReadonlySet<TaskGuid>> {
    return this.#claims.tasksByCell;
  }

  get byInstanceGuid(): ReadonlyMap<InstanceGuid, ActualRef> {
    return this.#claims.byInstanceGuid;
  }

  /** Makes the state equal to a snapshot, whatever it was. */
  replace(snapshot: Snapshot): Touched {
    const steps = this.replaceSteps(snapshot);
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
    }
  }

  /** The same in short steps: the state is the old one until the last of them, which makes it the new one at once. */
  *replaceSteps(snapshot: Snapshot): Generator<void, Touched> {
    const fresh = new MutableState();
    const discarded = new Touches(true);
    for (const [place, record] of snapshot.records.entries()) {
      if (place > 0 && place % recordsPerStep === 0) yield;
      fresh.#change(record.key, record, discarded);
    }
    fresh.revision = snapshot.revision;
    this.#become(fresh);
    return new Touches(true);
  }

  /** Is told of what this process is about to write: own-writes.ts. */
  expect(mutations: readonly Mutation[]): void {
    this.#own.note(mutations);
  }

  /** Applies changes in their order; afterwards the state equals the store at `revision`. */
  apply(changes: readonly Change[], revision: number): Touched {
    const touched = new Touches(false);
    for (const change of changes) this.#change(change.key, change.record, touched);
    this.revision = revision;
    return touched;
  }

  /** Takes over all that the other holds, which nobody may use any more. */
  #become(fresh: MutableState): void {
    // Every field that is not private; those are below.
    Object.assign(this, fresh);
    this.#journal = fresh.#journal;
    this.#claims = fresh.#claims;
    this.#counts = fresh.#counts;
    this.#order = fresh.#order;
  }

  #change(text: string, record: StoredRecord | undefined, touched: Touches): void {
    const key = parseKey(text);
    if (key === undefined) return;
    if (this.corrupt.size > 0) this.corrupt.delete(text);
    switch (key.kind) {
      case 'desired':
        return this.#setDesired(key, this.#read(key, record), touched);
      case 'actual':
        return this.#setActual(key, text, this.#read(key, record), touched);
      case 'task':
        return this.#setTask(key, this.#read(key, record), touched);
      case 'event':
        return this.#setEvent(key, this.#read(key, record), touched);
      case 'presence':
        touched.cells.add(key.cellId);
        return setInOrder(this.cells, this.#order.cells, key.cellId, this.#read(key, record));
      case 'cellSpec':
        touched.cells.add(key.cellId);
        return setOrDelete(this.cellSpecs, key.cellId, this.#read(key, record));
      case 'domain':
        touched.domains.add(key.name);
        return setOrDelete(this.domains, key.name, this.#read(key, record));
      case 'server':
        touched.servers = true;
        return setOrDelete(this.servers, key.server, this.#read(key, record));
      case 'revoked':
        touched.revoked = true;
        return setOrDelete(this.revoked, key.serial, this.#read(key, record));
      case 'settings':
        touched.settings = true;
        this.settings = this.#read(key, record);
        return;
      case 'rebalance':
        return this.#setRebalance(this.#read(key, record), touched);
      case 'roster':
        this.roster = this.#read(key, record);
        return;
      case 'trust':
        touched.trust = true;
        this.trust = this.#read(key, record);
        return;
      case 'restored':
        this.restored = this.#read(key, record);
        return;
      case 'quorum':
        this.quorum = this.#read(key, record);
        return;
      case 'leader':
        touched.leader = true;
        this.leader = this.#read(key, record);
    }
  }

  /** The noun of a record; undefined when it was deleted, or cannot be read, which is then noted. */
  #read<K extends Key['kind']>(
    key: Key & { readonly kind: K },
    record: StoredRecord | undefined,
  ): Versioned<Noun<K>> | undefined {
    if (record === undefined) return undefined;
    const own = this.#own.take(record.key, record.value) as Noun<K> | undefined;
    const decoded =
      own === undefined ? decode<K>(key.kind, record.value) : ({ ok: true, value: own } as const);
    const reason = decoded.ok ? misplaced(key, decoded.value) : decoded.reason;
    if (decoded.ok && reason === undefined) {
      return { key: record.key, revision: record.revision, value: decoded.value };
    }
    this.corrupt.set(record.key, reason ?? 'is malformed');
    return undefined;
  }

  #setDesired(key: KeyOf<'desired'>, record: Versioned<DesiredLrp> | undefined, touched: Touches): void {
    touched.lrp(key.guid, -1);
    this.#counts.desired(this.desired.get(key.guid)?.value, record?.value);
    setInOrder(this.desired, this.#order.desired, key.guid, record);
    for (const slots of this.actual.get(key.guid)?.values() ?? []) {
      for (const actual of [slots.ordinary, slots.suspect, slots.evacuating]) {
        const cellId = actual && claimant(actual.value);
        if (actual !== undefined && cellId !== undefined) touched.assignment(cellId, actual.key);
      }
    }
  }

  #setActual(
    key: KeyOf<'actual'>,
    text: string,
    record: Versioned<Noun<'actual'>> | undefined,
    touched: Touches,
  ): void {
    touched.lrp(key.guid, key.index);
    const { guid, index, slot } = key;
    const indexes = this.actual.get(guid);
    const slots = indexes?.get(index);
    const before = slots?.[slot];
    if (before !== undefined) {
      const cellId = claimant(before.value);
      if (cellId !== undefined) touched.assignment(cellId, text);
      if (!isSameClaim(before.value, record?.value)) this.#claims.removeActual(text, key, before.value);
    }
    if (record !== undefined) {
      const cellId = claimant(record.value);
      if (cellId !== undefined) touched.assignment(cellId, text);
      this.#claims.addActual(text, { guid, index, slot, record }, record.value);
    }
    this.#counts.actual(text, slot, before?.value, record?.value);
    const isOnly = slot === 'ordinary' && (slots?.suspect ?? slots?.evacuating) === undefined;
    this.#setSlot(key, indexes, isOnly ? { ordinary: record } : { ...slots, [slot]: record });
  }

  /** Instances whose move begins, ends or is given up may need a decision. */
  #setRebalance(record: Versioned<Rebalance> | undefined, touched: Touches): void {
    for (const rebalance of [this.rebalance, record]) {
      for (const { guid, index } of rebalance?.value.moves ?? []) touched.lrp(guid, index);
    }
    this.rebalance = record;
  }

  #setSlot(
    { guid, index }: KeyOf<'actual'>,
    known: Map<number, ActualSlots> | undefined,
    slots: ActualSlots,
  ): void {
    const indexes = known ?? new Map<number, ActualSlots>();
    if ((slots.ordinary ?? slots.suspect ?? slots.evacuating) === undefined) indexes.delete(index);
    else indexes.set(index, slots);
    if (known !== undefined && indexes.size > 0) return;
    setInOrder(this.actual, this.#order.actual, guid, indexes.size === 0 ? undefined : indexes);
  }

  #setTask(key: KeyOf<'task'>, record: Versioned<Task> | undefined, touched: Touches): void {
    touched.tasks.add(key.guid);
    const before = this.tasks.get(key.guid);
    if (before !== undefined) this.#claims.removeTask(key.guid, before.value);
    if (record !== undefined) this.#claims.addTask(key.guid, record.value);
    for (const task of [before, record]) {
      const cellId = task && taskHolder(task.value);
      if (cellId !== undefined) touched.assignment(cellId, taskKey(key.guid));
    }
    this.#counts.task(taskKey(key.guid), before?.value, record?.value);
    setInOrder(this.tasks, this.#order.tasks, key.guid, record);
  }

  #setEvent(key: KeyOf<'event'>, record: Versioned<JournalEvent> | undefined, touched: Touches): void {
    if (record === undefined) return this.#journal.delete(key.id);
    if (this.#journal.put(key.id, record.value)) touched.events.push(key.id);
  }
}

function setOrDelete<K, V>(map: Map<K, V>, key: K, value: V | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}

function setInOrder<K extends string, V>(
  map: Map<K, V>,
  order: SortedKeys<K>,
  key: K,
  value: V | undefined,
): void {
  if (value === undefined) order.delete(key);
  else if (!map.has(key)) order.add(key);
  setOrDelete(map, key, value);
}
