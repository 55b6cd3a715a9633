/**
 * The auction's cells, kept up claim by claim from what the replica hears: a change costs that change, whatever
 * else its cell holds. Claims that are being written count from the moment they are decided, so that the next
 * decision need not wait until the store has told of the last. Used by the placer, and for the survival
 * watch by late-usage.ts.
 */
import type { AuctionCell, Work } from '../../model/auction.ts';
import type { CellPresence } from '../../model/cell.ts';
import type { CellId } from '../../model/ids.ts';
import { type Resources, resourceNames } from '../../model/resources.ts';
import type { ClusterState, Touched } from '../../store/core/state.ts';
import { type Claim, claimAt, claimOf, claimsOn, Tally } from './tally.ts';
import { auctionCell } from './usage.ts';

/** What the cells depend on of all that a batch of changes touched. */
type Heard = Pick<Touched, 'all' | 'cells' | 'assignments' | 'definitions'>;

interface Kept {
  presence: CellPresence;
  readonly tally: Tally;
  readonly claims: Map<string, Claim>;
  /** As it was made the last time. */
  cell: AuctionCell;
  /** Its claims changed since. */
  isOld: boolean;
}

/** A claim that the state does not have yet. */
interface Tentative {
  readonly cellId: CellId;
  readonly claim: Claim;
}

export class KeptUsage {
  readonly #kept = new Map<CellId, Kept>();
  /** Cells to be read anew with all their claims; undefined: every cell. */
  #unread: Set<CellId> | undefined;
  /** Cells whose presence or spec changed. */
  readonly #restated = new Set<CellId>();
  readonly #tentative = new Map<string, Tentative>();
  /** Some definition changed since the first of the tentative claims was decided. */
  #isRedefined = false;
  #grew = false;

  /** Claims that are being written, or that the state does not have yet. */
  get tentativeCount(): number {
    return this.#tentative.size;
  }

