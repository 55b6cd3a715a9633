/** The question of operators: core/why.ts has the answer. */

import { currentState, type Handler } from '../context.ts';
import { explain } from '../core/why.ts';
import { noSuchLrp } from '../not-found.ts';

export const why: Handler<'why'> = async (context, { params, query }, call) => {
  const state = await currentState(context, call.signal);
  const answer = explain(state, { guid: params.guid, index: query.index, now: context.clock.now() });
  if (answer === undefined) throw noSuchLrp(state, params.guid);
  return answer;
};
