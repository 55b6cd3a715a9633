/**
 * Generated clusters, and what the brain's own pure functions do to them when something happens: what plans are
 * held against.
 */
import { intBetween, type Rng, seededRng } from '../../src/base/core/rng.ts';
import type { ActualLrp } from '../../src/model/actual-lrp.ts';
import type { CellPresence } from '../../src/model/cell.ts';
import type { DesiredLrp } from '../../src/model/desired-lrp.ts';
import type { CellId, ProcessGuid } from '../../src/model/ids.ts';
import { auction } from '../../src/scheduler/core/auction.ts';
import { converge } from '../../src/scheduler/core/converge.ts';
import { decisionMutation } from '../../src/scheduler/core/mutations.ts';
import { settledOptions } from '../../src/scheduler/core/plan-cells.ts';
import { fullScope } from '../../src/scheduler/core/scope.ts';
import { auctionCells } from '../../src/scheduler/core/usage.ts';
import { encode } from '../../src/store/core/codec.ts';
import { MutableState } from '../../src/store/core/fold.ts';
import { cellSpecKey, desiredKey, presenceKey } from '../../src/store/core/keys.ts';
import type { Change } from '../../src/store/core/records.ts';
import { buildActual, buildCell, buildDesired, builtAt, clusterRecords } from './builders.ts';

/** Six cells in three zones, five LRPs, most of them placed; tight for some seeds. */
export function crowd(seed: number): MutableState {
  return shuffledCrowd(seed, 0);
}

/** The same cluster with its records in another order. */
export function shuffledCrowd(seed: number, order: number): MutableState {
  const records = clusterRecords(generate(seededRng(seed)));
  const rotated = [...records.slice(order), ...records.slice(0, order)];
  const state = new MutableState();
  const stored = rotated.map(([key, value], index) => ({ key, value, revision: index + 1 }));
  state.replace({ revision: stored.length, records: stored });
  return state;
}

function generate(rng: Rng) {
  const cells: CellPresence[] = Array.from({ length: 6 }, (_, index) =>
    buildCell(`c${index}`, {
      zone: `z${index % 3}`,
      capacity: { memoryMb: 100 * intBetween(rng, 6, 14), containers: intBetween(rng, 6, 12) },
    }),
  );
  const desired: DesiredLrp[] = [];
  const actual: ActualLrp[] = [];
  for (let lrp = 0; lrp < 5; lrp++) {
    const guid = `lrp-${lrp}`;
    const instances = intBetween(rng, 1, 6);
    desired.push(buildDesired({ guid, instances, memoryMb: 50 * intBetween(rng, 1, 4) }));
    for (let index = 0; index < instances; index++) {
      const cellId = `c${intBetween(rng, 0, 5)}`;
      const state = rng.next() < 0.8 ? 'RUNNING' : 'CLAIMED';
      actual.push(buildActual({ guid, index, cellId, state }));
    }
  }
  return { cells, desired, actual };
}

export interface Happening {
  readonly lose?: readonly CellId[];
  readonly drain?: readonly CellId[];
  readonly scale?: { readonly guid: ProcessGuid; readonly instances: number };
}

export interface WentWhere {
  readonly placed: readonly string[];
  readonly unplaced: readonly string[];
}

/** Makes it happen to the state itself, converges until nothing is left to decide, and holds one auction. */
export function brainWould(state: MutableState, happening: Happening): WentWhere {
  apply(state, changesOf(state, happening));
  let unique = 0;
  const context = { now: builtAt + 1, unique: () => `u${unique++}` };
  for (let round = 0; round < 10; round++) {
    const { decisions, work } = converge({ state, scope: fullScope(), now: context.now });
    if (decisions.length === 0 || round === 9) {
      const result = auction(auctionCells(state), work, settledOptions(state));
      return {
        placed: result.placements.map(({ work: item, cellId }) => `${nameOf(item)} ${cellId}`).sort(),
        unplaced: result.unplaced.map(({ work: item }) => nameOf(item)).sort(),
      };
    }
    for (const decision of decisions) {
      const { puts, deletes = [] } = decisionMutation(decision, context);
      apply(state, [
        ...deletes.map((key) => [key, undefined] as const),
        ...puts.map(({ key, value }) => [key, value] as const),
      ]);
    }
  }
  throw new Error('it did not converge');
}

const nameOf = (work: { readonly guid: string; readonly index?: number }): string =>
  `${work.guid}/${work.index ?? ''}`;

type Text = readonly [key: string, value: string | undefined];

function apply(state: MutableState, texts: readonly Text[]): void {
  const revision = state.revision + 1;
  const changes = texts.map(
    ([key, value]): Change => ({ key, record: value === undefined ? undefined : { key, value, revision } }),
  );
  state.apply(changes, revision);
}

function changesOf(state: MutableState, { lose = [], drain = [], scale }: Happening): Text[] {
  const texts: Text[] = lose.map((cellId) => [presenceKey(cellId), undefined]);
  for (const cellId of drain) {
    const by = { by: 'test', at: builtAt, reason: '' };
    texts.push([cellSpecKey(cellId), encode({ v: 1, cellId, cordon: by, drain: { ...by, force: false } })]);
  }
  const desired = scale === undefined ? undefined : state.desired.get(scale.guid)?.value;
  if (scale !== undefined && desired !== undefined) {
    texts.push([desiredKey(scale.guid), encode({ ...desired, instances: scale.instances })]);
  }
  return texts;
}
