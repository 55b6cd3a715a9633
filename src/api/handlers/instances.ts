/** Actual LRPs: listed, and retired one at a time. Rules: reference/diego.md 1.3, "Retire". */

import { withDeadline } from '../../base/clock.ts';
import { SkepError } from '../../base/core/errors.ts';
import { type ActualLrp, type Presence, retire } from '../../model/actual-lrp.ts';
import { type CellId, instanceName, type ProcessGuid } from '../../model/ids.ts';
import { actualKey, presenceKey } from '../../store/core/keys.ts';
import type { ActualSlots, ClusterState } from '../../store/core/state.ts';
import { type ApiContext, type Call, currentState, type Handler, replicaDeadlineMs } from '../context.ts';
import { noSuchInstance } from '../not-found.ts';
import { pageOf } from '../paging.ts';
import { recordsOf } from '../views.ts';
import { type Decision, journal, nounOf, put, write } from '../write.ts';

type Query = Parameters<Handler<'listInstances'>>[1]['query'];

export const listInstances: Handler<'listInstances'> = async (context, { query }, call) => {
  const state = await currentState(context, call.signal);
  const page = pageOf(instancesInOrder(state, query), query.limit, (lrp) =>
    matches(lrp, query) ? lrp : undefined,
  );
  return { ...page, revision: state.revision };
};

function matches(lrp: ActualLrp, query: Query): boolean {
  const { cell, domain, index } = query;
  return (
    (cell === undefined || lrp.cellId === cell) &&
    (domain === undefined || lrp.domain === domain) &&
    (index === undefined || lrp.index === index)
  );
}

/** Presences of one index in the order of their rows. */
const presenceOrder: readonly Presence[] = ['ORDINARY', 'SUSPECT', 'EVACUATING'];

/** How a row is told from the others, and where a page ends: `web/2`, `web/2/suspect`. */
function cursorOf(lrp: ActualLrp): string {
  return `${lrp.guid}/${lrp.index}${lrp.presence === 'ORDINARY' ? '' : `/${lrp.presence.toLowerCase()}`}`;
}

/** By guid, then by index as a number, the record that counts before the others. */
function* instancesInOrder(state: ClusterState, query: Query): Generator<readonly [string, ActualLrp]> {
  const [afterGuid = '', afterIndex = '-1', afterSlot = 'ordinary'] = query.after?.split('/') ?? [];
  const seenSlots = presenceOrder.indexOf(afterSlot.toUpperCase() as Presence);
  const guids =
    query.guid === undefined ? guidsFrom(state, afterGuid, query.cell) : [query.guid as ProcessGuid];
  for (const guid of guids) {
    if (guid < afterGuid) continue;
    const slots = state.actual.get(guid) ?? new Map<number, ActualSlots>();
    for (const index of [...slots.keys()].sort((a, b) => a - b)) {
      for (const lrp of recordsOf(slots.get(index))) {
        const behind = index - Number(afterIndex);
        const seen = behind < 0 || (behind === 0 && presenceOrder.indexOf(lrp.presence) <= seenSlots);
        if (guid !== afterGuid || !seen) yield [cursorOf(lrp), lrp];
      }
    }
  }
}

/** Of one cell only those are looked at that have a claim there: no other record names a cell. */
function guidsFrom(state: ClusterState, from: string, cell: string | undefined): Iterable<ProcessGuid> {
  if (cell === undefined) return state.order.actual.from(from, true);
  const claims = [...(state.claimsByCell.get(cell as CellId)?.values() ?? [])];
  return [...new Set(claims.map(({ guid }) => guid))].sort();
}

/**
 * Stops one instance; the brain makes a new one. UNCLAIMED and CRASHED records, and claims of a cell that is
 * not present, are deleted at once; of others the cell is told to stop the container.
 */
export const retireInstance: Handler<'retireInstance'> = async (context, { params }, call) => {
  const { guid, index } = params;
  const state = await currentState(context, call.signal);
  const key = actualKey(guid, index);
  const cellId = await claimant(context, key, call);
  const keys = cellId === undefined ? [key] : [key, presenceKey(cellId)];
  const { revision } = await write(context, call, keys, ([record, presence]) => {
    const lrp = nounOf('actual', record);
    if (lrp === undefined) throw noSuchInstance(state, guid, index);
    const cellIsGone = lrp.cellId !== undefined && lrp.cellId === cellId && presence === undefined;
    return decideRetire(context, call, lrp, cellIsGone);
  });
  return { revision };
};

/** Which cell holds the instance, so that its presence is compared in the same write. */
async function claimant(context: ApiContext, key: string, call: Call): Promise<CellId | undefined> {
  const late = () =>
    new SkepError('Unavailable', 'the store does not answer: no quorum of servers', {
      hint: '`skep status` shows which servers answer',
    });
  const { records } = await withDeadline(context.clock, replicaDeadlineMs, call.signal, late, (signal) =>
    context.bbs.read([key], { signal }),
  );
  return nounOf('actual', records[0])?.cellId;
}

function decideRetire(
  context: ApiContext,
  call: Call,
  lrp: ActualLrp,
  cellIsGone: boolean,
): Decision<undefined> {
  const subject = instanceName(lrp.guid, lrp.index);
  const key = actualKey(lrp.guid, lrp.index);
  const told = (message: string) =>
    journal(context, call, {
      type: 'instance.retired',
      subject,
      message,
      ...(lrp.cellId === undefined ? {} : { cellId: lrp.cellId }),
    });
  if (lrp.state === 'UNCLAIMED' || lrp.state === 'CRASHED' || cellIsGone) {
    const why = cellIsGone ? `its cell ${lrp.cellId} is not present` : `it was ${lrp.state}`;
    return {
      deletes: [key],
      puts: [told(`stopped on request: ${why}, so its record was deleted`)],
      result: undefined,
    };
  }
  const move = retire(lrp, `stopped on request of ${call.actor}`, context.clock.now());
  if (!move.ok) throw new SkepError(move.refusal, `${subject} is ${lrp.state} and cannot be stopped`);
  if (!move.changed) return { result: undefined };
  return {
    puts: [put(key, move.next), told(`is being stopped on request on cell ${lrp.cellId}`)],
    result: undefined,
  };
}
