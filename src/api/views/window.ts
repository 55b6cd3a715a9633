/** What a view shows of an order: the rows of a window, totals, and where the anchor is. */
import type { Replica } from '../../store/replica.ts';
import type { ViewMessage, ViewRow } from '../core/view-shapes.ts';
import type { Lease } from './hub.ts';
import type { CheckedQuery } from './query.ts';

export type RowsMessage = Omit<Extract<ViewMessage, { type: 'rows' }>, 'rows'> & {
  readonly rows: readonly ViewRow[];
};

/** Costs what the window holds, however long the order is. */
export function windowOf(lease: Lease, query: CheckedQuery, seq: number, replica: Replica): RowsMessage {
  const { order, population } = lease;
  const { anchor, window } = query;
  const anchorAt = anchor === undefined ? undefined : population.placeOf(order, anchor.key);
  const isCentred = anchor?.centre === true && anchorAt !== undefined && anchorAt >= 0;
  const wanted = isCentred ? anchorAt - Math.floor(window.count / 2) : window.start;
  const start = Math.max(0, Math.min(wanted, order.size - window.count));
  const rows = order.keys(start, window.count).flatMap((key): ViewRow[] => {
    const values = population.source.values(replica.state, key);
    // It has gone this moment; the order follows.
    return values === undefined ? [] : [{ key, values }];
  });
  return {
    type: 'rows',
    seq,
    revision: population.revision,
    stale: staleOf(replica),
    total: population.size,
    matched: order.size,
    counts: population.counts,
    start,
    ...(anchorAt === undefined ? {} : { anchorAt }),
    rows,
  };
}

export const staleOf = (replica: Replica): string =>
  replica.staleReason ?? 'this server has not read the state of the cluster yet';
