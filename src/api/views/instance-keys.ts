/** Keys of the rows of instances, and which of them a batch of changes touches. Part of instances.ts. */
import type { CellId, ProcessGuid } from '../../model/ids.ts';
import type { ActualSlot } from '../../store/core/keys.ts';
import type { ActualSlots, ClusterState, Touched } from '../../store/core/state.ts';
import { RosterChanges } from './roster-changes.ts';
import { type Labels, labelText, noLabels, type Scope } from './source.ts';

const slots: readonly ActualSlot[] = ['ordinary', 'suspect', 'evacuating'];

/** `web/2`, `web/2/suspect`, `web/2/evacuating`. */
function keyOf(guid: string, index: number, slot: ActualSlot): string {
  return slot === 'ordinary' ? `${guid}/${index}` : `${guid}/${index}/${slot}`;
}

function* keysOfLrp(guid: string, indexes: ReadonlyMap<number, ActualSlots> | undefined): Generator<string> {
  for (const [index, held] of indexes ?? []) {
    for (const slot of slots) if (held[slot] !== undefined) yield keyOf(guid, index, slot);
  }
}

function* claimsOn(state: ClusterState, cell: string): Generator<string> {
  for (const ref of state.claimsByCell.get(cell as CellId)?.values() ?? []) {
    yield keyOf(ref.guid, ref.index, ref.slot);
  }
}

/** Remembers what it must to tell what else a change touches; one a population. */
export class InstanceKeys {
  readonly #roster = new RosterChanges();
  /** Labels are the LRP's: those that somebody filtered by, as text, to see when they are others. */
  readonly #asked = new Map<ProcessGuid, string>();
  /** Rows beside the ordinary ones: of an index that is touched only those that there are or were are looked at. */
  readonly #extras = new Set<string>();

  *all(state: ClusterState, { guid, cell }: Scope): Generator<string> {
    if (guid !== undefined) yield* keysOfLrp(guid, state.actual.get(guid as ProcessGuid));
    else if (cell !== undefined) yield* claimsOn(state, cell);
    else for (const [each, indexes] of state.actual) yield* keysOfLrp(each, indexes);
  }

  *touched(touched: Touched, state: ClusterState, { guid: only }: Scope): Generator<string> {
    for (const [guid, indexes] of touched.lrps) {
      if (only !== undefined && guid !== only) continue;
      if (indexes.has(-1)) yield* this.#changedLabels(state, guid);
      for (const index of indexes) if (index >= 0) yield* this.#records(state, guid, index);
    }
    // The zone in a row is that of its cell.
    for (const cellId of touched.cells) yield* claimsOn(state, cellId);
    for (const cellId of this.#roster.after(state)) yield* claimsOn(state, cellId);
  }

  /** A row of a suspect or evacuating record is shown. */
  noteExtra(key: string): void {
    this.#extras.add(key);
  }

  /** For a filter: from now on the rows of the LRP are touched when its labels change. */
  labelsOf(state: ClusterState, guid: ProcessGuid): Labels {
    const labels = labelsNow(state, guid);
    this.#asked.set(guid, labelText(labels));
    return labels;
  }

  *#records(state: ClusterState, guid: ProcessGuid, index: number): Generator<string> {
    const held = state.actual.get(guid)?.get(index);
    yield keyOf(guid, index, 'ordinary');
    for (const slot of ['suspect', 'evacuating'] as const) {
      if (held?.[slot] === undefined && this.#extras.size === 0) continue;
      const key = keyOf(guid, index, slot);
      if (this.#extras.delete(key) || held?.[slot] !== undefined) yield key;
    }
  }

  *#changedLabels(state: ClusterState, guid: ProcessGuid): Generator<string> {
    const before = this.#asked.get(guid);
    if (before === undefined || before === labelText(labelsNow(state, guid))) return;
    this.#asked.delete(guid);
    yield* keysOfLrp(guid, state.actual.get(guid));
  }
}

const labelsNow = (state: ClusterState, guid: ProcessGuid): Labels =>
  state.desired.get(guid)?.value.labels ?? noLabels;
