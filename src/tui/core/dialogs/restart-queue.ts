/**
 * Which instances a restart still has to do: ranges of indexes, so that an LRP of 100,000 instances costs as much as one
 * of two. For restart-dialog.ts, which makes it, and restart-progress.ts, which takes from it.
 */
import type { ProcessGuid } from '../../../model/ids.ts';
import type { Target } from '../subject.ts';
import { countOf, guidOf } from './targets.ts';

export interface RestartItem {
  readonly guid: ProcessGuid;
  readonly index: number;
}

/** Indexes from `from` to before `to`. */
export interface RestartRange {
  readonly guid: ProcessGuid;
  readonly from: number;
  /** Undefined: all there are, and how many that is has to be asked. */
  readonly to?: number | undefined;
}

/** What was chosen: one instance, or all of an LRP as its row counted them; named in a command, nobody has counted. */
export function rangesOf(targets: readonly Target[]): readonly RestartRange[] {
  return targets.map((target) => {
    const { subject } = target;
    const guid = guidOf(subject);
    if (subject.kind === 'instance') return { guid, from: subject.index, to: subject.index + 1 };
    return { guid, from: 0, to: countOf(target, 'desired') };
  });
}

/** How many instances; undefined while one of them is not counted. */
export function totalOf(ranges: readonly RestartRange[]): number | undefined {
  return ranges.reduce<number | undefined>(
    (sum, { from, to }) => (sum === undefined || to === undefined ? undefined : sum + Math.max(0, to - from)),
    0,
  );
}

/** The LRP that has to be counted next. */
export const uncounted = (ranges: readonly RestartRange[]): ProcessGuid | undefined =>
  ranges.find(({ to }) => to === undefined)?.guid;

export function counted(
  ranges: readonly RestartRange[],
  guid: ProcessGuid,
  instances: number,
): readonly RestartRange[] {
  return ranges.map((range) =>
    range.guid === guid && range.to === undefined ? { ...range, to: instances } : range,
  );
}

/** At most so many of the first, and what is left. Nothing is taken from what is not counted. */
export function takeItems(
  ranges: readonly RestartRange[],
  count: number,
): { readonly items: readonly RestartItem[]; readonly rest: readonly RestartRange[] } {
  const items: RestartItem[] = [];
  const rest: RestartRange[] = [];
  for (const range of ranges) {
    const { guid, to } = range;
    let { from } = range;
    for (; to !== undefined && from < to && items.length < count; from += 1)
      items.push({ guid, index: from });
    if (to === undefined || from < to) rest.push({ ...range, from });
  }
  return { items, rest };
}
