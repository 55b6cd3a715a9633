/** The rebalance that the brain asks of itself, if the operator switched that on. Called by term.ts in a sweep. */
import { defaults } from '../../model/defaults.ts';
import type { Millis } from '../../model/ids.ts';
import { type Rebalance, requestRebalance } from '../../model/rebalance.ts';
import { rebalanceKey } from '../../store/core/keys.ts';
import type { ClusterState } from '../../store/core/state.ts';
import { rebalanceSteps } from './rebalance.ts';

/** In short steps. Undefined when one is under way or cannot be read, or no move would help. */
export function* autoRebalanceSteps(
  state: ClusterState,
  now: Millis,
): Generator<void, Rebalance | undefined> {
  if (state.rebalance !== undefined || state.corrupt.has(rebalanceKey)) return undefined;
  const { moves } = yield* rebalanceSteps(state, defaults.autoRebalanceMoves, now);
  const wanted = requestRebalance(
    moves,
    (guid, index) => state.actual.get(guid)?.get(index)?.ordinary?.value.instanceGuid,
    { by: 'the brain', at: now },
  );
  return wanted.moves.length === 0 ? undefined : wanted;
}