  /** Takes note of what the replica heard. */
  hear(touched: Heard, state: ClusterState): void {
    if (touched.all) this.#unread = undefined;
    if (touched.all || touched.definitions) this.#isRedefined = true;
    for (const cellId of touched.cells) {
      if (this.#kept.has(cellId)) this.#restated.add(cellId);
      else this.#unread?.add(cellId);
    }
    for (const [cellId, keys] of touched.assignments) this.#hearClaims(state, cellId, keys);
  }

  /** The cell, or every one, is to be read anew; what is being written stays. */
  doubt(cellId?: CellId): void {
    if (cellId === undefined) this.#unread = undefined;
    else this.#unread?.add(cellId);
  }

  /** The same, and what was being written counts only where the state has it. */
  forget(): void {
    this.doubt();
    this.#tentative.clear();
  }

  /** Reads some of the cells that are to be read; true when none is left, which `cells` wants. */
  read(state: ClusterState, max: number): boolean {
    this.#unread ??= new Set([...this.#kept.keys(), ...state.cells.keys()]);
    for (const cellId of this.#restated) this.#restate(state, cellId);
    this.#restated.clear();
    const some = [...this.#unread].slice(0, max);
    for (const cellId of some) {
      this.#unread.delete(cellId);
      this.#readCell(state, cellId);
    }
    return this.#unread.size === 0;
  }

  /** The cells that are present. The sets and maps in them are live: an auction reads them, nobody keeps them. */
  cells(state: ClusterState): AuctionCell[] {
    return [...this.#kept.values()].map((kept) => cellOf(state, kept));
  }

  /** Whether work may fit that did not when this was asked the last time. */
  takeGrown(): boolean {
    const grew = this.#grew;
    this.#grew = false;
    return grew;
  }

  /** A claim is about to be written: from now on its room is taken. @param key of the record */
  claim(state: ClusterState, cellId: CellId, key: string, work: Work): void {
    const claim = claimOf(state, work);
    if (this.#tentative.size === 0) this.#isRedefined = false;
    this.#tentative.set(key, { cellId, claim });
    const kept = this.#kept.get(cellId);
    if (kept !== undefined) put(kept, key, claim);
  }

  /** The claim was not written: what the state says counts again. */
  giveBack(state: ClusterState, key: string): void {
    const tentative = this.#tentative.get(key);
    if (tentative === undefined) return;
    this.#tentative.delete(key);
    this.#hearClaims(state, tentative.cellId, [key]);
  }

  /** The state has all that was written: what it does not have by now has gone again. */
  settle(state: ClusterState): void {
    for (const key of this.#tentative.keys()) this.giveBack(state, key);
  }

  #hearClaims(state: ClusterState, cellId: CellId, keys: Iterable<string>): void {
    const isUnread = this.#unread?.has(cellId) ?? true;
    const kept = isUnread ? undefined : this.#kept.get(cellId);
    const before = kept === undefined ? undefined : totalsOf(kept.tally);
    // What may be displaced is told by the records, not by what they take.
    if (kept !== undefined) kept.isOld = true;
    for (const key of keys) {
      const tentative = this.#tentative.get(key);
      const isTentative = tentative?.cellId === cellId;
      if (isTentative && kept !== undefined && this.#isAsDecided(state, kept, key, tentative)) {
        this.#tentative.delete(key);
        continue;
      }
      if (kept === undefined && !isTentative) continue;
      const claim = claimAt(state, cellId, key);
      if (claim !== undefined && isTentative) this.#tentative.delete(key);
      if (kept === undefined) continue;
      if (claim !== undefined) put(kept, key, claim);
      else if (!isTentative) drop(kept, key);
    }
    if (kept === undefined || before === undefined) return;
    const after = totalsOf(kept.tally);
    const freed = after.some((total, place) => total < (before[place] as number));
    if (freed) this.#grew ||= cellOf(state, kept).unusable === undefined;
  }

  /** What came is what was decided, and counted then: nearly always, and then nothing is to be compared. */
  #isAsDecided(state: ClusterState, kept: Kept, key: string, { cellId, claim }: Tentative): boolean {
    if (this.#isRedefined || claim.guid === undefined || kept.claims.get(key) !== claim) return false;
    return state.claimsByCell.get(cellId)?.get(key)?.record.value.state === 'CLAIMED';
  }

  #restate(state: ClusterState, cellId: CellId): void {
    const kept = this.#kept.get(cellId);
    const presence = state.cells.get(cellId)?.value;
    if (kept === undefined) return;
    if (presence === undefined) {
      this.#kept.delete(cellId);
      return;
    }
    const before = kept.cell;
    kept.presence = presence;
    kept.isOld = true;
    this.#grew ||= hasMoreRoom(before, cellOf(state, kept));
  }

  #readCell(state: ClusterState, cellId: CellId): void {
    const before = this.#kept.get(cellId);
    const presence = state.cells.get(cellId)?.value;
    if (presence === undefined) {
      this.#kept.delete(cellId);
      return;
    }
    const tally = new Tally();
    const claims = new Map<string, Claim>();
    const kept = { presence, tally, claims, cell: auctionCell(state, presence, tally), isOld: true };
    claimsOn(state, cellId, (key, claim) => put(kept, key, claim));
    for (const [key, { cellId: on, claim }] of this.#tentative) {
      if (on === cellId && !claims.has(key)) put(kept, key, claim);
    }
    this.#kept.set(cellId, kept);
    this.#grew ||= hasMoreRoom(before?.cell, cellOf(state, kept));
  }
}

function put(kept: Kept, key: string, claim: Claim): void {
  const before = kept.claims.get(key);
  if (before !== undefined) {
    if (areEqual(before, claim)) return;
    drop(kept, key);
  }
  kept.claims.set(key, claim);
  kept.tally.add(claim);
  kept.isOld = true;
}

function drop(kept: Kept, key: string): void {
  const { claims, tally } = kept;
  const claim = claims.get(key);
  if (claim === undefined) return;
  claims.delete(key);
  tally.remove(claim, claims.values());
  kept.isOld = true;
}

/** False for those that keep others from something: there are few. */
function areEqual(a: Claim, b: Claim): boolean {
  const { guid, memoryMb, diskMb, isStarting } = b;
  if (a.keeps !== undefined || b.keeps !== undefined) return false;
  return a.guid === guid && a.memoryMb === memoryMb && a.diskMb === diskMb && a.isStarting === isStarting;
}

function cellOf(state: ClusterState, kept: Kept): AuctionCell {
  if (kept.isOld) kept.cell = auctionCell(state, kept.presence, kept.tally);
  kept.isOld = false;
  return kept.cell;
}

/** Where one of them becomes less, something may fit. */
function totalsOf({ memoryMb, diskMb, containers, startingCount }: Tally): readonly number[] {
  return [memoryMb, diskMb, containers, startingCount];
}

function hasMoreRoom(before: AuctionCell | undefined, after: AuctionCell): boolean {
  if (after.unusable !== undefined) return false;
  if (before === undefined || before.unusable !== undefined) return true;
  const free = (cell: AuctionCell, name: keyof Resources): number => cell.capacity[name] - cell.used[name];
  const hasRoom = resourceNames.some((name) => free(after, name) > free(before, name));
  return hasRoom || after.startingCount < before.startingCount || nature(after) !== nature(before);
}

/** What rules ask of a cell itself: it changes when its agent or engine starts with other settings. */
function nature(cell: AuctionCell): string {
  const { os, arch, labels, requiredTags, optionalTags, volumeDrivers, runtimes, overheadMemoryMb } = cell;
  return JSON.stringify([
    os,
    arch,
    labels,
    requiredTags,
    optionalTags,
    volumeDrivers,
    runtimes,
    overheadMemoryMb,
  ]);
}
