/**
 * What the converger decides: data that says what is to change and because of what. Made by converge.ts,
 * turned into writes by mutations.ts and into lines of the journal by journal.ts.
 */
import type { ActualLrp } from '../../model/actual-lrp.ts';
import type { CellSpec } from '../../model/cell-spec.ts';
import type { DesiredLrp } from '../../model/desired-lrp.ts';
import type { CellId, ProcessGuid } from '../../model/ids.ts';
import type { Rebalance, RequestedMove } from '../../model/rebalance.ts';
import type { Task } from '../../model/task.ts';
import type { Versioned } from '../../store/core/state.ts';

type Actual = Versioned<ActualLrp>;

interface Because {
  /** A phrase for people; equal ones about one LRP are told as one. */
  readonly because: string;
  /** It was decided because this cell has no presence; that must still hold when it is written. */
  readonly lostCell?: CellId | undefined;
  /** It was decided because of this drain; that must still hold when it is written. */
  readonly drainedBy?: Versioned<CellSpec> | undefined;
}

export type LrpDecision = Because &
  (
    | {
        /** The index has no ordinary record: it gets one that waits to be placed. */
        readonly kind: 'create';
        readonly guid: ProcessGuid;
        readonly index: number;
        readonly domain: string;
        /** The suspect that it replaces: its crashes count on. */
        readonly former?: ActualLrp | undefined;
      }
    /** Nothing runs behind the record, or nothing that could still be told to stop. */
    | { readonly kind: 'delete'; readonly record: Actual }
    /** The cell is to stop the instance; its record goes when the container has. */
    | { readonly kind: 'retire'; readonly record: Actual }
    /** Its cell is lost: it becomes suspect, and a new ordinary record waits to be placed. */
    | { readonly kind: 'replace'; readonly record: Actual }
    /** Its cell is lost with too many others: it becomes suspect, and nothing replaces it for now. */
    | { readonly kind: 'suspect'; readonly record: Actual }
    /**
     * Its cell is drained: it goes on in the evacuating slot, and a new ordinary record waits to be placed. Of a
     * suspect, whose ordinary record there is already, only the slot changes.
     */
    | { readonly kind: 'evacuate'; readonly record: Actual }
    /** Its cell has not stopped it in time: that is told once, and the cell is told again. */
    | { readonly kind: 'remind'; readonly record: Actual }
    /** The suspect's cell is back (or its drain taken back) before a replacement runs: it is the ordinary one again. */
    | { readonly kind: 'recover'; readonly suspect: Actual; readonly ordinary: Actual | undefined }
    /** Claimed in vain: it is to be placed anew. */
    | { readonly kind: 'unclaim'; readonly record: Actual }
    /** A crashed one has waited long enough. */
    | { readonly kind: 'restart'; readonly record: Actual }
    /** A removed LRP of which nothing is left. */
    | { readonly kind: 'forget'; readonly desired: Versioned<DesiredLrp> }
  );

export type TaskDecision = Because & { readonly task: Versioned<Task> } & (
    | { readonly kind: 'failTask' }
    /** Its cell is lost before it started: another may. */
    | { readonly kind: 'unassignTask' }
    | { readonly kind: 'deleteTask' }
  );

/** Nothing is left on a drained cell. */
export type CellDecision = Because & { readonly kind: 'finishDrain'; readonly spec: Versioned<CellSpec> };

/** Some moves of the rebalance are over; these are left. */
export type RebalanceDecision = Because & {
  readonly kind: 'progressRebalance';
  readonly rebalance: Versioned<Rebalance>;
  readonly moves: readonly RequestedMove[];
};

export type Decision = LrpDecision | TaskDecision | CellDecision | RebalanceDecision;
export type DecisionOf<K extends Decision['kind']> = Extract<Decision, { kind: K }>;
