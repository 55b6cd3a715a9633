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
import { Claims, claimant, taskHolder } from './claims.ts';
import { decode, type Noun } from './codec.ts';
import { Journal } from './journal.ts';
import { type Key, parseKey, taskKey } from './keys.ts';
import { misplaced } from './misplaced.ts';
import type { Change, Snapshot, StoredRecord } from './records.ts';
import type { ActualRef, ActualSlots, ClusterState, Touched, Versioned } from './state.ts';
import { Touches } from './touches.ts';

type KeyOf<K extends Key['kind']> = Extract<Key, { kind: K }>;

/** Records that are read in one step: about 20 ms of one core. */
const recordsPerStep = 2_000;

export class MutableState implements ClusterState {
  revision = 0;
  readonly desired = new Map<ProcessGuid, Versioned<DesiredLrp>>();
  readonly actual = new Map<ProcessGuid, Map<number, ActualSlots>>();
  readonly tasks = new Map<TaskGuid, Versioned<Task>>();
  readonly cells = new Map<CellId, Versioned<CellPresence>>();
  readonly cellSpecs = new Map<CellId, Versioned<CellSpec>>();
  settings: Versioned<BrainSettings> | undefined;
  roster: Versioned<Roster> | undefined;
  rebalance: Versioned<Rebalance> | undefined;
  restored: Versioned<Restored> | undefined;
  quorum: Versioned<Quorum> | undefined;
  trust: Versioned<Trust> | undefined;
  readonly domains = new Map<string, Versioned<Domain>>();
  readonly servers = new Map<string, Versioned<ServerRecord>>();
  readonly revoked = new Map<string, Versioned<Revocation>>();
  leader: Versioned<Leader> | undefined;
  readonly corrupt = new Map<string, string>();
  readonly #journal = new Journal(defaults.eventJournalMax);
  readonly #claims = new Claims();

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

  /** The same in short steps. Until the last one the state is neither the old nor the new: nobody may read it. */
  *replaceSteps(snapshot: Snapshot): Generator<void, Touched> {
    this.#clear();
    const discarded = new Touches(true);
    for (const [place, record] of snapshot.records.entries()) {
      if (place > 0 && place % recordsPerStep === 0) yield;
      this.#change(record.key, record, discarded);
    }
    this.revision = snapshot.revision;
    return new Touches(true);
  }

  /** Applies changes in their order; afterwards the state equals the store at `revision`. */
  apply(changes: readonly Change[], revision: number): Touched {
    const touched = new Touches(false);
    for (const change of changes) this.#change(change.key, change.record, touched);
    this.revision = revision;
    return touched;
  }

  #clear(): void {
    const maps = [
      this.desired,
      this.actual,
      this.tasks,
      this.cells,
      this.cellSpecs,
      this.domains,
      this.servers,
      this.revoked,
      this.corrupt,
    ];
    for (const map of maps) map.clear();
    this.leader = undefined;
    this.settings = undefined;
    this.roster = undefined;
    this.rebalance = undefined;
    this.restored = undefined;
    this.quorum = undefined;
    this.trust = undefined;
    this.#journal.clear();
    this.#claims.clear();
  }

  #change(text: string, record: StoredRecord | undefined, touched: Touches): void {
    const key = parseKey(text);
    if (key === undefined) return;
    this.corrupt.delete(text);
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
        return setOrDelete(this.cells, key.cellId, this.#read(key, record));
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
    const decoded = decode<K>(key.kind, record.value);
    const reason = decoded.ok ? misplaced(key, decoded.value) : decoded.reason;
    if (decoded.ok && reason === undefined) {
      return { key: record.key, revision: record.revision, value: decoded.value };
    }
    this.corrupt.set(record.key, reason ?? 'is malformed');
    return undefined;
  }

  #setDesired(key: KeyOf<'desired'>, record: Versioned<DesiredLrp> | undefined, touched: Touches): void {
    touched.lrp(key.guid, -1);
    setOrDelete(this.desired, key.guid, record);
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
    const ref: ActualRef = { guid: key.guid, index: key.index, slot: key.slot };
    const before = this.actual.get(key.guid)?.get(key.index)?.[key.slot];
    if (before !== undefined) this.#claims.removeActual(text, ref, before.value);
    if (record !== undefined) this.#claims.addActual(text, ref, record.value);
    for (const actual of [before, record]) {
      const cellId = actual && claimant(actual.value);
      if (cellId !== undefined) touched.assignment(cellId, text);
    }
    this.#setSlot(key, record);
  }

  /** Instances whose move begins, ends or is given up may need a decision. */
  #setRebalance(record: Versioned<Rebalance> | undefined, touched: Touches): void {
    for (const rebalance of [this.rebalance, record]) {
      for (const { guid, index } of rebalance?.value.moves ?? []) touched.lrp(guid, index);
    }
    this.rebalance = record;
  }

  #setSlot(key: KeyOf<'actual'>, record: Versioned<Noun<'actual'>> | undefined): void {
    const indexes = this.actual.get(key.guid) ?? new Map<number, ActualSlots>();
    const slots: ActualSlots = { ...indexes.get(key.index), [key.slot]: record };
    if ((slots.ordinary ?? slots.suspect ?? slots.evacuating) === undefined) indexes.delete(key.index);
    else indexes.set(key.index, slots);
    setOrDelete(this.actual, key.guid, indexes.size === 0 ? undefined : indexes);
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
    setOrDelete(this.tasks, key.guid, record);
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
