/** What the auction takes and gives back. The auction itself is scheduler/core/auction.ts. */
import type { Refusal } from './actual-lrp.ts';
import type { CellId, ProcessGuid, TaskGuid } from './ids.ts';
import type { PlacementRules } from './placement.ts';
import type { Resources } from './resources.ts';

/** One cell as the auction sees it. */
export interface AuctionCell {
  readonly cellId: CellId;
  readonly zone: string;
  readonly capacity: Resources;
  /** MiB of memory that each container takes here beside what it asks for; absent: none. */
  readonly overheadMemoryMb?: number | undefined;
  /** What claims take already, the overhead included. */
  readonly used: Resources;
  /** Claimed but not running yet. */
  readonly startingCount: number;
  /** Instances of each process on this cell. */
  readonly instancesByProcess: ReadonlyMap<ProcessGuid, number>;
  readonly taskCount: number;
  readonly os: string;
  readonly arch: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly requiredTags: readonly string[];
  readonly optionalTags: readonly string[];
  readonly volumeDrivers: readonly string[];
  readonly runtimes: readonly string[];
  /** Host ports that claims insist on, here. */
  readonly fixedPorts: ReadonlySet<number>;
  /** Why nothing may be placed here just now, if so: the container engine is down, … */
  readonly unusable?: string | undefined;
  /** The command that makes it usable again, if an operator made it unusable. */
  readonly undo?: string | undefined;
  /** Processes that an instance here must not share a cell with: `notWith`, seen from the other side. */
  readonly repels?: ReadonlySet<ProcessGuid> | undefined;
  /** What preemption may stop here, and what stops already; absent while preemption is off. */
  readonly evictable?: readonly Evictable[] | undefined;
}

/** An instance on a cell, as preemption sees it. Tasks are never among them: they run at most once. */
export interface Evictable {
  readonly guid: ProcessGuid;
  readonly index: number;
  readonly priority: number;
  /** What comes back when it stops, the cell's overhead included. */
  readonly resources: Resources;
  /** It is told to stop already: its room is on its way. */
  readonly leaving: boolean;
}

export interface LrpWork {
  readonly kind: 'lrp';
  readonly guid: ProcessGuid;
  readonly index: number;
  readonly resources: Resources;
  /** Shared by all instances of one LRP: equal objects are equal classes. */
  readonly rules: PlacementRules;
  readonly priority: number;
  /** Host ports that it insists on. */
  readonly fixedPorts: readonly number[];
  /** The only cell that it may go to: a sticky index goes back, one that is moved goes where it is moved to. */
  readonly home?: CellId | undefined;
  /** Cells that it goes to only when no other takes it: it crashed there again and again. */
  readonly lastResort?: ReadonlySet<CellId> | undefined;
}

export interface TaskWork {
  readonly kind: 'task';
  readonly guid: TaskGuid;
  readonly resources: Resources;
  readonly rules: PlacementRules;
}

export type Work = LrpWork | TaskWork;

export interface Placement {
  readonly work: Work;
  readonly cellId: CellId;
  /** Only if the auction was asked for it. */
  readonly why?: PlacementWhy;
}

/** One cell as the auction scored it for one piece of work; the lowest score wins. */
export interface ScoredCell {
  readonly cellId: CellId;
  readonly zone: string;
  /** The cell's value of the label that instances are spread by, and how many of them are under it. */
  readonly label?: string;
  readonly inLabel?: number;
  /** Instances of the LRP in the cell's zone. */
  readonly inZone: number;
  readonly terms: {
    readonly fill: number;
    readonly starting: number;
    readonly locality: number;
    readonly binPack: number;
  };
  readonly score: number;
}

/** The cell that won, as it stood before, and the one that would have without it. */
export interface PlacementWhy {
  readonly chosen: ScoredCell;
  readonly runnerUp?: ScoredCell;
}

export interface Unplaced {
  readonly work: Work;
  readonly refusal: Refusal;
}

/** An instance that has to stop so that work of higher priority gets its room. */
export interface Eviction {
  readonly guid: ProcessGuid;
  readonly index: number;
  readonly cellId: CellId;
  /** Who needs the room. */
  readonly work: LrpWork;
}

export interface AuctionResult {
  readonly placements: readonly Placement[];
  readonly unplaced: readonly Unplaced[];
  /** Empty unless preemption is on. */
  readonly evictions: readonly Eviction[];
}
