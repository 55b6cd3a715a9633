/**
 * The order in which one auction serves its work: every process's first instance before any task, tasks
 * before further instances, the large before the small. Source: reference/scheduling-and-reliability.md A.3
 * (without its quirk: first instances go first also when there are no others).
 */
import type { LrpWork, TaskWork, Work } from '../../model/auction.ts';

export interface Batch {
  /** Index 0 of each LRP, largest memory first. */
  readonly first: readonly LrpWork[];
  /** Largest memory first. */
  readonly tasks: readonly TaskWork[];
  /** By index, then largest memory first. */
  readonly rest: readonly LrpWork[];
}

/** One name for one piece of work, whatever its resources. */
export function workKey(work: Work): string {
  return work.kind === 'lrp' ? `lrp/${work.guid}/${work.index}` : `task/${work.guid}`;
}

/** Drops repeats (the first copy stays) and sorts; the order of what comes in does not matter. */
export function orderBatch(work: readonly Work[]): Batch {
  const seen = new Set<string>();
  const lrps: LrpWork[] = [];
  const tasks: TaskWork[] = [];
  for (const item of work) {
    const key = workKey(item);
    if (seen.has(key)) continue;
    seen.add(key);
    if (item.kind === 'lrp') lrps.push(item);
    else tasks.push(item);
  }
  lrps.sort((a, b) => a.index - b.index || byMemory(a, b));
  tasks.sort(byMemory);
  const split = lrps.findIndex((item) => item.index > 0);
  const firstCount = split === -1 ? lrps.length : split;
  return { first: lrps.slice(0, firstCount), tasks, rest: lrps.slice(firstCount) };
}

function byMemory(a: Work, b: Work): number {
  return b.resources.memoryMb - a.resources.memoryMb || (a.guid < b.guid ? -1 : a.guid > b.guid ? 1 : 0);
}
