/** What was measured lately, one value a sample, oldest first: what charts and sparklines are drawn of. */

/** Two minutes at a sample every two seconds; more than any chart here is wide. */
export const historyMax = 120;

export type History<K extends string> = Readonly<Record<K, readonly number[]>>;

/** With one more sample; the oldest goes when there are too many. */
export function withSample<K extends string>(
  history: History<K>,
  sample: Readonly<Record<K, number>>,
): History<K> {
  const next: Record<string, readonly number[]> = {};
  for (const [key, value] of Object.entries<number>(sample))
    next[key] = [...(history[key as K] ?? []), value].slice(-historyMax);
  return next as History<K>;
}
