/** Spans of time, and how often, as people say them. */

const units: readonly (readonly [ms: number, word: string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
];

/** `3 s`, `5 min`, `2 h`, `4 d`: the largest unit that fits, rounded down; never negative. */
export function spanOf(ms: number): string {
  const [size, word] = units.find(([unitMs]) => ms >= unitMs) ?? [1_000, 's'];
  return `${Math.max(0, Math.floor(ms / size))} ${word}`;
}

/** `once`, `3 times`. */
export function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}
