/**
 * Instances of which the same is to be said, said once: thirty that wait for the same memory are one paragraph, not
 * thirty. Used by `skep why` and by the pages of the terminal UI.
 */
import { instanceName } from '../../model/instance-name.ts';
import type { Why } from './routes.ts';

type Instance = Why['instances'][number];

export interface WhyGroup {
  /** `web/3`; of several `web/3-7,12`. */
  readonly name: string;
  /** The first of them; what is said of it holds for all. */
  readonly first: Instance;
  readonly count: number;
}

/** In the order in which the first of each group stands. */
export function whyGroups(instances: readonly Instance[]): readonly WhyGroup[] {
  const groups = new Map<string, [Instance, ...Instance[]]>();
  for (const instance of instances) {
    const key = sayingOf(instance);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [instance]);
    else group.push(instance);
  }
  return [...groups.values()].map((group) => {
    const [first] = group;
    const indexes = group.map(({ actual }) => actual.index);
    return { name: `${first.actual.guid}/${rangesOf(indexes)}`, first, count: group.length };
  });
}

/** All that is said of an instance but its own name, which stands in hints such as `skep logs web/3`. */
function sayingOf({ actual, summary, hint }: Instance): string {
  const name = instanceName(actual.guid, actual.index);
  const words = hint?.split(' ').filter((word) => word !== name);
  return JSON.stringify([actual.state, actual.presence, summary, words]);
}

/** `0-3,7` of 0, 1, 2, 3, 7. */
function rangesOf(indexes: readonly number[]): string {
  const ranges: [from: number, to: number][] = [];
  for (const index of [...indexes].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && index <= last[1] + 1) last[1] = index;
    else ranges.push([index, index]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(',');
}
