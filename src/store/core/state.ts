/**
 * The whole cluster in memory, as a snapshot and the changes after it make it: maps of records, and the
 * indexes that keep the cost of a question with its answer. `fold` changes it in place; readers get
 * `ClusterState`, whose maps are live but whose records never change.
 */
import type { ActualLrp } from '../../model/actual-lrp.ts';
import type { Revocation } from '../../model/auth.ts';
import type { CellPresence, Domain, Leader, ServerRecord } from '../../model/cell.ts';
import type { BrainSettings, CellSpec } from '../../model/cell-spec.ts';
import type { DesiredLrp } from '../../model/desired-lrp.ts';
import type { JournalEvent } from '../../model/event.ts';
import type { CellId, InstanceGuid, ProcessGuid, TaskGuid } from '../../model/ids.ts';
import type { Quorum } from '../../model/quorum.ts';
import type { Rebalance } from '../../model/rebalance.ts';
import type { Restored } from '../../model/restored.ts';
import type { Roster } from '../../model/roster.ts';
import type { Task } from '../../model/task.ts';
import type { Trust } from '../../model/trust.ts';
import type { ClusterCounts } from './counts.ts';
import type { ActualSlot } from './keys.ts';
import type { KeysInOrder } from './sorted-keys.ts';

/** A record with the key and the revision that a write to it compares. */
export interface Versioned<T> {
  readonly key: string;
  readonly revision: number;
  readonly value: T;
}

/** The records of one index. */
export interface ActualSlots {
  readonly ordinary?: Versioned<ActualLrp> | undefined;
  readonly suspect?: Versioned<ActualLrp> | undefined;
  readonly evacuating?: Versioned<ActualLrp> | undefined;
}

/** Where the record of an instance is. */
export interface ActualPlace {
  readonly guid: ProcessGuid;
  readonly index: number;
  readonly slot: ActualSlot;
}

export interface ActualRef extends ActualPlace {
  readonly record: Versioned<ActualLrp>;
}

export interface ClusterState {
  /** The store's revision that this state equals. */
  readonly revision: number;
  readonly desired: ReadonlyMap<ProcessGuid, Versioned<DesiredLrp>>;
  readonly actual: ReadonlyMap<ProcessGuid, ReadonlyMap<number, ActualSlots>>;
  readonly tasks: ReadonlyMap<TaskGuid, Versioned<Task>>;
  readonly cells: ReadonlyMap<CellId, Versioned<CellPresence>>;
  /** What operators set of cells; also of cells that are not there now. */
  readonly cellSpecs: ReadonlyMap<CellId, Versioned<CellSpec>>;
  /** What operators set of the brain; undefined: the defaults. */
  readonly settings: Versioned<BrainSettings> | undefined;
  /** The cells that the brain counts on; undefined until it has led once. */
  readonly roster: Versioned<Roster> | undefined;
  /** Moves that are under way to even the cells. */
  readonly rebalance: Versioned<Rebalance> | undefined;
  /** The store was made from an older state, and when; undefined: never. */
  readonly restored: Versioned<Restored> | undefined;
  /** How the servers are looked after; undefined until a leader has looked once. */
  readonly quorum: Versioned<Quorum> | undefined;
  readonly domains: ReadonlyMap<string, Versioned<Domain>>;
  readonly servers: ReadonlyMap<string, Versioned<ServerRecord>>;
  /** Certificates that count no more, by serial number. */
  readonly revoked: ReadonlyMap<string, Versioned<Revocation>>;
  /** A change of the authorities, how far it is; undefined: there never was one. */
  readonly trust: Versioned<Trust> | undefined;
  readonly leader: Versioned<Leader> | undefined;
  /** The journal, oldest first, by event id. */
  readonly events: ReadonlyMap<string, JournalEvent>;
  /** Records that cannot be read, and why. What they are about is left alone. */
  readonly corrupt: ReadonlyMap<string, string>;
  /** Claims of each cell: `cellId` → actual key → ref. Holds CLAIMED and RUNNING records of all slots. */
  readonly claimsByCell: ReadonlyMap<CellId, ReadonlyMap<string, ActualRef>>;
  /** Tasks of each cell that are PENDING with that cell assigned, or RUNNING there. */
  readonly tasksByCell: ReadonlyMap<CellId, ReadonlySet<TaskGuid>>;
  readonly byInstanceGuid: ReadonlyMap<InstanceGuid, ActualRef>;
  readonly counts: ClusterCounts;
  readonly order: ClusterOrder;
}

/** The keys of the largest maps, for who reads a part of one. */
export interface ClusterOrder {
  readonly desired: KeysInOrder<ProcessGuid>;
  readonly actual: KeysInOrder<ProcessGuid>;
  readonly tasks: KeysInOrder<TaskGuid>;
  readonly cells: KeysInOrder<CellId>;
}

/** What one batch of changes touched, so that what follows costs what changed. */
export interface Touched {
  /** The state was replaced by a snapshot: everything may have changed. */
  readonly all: boolean;
  /** LRPs whose desired record, or any of whose instances, changed: guid → indexes (desired: -1). */
  readonly lrps: ReadonlyMap<ProcessGuid, ReadonlySet<number>>;
  readonly tasks: ReadonlySet<TaskGuid>;
  /** Cells whose presence or spec came, went or changed. */
  readonly cells: ReadonlySet<CellId>;
  /** Cells whose assignments (claims, tasks, or the definitions behind them) changed → keys of those records. */
  readonly assignments: ReadonlyMap<CellId, ReadonlySet<string>>;
  readonly domains: ReadonlySet<string>;
  /** Ids of events that were added. */
  readonly events: readonly string[];
  readonly leader: boolean;
  readonly settings: boolean;
  readonly servers: boolean;
  /** A certificate was revoked. */
  readonly revoked: boolean;
  /** A change of the authorities went on. */
  readonly trust: boolean;
  /** The desired record of some LRP came, went or changed. */
  readonly definitions: boolean;
}
