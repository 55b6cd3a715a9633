/** Evening the cells: the plan is made here and written down, or taken back; the brain carries it out, a few moves at a time. */
import { SkepError } from '../../base/core/errors.ts';
import { requestRebalance } from '../../model/rebalance.ts';
import { rebalanceKey } from '../../store/core/keys.ts';
import { currentState, type Handler } from '../context.ts';
import { journal, nounOf, put, write } from '../write.ts';
import { planOf } from './plan.ts';

/** Writes nothing when no move would help. Throws `ResourceConflict` while a rebalance is under way. */
export const rebalance: Handler<'rebalance'> = async (context, { body }, call) => {
  const state = await currentState(context, call.signal);
  const plan = await planOf(context, state, { kind: 'rebalance', maxMoves: body.maxMoves }, call);
  const { revision } = await write(context, call, [rebalanceKey], ([record]) => {
    const before = nounOf('rebalance', record);
    if (before !== undefined) {
      const message = `a rebalance is under way: ${before.moves.length} of ${before.asked} moves are left`;
      const hint = '`skep status` shows how far it is, `skep rebalance --stop` ends it';
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

/**
 * Takes the record away, which is all: the brain keeps each old instance whose replacement does not run yet, and
 * stops those whose replacement does. Changes nothing when no rebalance is under way.
 */
export const stopRebalance: Handler<'stopRebalance'> = async (context, _input, call) => {
  const { revision, result } = await write(context, call, [rebalanceKey], ([record]) => {
    const before = nounOf('rebalance', record);
    if (before === undefined) return { result: { left: 0, asked: 0 } };
    const left = before.moves.length;
    const message = `the rebalance is stopped: ${left} of ${before.asked} moves were left`;
    const line = journal(context, call, { type: 'brain.rebalance', subject: 'brain', message });
    return { puts: [line], deletes: [rebalanceKey], result: { left, asked: before.asked } };
  });
  return { revision, ...result };
};
