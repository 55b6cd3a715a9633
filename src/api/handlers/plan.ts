/** What would happen if: answered from this server's copy of the state by the planner that it was built with. */
import { SkepError } from '../../base/core/errors.ts';
import type { ClusterState } from '../../store/core/state.ts';
import { type ApiContext, currentState, type Handler } from '../context.ts';
import type { Plan, PlanRequest } from '../core/plan-shapes.ts';

export const plan: Handler<'plan'> = async (context, { body }, call) =>
  planOf(context, await currentState(context, call.signal), body);

/** Throws `Unavailable` on a server without a planner. */
export function planOf(context: ApiContext, state: ClusterState, request: PlanRequest): Plan {
  if (context.planner !== undefined) return context.planner.plan(state, request, context.clock.now());
  throw new SkepError('Unavailable', `server ${context.server} has no planner`, {
    hint: 'ask another server with --server HOST:PORT',
  });
}
