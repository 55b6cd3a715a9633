/**
 * The order in which one auction serves its work: the higher priority first; within one, every process's
 * first instance before any task, tasks before further instances, the large before the small. Source:
 * reference/scheduling-and-reliability.md A.3 (without its quirk: first instances go first also when there
 * are no others). Who has to be on the cell of another comes after it.
 */
import { sortSteps } from '../../base/core/sort-steps.ts';
import { allAtOnce } from '../../base/core/steps.ts';
import type { LrpWork, TaskWork, Work } from '../../model/auction.ts';
import type { ProcessGuid } from '../../model/ids.ts';

/** One name for one piece of work, whatever its resources. */
export function workKey(work: Work): string {
  return work.kind === 'lrp' ? `lrp/${work.guid}/${work.index}` : `task/${work.guid}`;
}

/** Tasks have no priority of their own: they are served as LRPs of the default one are. */
const priorityOf = (work: Work): number => (work.kind === 'lrp' ? work.priority : 0);

/** Drops repeats (the first copy stays) and sorts; the order of what comes in does not matter. */
export function orderBatch(work: readonly Work[]): Work[] {
  return allAtOnce(orderBatchSteps(work));
}

/** Work in one step: a few milliseconds of one core. */
const workPerStep = 4_000;

/**
 * The same in short steps.
 * @param isDistinct nothing in it is repeated, which then need not be looked for
 */
export function* orderBatchSteps(work: readonly Work[], isDistinct = false): Generator<void, Work[]> {
  const seen = new Set<string>();
  let taken = 0;
  const byPriority = new Map<number, { lrps: LrpWork[]; tasks: TaskWork[] }>();
  const followers = new Map<ProcessGuid, ProcessGuid>();
  for (const item of work) {
    if (!isDistinct && isRepeat(seen, item)) continue;
    taken += 1;
    if (taken % workPerStep === 0) yield;
    const priority = priorityOf(item);
    let level = byPriority.get(priority);
    if (level === undefined) byPriority.set(priority, (level = { lrps: [], tasks: [] }));
    if (item.kind === 'task') level.tasks.push(item);
    else {
      level.lrps.push(item);
      if (item.rules.sameCellAs !== undefined) followers.set(item.guid, item.rules.sameCellAs);
    }
  }
  const levels = [...byPriority].sort(([a], [b]) => b - a);
  const ordered: Work[][] = [];
  for (const [, { lrps, tasks }] of levels) ordered.push(yield* orderLevel(lrps, tasks, followers));
  return ordered.flat();
}

function isRepeat(seen: Set<string>, item: Work): boolean {
  const { size } = seen;
  return seen.add(workKey(item)).size === size;
}

function* orderLevel(
  unordered: readonly LrpWork[],
  tasks: TaskWork[],
  followers: ReadonlyMap<ProcessGuid, ProcessGuid>,
): Generator<void, Work[]> {
  const depth = (item: LrpWork): number => (followers.size === 0 ? 0 : depthOf(item.guid, followers));
  const lrps = yield* sortSteps(unordered, (a, b) => {
    return a.index - b.index || depth(a) - depth(b) || byMemory(a, b);
  });
  tasks.sort(byMemory);
  const split = lrps.findIndex((item) => item.index > 0);
  const firstCount = split === -1 ? lrps.length : split;
  return [...lrps.slice(0, firstCount), ...tasks, ...lrps.slice(firstCount)];
}

/** How many processes it goes after, one after the other; those that follow each other in a ring come last. */
function depthOf(guid: ProcessGuid, followers: ReadonlyMap<ProcessGuid, ProcessGuid>): number {
  let depth = 0;
  for (let at = followers.get(guid); at !== undefined && depth <= followers.size; at = followers.get(at)) {
    depth += 1;
  }
  return depth;
}

function byMemory(a: Work, b: Work): number {
  return b.resources.memoryMb - a.resources.memoryMb || (a.guid < b.guid ? -1 : a.guid > b.guid ? 1 : 0);
}
