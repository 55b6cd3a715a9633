/** Evening the cells: the plan is made here and written down; the brain carries it out, a few moves at a time. */
import { SkepError } from '../../base/core/errors.ts';
import { requestRebalance } from '../../model/rebalance.ts';
import { rebalanceKey } from '../../store/core/keys.ts';
import { currentState, type Handler } from '../context.ts';
import { journal, nounOf, put, write } from '../write.ts';
import { planOf } from './plan.ts';

/** Writes nothing when no move would help. Throws `ResourceConflict` while a rebalance is under way. */
export const rebalance: Handler<'rebalance'> = async (context, { body }, call) => {
  const state = await currentState(context, call.signal);
  const plan = planOf(context, state, { kind: 'rebalance', maxMoves: body.maxMoves });
  const { revision } = await write(context, call, [rebalanceKey], ([record]) => {
    const before = nounOf('rebalance', record);
    if (before !== undefined) {
      const message = `a rebalance is under way: ${before.moves.length} of ${before.asked} moves are left`;
      const hint = '`skep status` shows how far it is; try again when it is over';
      throw new SkepError('ResourceConflict', message, { hint });
    }
    const next = requestRebalance(
      plan.moves,
      (guid, index) => state.actual.get(guid)?.get(index)?.ordinary?.value.instanceGuid,
      { by: call.actor, at: context.clock.now() },
    );
    if (next.moves.length === 0) return { result: undefined };
    const line = journal(context, call, { type: 'brain.rebalance', subject: 'brain', message: plan.summary });
    return { puts: [put(rebalanceKey, next), line], result: undefined };
  });
  return { revision, plan };
};
