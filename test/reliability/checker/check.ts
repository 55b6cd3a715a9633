/** Everything that a run is held to once it is over, as one list. Called by the run after each row. */
import { lostWrites } from './acknowledged.ts';
import { doubleClaims } from './claims.ts';
import { causeless } from './containers.ts';
import type { Evidence } from './evidence.ts';
import { repeatedTasks } from './tasks.ts';

export interface Verdict {
  readonly violations: readonly string[];
  readonly acknowledged: number;
  readonly unsure: number;
  readonly checkedRevisions: number;
  readonly starts: number;
  readonly ends: number;
  readonly restarts: number;
  readonly tasks: number;
}

/** @param marks how often each task said that it ran */
export function check(evidence: Evidence, marks: ReadonlyMap<string, number>): Verdict {
  const { writes, history, events } = evidence;
  const claims = doubleClaims(history);
  const containers = causeless(evidence);
  const count = (outcome: string): number => writes.filter((write) => write.outcome === outcome).length;
  return {
    violations: [
      ...history.faults,
      ...lostWrites(writes, history),
      ...claims.violations,
      ...containers.violations,
      ...repeatedTasks(events, marks),
    ],
    acknowledged: count('acknowledged'),
    unsure: count('unsure'),
    checkedRevisions: claims.checkedRevisions,
    starts: containers.starts,
    ends: containers.ends,
    restarts: containers.restarts,
    tasks: marks.size,
  };
}
