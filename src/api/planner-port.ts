/**
 * What the brain's pure functions would do, for those who only ask: `skep plan`, the check before a drain,
 * `skep status`. Implemented over scheduler/core by the composition root, because the API never imports the
 * scheduler.
 */
import type { Clock } from '../base/clock.ts';
import type { ClusterState } from '../store/core/state.ts';
import type { Plan, PlanRequest } from './core/plan-shapes.ts';

export interface Planner {
  /**
   * Plays the request on a copy of the state; changes nothing. The state may go on meanwhile: it takes seconds of a
   * large cluster, in slices. Throws `ResourceNotFound` for unknown names, `Busy` while another one is played, and the
   * signal's reason.
   */
  plan(state: ClusterState, request: PlanRequest, clock: Clock, signal: AbortSignal): Promise<Plan>;
}
