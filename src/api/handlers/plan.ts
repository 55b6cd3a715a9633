/** What would happen if: answered from this server's copy of the state by the planner that it was built with. */
import { SkepError } from '../../base/core/errors.ts';
import { currentState, type Handler } from '../context.ts';

export const plan: Handler<'plan'> = async (context, { body }, call) => {
  const state = await currentState(context, call.signal);
  if (context.planner !== undefined) return context.planner.plan(state, body);
  throw new SkepError('Unavailable', `server ${context.server} has no planner`, {
    hint: 'ask another server with --server HOST:PORT',
  });
};
