/**
 * Answers what-if questions from a state, for the API: its port is api/planner-port.ts, whose shapes these are.
 * Made once a server by the composition root; holds nothing and changes nothing.
 */
import type { Millis } from '../model/ids.ts';
import type { ClusterState } from '../store/core/state.ts';
import { type PlanOutcome, plan, type WhatIf } from './core/plan.ts';

export interface WhatIfPlanner {
  /** Throws `ResourceNotFound` for an LRP, a cell or a zone that is not there. */
  plan(state: ClusterState, request: WhatIf, now: Millis): PlanOutcome;
}

export function createPlanner(): WhatIfPlanner {
  return { plan };
}
