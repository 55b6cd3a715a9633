/**
 * What placements of this auction keep others from: host ports that are taken now, processes that must not
 * join. With it a cell answers the filters' questions as the auction stands. Used by auction.ts.
 */
import type { AuctionCell, Work } from '../../model/auction.ts';
import type { ProcessGuid } from '../../model/ids.ts';
import type { Seat } from './filters.ts';

export interface Conflicts {
  /** Whether anything anywhere must not share its cell with some process. */
  readonly anyRepels: boolean;
  seatOf(cell: AuctionCell, position: number): Seat;
  /** Notes what was placed at a position. */
  add(work: Work, position: number): void;
}

/** @param instancesAt instances of a process on the cell of that position, those of this auction too */
export function createConflicts(
  cells: readonly AuctionCell[],
  instancesAt: (guid: ProcessGuid, position: number) => number,
): Conflicts {
  const ports = new Map<number, Set<number>>();
  const repelled = new Map<ProcessGuid, Set<number>>();
  let anyRepels = cells.some(({ repels }) => repels !== undefined && repels.size > 0);
  return {
    get anyRepels() {
      return anyRepels;
    },
    seatOf: (cell, position) => ({
      cell,
      instancesOf: (guid) => instancesAt(guid, position),
      isPortTaken: (port) => cell.fixedPorts.has(port) || (ports.get(port)?.has(position) ?? false),
      repels: (guid) => (cell.repels?.has(guid) ?? false) || (repelled.get(guid)?.has(position) ?? false),
    }),
    add(work, position) {
      if (work.kind === 'task') return;
      for (const port of work.fixedPorts) note(ports, port, position);
      for (const guid of work.rules.notWith) note(repelled, guid, position);
      anyRepels ||= work.rules.notWith.length > 0;
    },
  };
}

function note<K>(places: Map<K, Set<number>>, key: K, position: number): void {
  const known = places.get(key);
  if (known === undefined) places.set(key, new Set([position]));
  else known.add(position);
}
