/**
 * Which cells work may go to at all, before room is asked for: each filter says whether a cell passes, and of
 * one that does not what it lacks and what would change that. Texts are Diego's where it has one
 * (reference/diego.md 1.20). The auction refuses by the same functions that explain the refusal.
 */
import type { AuctionCell, Work } from '../../model/auction.ts';
import type { CellId, ProcessGuid } from '../../model/ids.ts';
import type { PlacementRules } from '../../model/placement.ts';

/** A cell as the auction stands: what it is, and what has been placed there meanwhile. */
export interface Seat {
  readonly cell: AuctionCell;
  /** Instances of the process here; of processes that no work is or names: 0. */
  instancesOf(guid: ProcessGuid): number;
  isPortTaken(port: number): boolean;
  /** Whether something here must not share a cell with the process. */
  repels(guid: ProcessGuid): boolean;
}

/** What a cell lacks, and what to do about it. */
export interface Lack {
  readonly lacks: string;
  readonly change: string;
}

export interface Filter {
  /** How refusals count it. */
  readonly name: string;
  /** Whether this work asks for it; others pass everywhere. */
  applies(work: Work): boolean;
  passes(seat: Seat, work: Work): boolean;
  /** Why nothing passes. `homeState` says what is wrong with the home of a sticky index. */
  message(work: Work, homeState: string): string;
  /** Of a cell that does not pass. */
  lack(seat: Seat, work: Work): Lack;
}

