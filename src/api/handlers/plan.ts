/** What would happen if: answered from this server's copy of the state by the planner that it was built with. */
import { SkepError } from '../../base/core/errors.ts';
import type { ClusterState } from '../../store/core/state.ts';
import { type ApiContext, type Call, currentState, type Handler } from '../context.ts';
import type { Plan, PlanRequest } from '../core/plan-shapes.ts';

export const plan: Handler<'plan'> = async (context, { body }, call) =>
  planOf(context, await currentState(context, call.signal), body, call);

/** Throws `Unavailable` on a server without a planner, and what the planner throws. */
export async function planOf(
  { planner, clock, server }: ApiContext,
  state: ClusterState,
  request: PlanRequest,
  { signal }: Pick<Call, 'signal'>,
): Promise<Plan> {
  if (planner !== undefined) return planner.plan(state, request, clock, signal);
  throw new SkepError('Unavailable', `server ${server} has no planner`, {
    hint: 'ask another server with --server HOST:PORT',
  });
}
