/**
 * What is known of a run when it is over: what was asked for and acknowledged, what the store held at each revision,
 * what the engines did. Gathered by the files beside this folder, judged by the pure functions in it.
 */

/** One change that a client asked for, one after the other for each name. Times are milliseconds since the epoch. */
export interface Write {
  readonly guid: string;
  /** How many instances were wanted from then on; undefined: removed. A task wants 1. */
  readonly instances: number | undefined;
  readonly kind: 'lrp' | 'task';
  readonly askedAt: number;
  /** `unsure`: no answer, or one that says that it may have been made or not. */
  readonly outcome: 'acknowledged' | 'refused' | 'unsure';
  /** Of the store, as the answer said. */
  readonly revision?: number | undefined;
}

export interface StoreChange {
  readonly revision: number;
  readonly key: string;
  /** Undefined: deleted. */
  readonly value: string | undefined;
  /** When the first of the watches told us. */
  readonly seenAt: number;
}

/** Everything that was written to a store, from its first revision on. */
export interface StoreHistory {
  /** In order of revision. */
  readonly changes: readonly StoreChange[];
  /** Revisions of which two members told different things, and stretches that nobody told. */
  readonly faults: readonly string[];
}

export interface EngineEvent {
  readonly host: string;
  readonly at: number;
  readonly action: 'start' | 'die';
  readonly containerId: string;
  readonly kind: 'lrp' | 'task';
  readonly guid: string;
  readonly index: number;
  readonly instanceGuid: string;
}

/** A span in which a cell may count as lost, because the run made it so. `to` undefined: it is still on. */
export interface Loss {
  readonly host: string;
  readonly from: number;
  readonly to: number | undefined;
  /** Its power was cut: what ran there has ended, and no engine told. */
  readonly isOff: boolean;
}

/** A container that was killed on purpose. */
export interface Kill {
  readonly containerId: string;
  readonly at: number;
}

export interface Evidence {
  readonly writes: readonly Write[];
  readonly history: StoreHistory;
  readonly events: readonly EngineEvent[];
  readonly losses: readonly Loss[];
  readonly kills: readonly Kill[];
}