/** `"a", "b" and "c"`. */
function listed(words: readonly string[]): string {
  const quoted = words.map((word) => `"${word}"`);
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} and ${quoted.at(-1)}`;
}

const missingFrom = (wanted: readonly string[], there: readonly string[]): string[] =>
  wanted.filter((word) => !there.includes(word));

const platform: Filter = {
  name: 'rootfs',
  applies: ({ rules }) => rules.os !== undefined || rules.arch !== undefined,
  passes: ({ cell }, { rules }) =>
    (rules.os === undefined || rules.os === cell.os) &&
    (rules.arch === undefined || rules.arch === cell.arch),
  message: ({ rules }) => `found no compatible cell for required rootfs: ${platformOf(rules)}`,
  lack: ({ cell }, { rules }) => ({
    lacks: `${platformOf(rules)} (it is os ${cell.os}, arch ${cell.arch})`,
    change: `add a cell with ${platformOf(rules)}`,
  }),
};

function platformOf({ os, arch }: PlacementRules): string {
  return [os === undefined ? [] : `os ${os}`, arch === undefined ? [] : `arch ${arch}`].flat().join(', ');
}

const volumeDrivers: Filter = {
  name: 'volume drivers',
  applies: ({ rules }) => rules.volumeDrivers.length > 0,
  passes: ({ cell }, { rules }) => missingFrom(rules.volumeDrivers, cell.volumeDrivers).length === 0,
  message: () => 'found no compatible cell with required volume drivers',
  lack({ cell }, { rules }) {
    const missing = listed(missingFrom(rules.volumeDrivers, cell.volumeDrivers));
    return {
      lacks: `volume driver ${missing}`,
      change: `install volume driver ${missing} on ${cell.cellId}`,
    };
  },
};

/** Diego's rule: the cell's required tags ⊆ the work's tags ⊆ the cell's required ∪ optional ones. */
const placementTags: Filter = {
  name: 'placement tags',
  applies: () => true,
  passes({ cell }, { rules: { tags } }) {
    if (tags.length === 0) return cell.requiredTags.length === 0;
    return missingTags(cell, tags).length === 0 && missingFrom(cell.requiredTags, tags).length === 0;
  },
  message({ rules: { tags } }) {
    if (tags.length === 0) return 'found no compatible cell with no placement tags';
    return `found no compatible cell with placement tag${tags.length === 1 ? '' : 's'} ${listed(tags)}`;
  },
  lack({ cell }, { rules: { tags } }) {
    const missing = missingTags(cell, tags);
    const unasked = missingFrom(cell.requiredTags, tags);
    const name = cell.cellId;
    if (missing.length === 0) {
      const words = listed(unasked);
      return { lacks: `work without tag ${words}, which it requires`, change: `ask for tag ${words} too` };
    }
    return {
      lacks: `tag ${listed(missing)}`,
      change: `add tag ${listed(missing)} to a cell, such as ${name}`,
    };
  },
};

const missingTags = (cell: AuctionCell, tags: readonly string[]): string[] =>
  tags.filter((tag) => !cell.requiredTags.includes(tag) && !cell.optionalTags.includes(tag));

const ociRuntime: Filter = {
  name: 'runtime',
  applies: ({ rules }) => rules.runtime !== undefined,
  passes: ({ cell }, { rules }) => rules.runtime === undefined || cell.runtimes.includes(rules.runtime),
  message: ({ rules }) => `found no compatible cell with OCI runtime "${rules.runtime}"`,
  lack: ({ cell }, { rules }) => ({
    lacks: `OCI runtime "${rules.runtime}"`,
    change: `install OCI runtime "${rules.runtime}" on ${cell.cellId}`,
  }),
};

/** Filters that only look at what a cell is: their verdict on a rules class is kept. */
export const fixedFilters: readonly Filter[] = [platform, volumeDrivers, placementTags, ociRuntime];

export const homeOf = (work: Work): CellId | undefined => (work.kind === 'lrp' ? work.home : undefined);

const home: Filter = {
  name: 'home',
  applies: (work) => homeOf(work) !== undefined,
  passes: ({ cell }, work) => homeOf(work) === cell.cellId,
  message: (work, homeState) => {
    const why = work.rules.sticky ? 'its volume is on' : 'it is being moved to';
    return `found no compatible cell: ${why} cell ${homeOf(work)}, which ${homeState}`;
  },
  lack: (_seat, work) => ({
    lacks: work.rules.sticky
      ? `its volume, which is on ${homeOf(work)}`
      : `the place that it is being moved to, ${homeOf(work)}`,
    change: `bring cell ${homeOf(work)} back`,
  }),
};

const sameCellAs: Filter = {
  name: 'same cell as',
  applies: ({ rules }) => rules.sameCellAs !== undefined,
  passes: (seat, { rules }) => rules.sameCellAs === undefined || seat.instancesOf(rules.sameCellAs) > 0,
  message: ({ rules }) =>
    `found no compatible cell: none that it may use runs an instance of "${rules.sameCellAs}"`,
  lack: ({ cell }, { rules }) => ({
    lacks: `an instance of "${rules.sameCellAs}"`,
    change: `run "${rules.sameCellAs}" on a cell such as ${cell.cellId}`,
  }),
};

const neighboursOf = (seat: Seat, { rules }: Work): ProcessGuid[] =>
  rules.notWith.filter((guid) => seat.instancesOf(guid) > 0);

const notWith: Filter = {
  name: 'not with',
  applies: ({ rules }) => rules.notWith.length > 0,
  passes: (seat, { rules }) => rules.notWith.every((guid) => seat.instancesOf(guid) === 0),
  message: ({ rules }) => {
    const names = listed(rules.notWith);
    return `found no compatible cell: all that it may use run an instance of ${names}, and it must not share one`;
  },
  lack: (seat, work) => ({
    lacks: `a place without ${listed(neighboursOf(seat, work))}`,
    change: `add a cell, or move ${listed(neighboursOf(seat, work))} off ${seat.cell.cellId}`,
  }),
};

/** `notWith` holds for both sides: who came first must not be joined by those whom it avoids. */
export const repelled: Filter = {
  name: 'not with',
  applies: ({ kind }) => kind === 'lrp',
  passes: (seat, work) => work.kind === 'task' || !seat.repels(work.guid),
  message: () => 'found no compatible cell: what runs there must not share one with it',
  lack: (seat, { guid }) => ({
    lacks: `a place without those that must not run with "${guid}"`,
    change: `add a cell, or move what must not run with "${guid}" off ${seat.cell.cellId}`,
  }),
};

const maxPerCell: Filter = {
  name: 'max per cell',
  applies: ({ kind, rules }) => kind === 'lrp' && rules.maxPerCell !== undefined,
  passes: (seat, { guid, rules }) =>
    seat.instancesOf(guid as ProcessGuid) < (rules.maxPerCell ?? Number.POSITIVE_INFINITY),
  message: ({ guid, rules }) =>
    `found no compatible cell: each that it may use runs ${rules.maxPerCell} of "${guid}", its most per cell`,
  lack: (_seat, { guid, rules }) => ({
    lacks: `a place with fewer than ${rules.maxPerCell} of "${guid}"`,
    change: `add a cell, or allow more than ${rules.maxPerCell} per cell`,
  }),
};

const takenPorts = (seat: Seat, work: Work): number[] =>
  work.kind === 'lrp' ? work.fixedPorts.filter((port) => seat.isPortTaken(port)) : [];

const hostPorts: Filter = {
  name: 'host ports',
  applies: (work) => work.kind === 'lrp' && work.fixedPorts.length > 0,
  passes: (seat, work) => work.kind === 'task' || !work.fixedPorts.some((port) => seat.isPortTaken(port)),
  message: (work) => {
    const ports = work.kind === 'lrp' ? work.fixedPorts.join(', ') : '';
    return `found no compatible cell: host port ${ports} is taken on all that it may use`;
  },
  lack: (seat, work) => ({
    lacks: `free host port ${takenPorts(seat, work).join(', ')}`,
    change: `add a cell, or free host port ${takenPorts(seat, work).join(', ')} on ${seat.cell.cellId}`,
  }),
};

/** Filters that depend on what is placed: asked anew for every piece of work. */
export const liveFilters: readonly Filter[] = [home, sameCellAs, notWith, maxPerCell, hostPorts];
