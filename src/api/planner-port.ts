/**
 * What the brain's pure functions would do, for those who only ask: `skep plan`, the check before a drain,
 * `skep status`. Implemented over scheduler/core by the composition root, because the API never imports the
 * scheduler.
 */
import type { Millis } from '../model/ids.ts';
import type { ClusterState } from '../store/core/state.ts';
import type { Plan, PlanRequest } from './core/plan-shapes.ts';

export interface Planner {
  /** Plays the request on a copy of the state; changes nothing. Throws `ResourceNotFound` for unknown names. */
  plan(state: ClusterState, request: PlanRequest, now: Millis): Plan;
}
