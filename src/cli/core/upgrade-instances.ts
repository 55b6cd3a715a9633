/**
 * What became of a host's instances while the host got another release: they should have run on, in the same containers.
 * What somebody stopped, moved or changed meanwhile is no trouble; what was started anew is. Pure; asked by
 * upgrade/host.ts with what it saw before and after.
 */
import type { ActualLrp } from '../../model/actual-lrp.ts';
import { instanceName } from '../../model/instance-name.ts';

export interface InstancesSeen {
  /** Those that ran on the host before; ordinary ones. */
  readonly before: readonly ActualLrp[];
  /** Every record, of any cell, of the same indexes. */
  readonly after: readonly ActualLrp[];
  /** Generations of the LRPs, by guid. One that is gone afterwards is not in the second. */
  readonly generationsBefore: ReadonlyMap<string, number>;
  readonly generationsAfter: ReadonlyMap<string, number>;
  /** Somebody drains the host: what leaves it leaves on purpose. */
  readonly isDrained: boolean;
}

export interface InstancesFate {
  readonly ranOn: number;
  /** Started anew though nobody asked for it: `web/1 (container vanished)`. */
  readonly restarted: readonly string[];
  /** What is not decided yet: to be looked at again. */
  readonly undecided: string | undefined;
}

type Fate =
  | { readonly kind: 'ranOn' | 'left' }
  | { readonly kind: 'restarted' | 'undecided'; readonly why: string };

const left: Fate = { kind: 'left' };

export function instancesFate(seen: InstancesSeen): InstancesFate {
  const fates = seen.before.map((before) => ({
    name: instanceName(before.guid, before.index),
    fate: fateOf(before, seen),
  }));
  const of = (kind: 'restarted' | 'undecided'): string[] =>
    fates.flatMap(({ name, fate }) => (fate.kind === kind ? [`${name} (${fate.why})`] : []));
  return {
    ranOn: fates.filter(({ fate }) => fate.kind === 'ranOn').length,
    restarted: of('restarted'),
    undecided: of('undecided')[0],
  };
}

function fateOf(before: ActualLrp, seen: InstancesSeen): Fate {
  const rows = seen.after.filter(({ guid, index }) => guid === before.guid && index === before.index);
  const same = rows.find(({ instanceGuid }) => instanceGuid === before.instanceGuid);
  if (same !== undefined) return fateOfSame(before, same);
  const ordinary = rows.find(({ presence }) => presence === 'ORDINARY');
  const generation = seen.generationsAfter.get(before.guid);
  const isAsBefore = generation === seen.generationsBefore.get(before.guid);
  if (ordinary === undefined || generation === undefined || !isAsBefore || seen.isDrained) return left;
  if (ordinary.state === 'CRASHED' || ordinary.crashCount > before.crashCount) {
    return { kind: 'restarted', why: ordinary.crashReason ?? 'it crashed' };
  }
  const where = ordinary.cellId === undefined ? 'has no place yet' : `another one is on ${ordinary.cellId}`;
  return { kind: 'restarted', why: `${where}: was the host away for longer than its lease?` };
}

function fateOfSame(before: ActualLrp, same: ActualLrp): Fate {
  if (same.retire !== undefined || same.presence === 'EVACUATING') return left;
  if (same.presence === 'SUSPECT') return { kind: 'undecided', why: 'suspect: its host was away' };
  if (same.state !== 'RUNNING') return { kind: 'undecided', why: same.state.toLowerCase() };
  if (same.containerId === before.containerId) return { kind: 'ranOn' };
  return { kind: 'restarted', why: same.crashReason ?? 'it is in another container' };
}
