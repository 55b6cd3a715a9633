/**
 * Long computations in short steps: a generator that yields between two of them. Its shell runs some, lets the server
 * do its other work, and goes on (`inSlices` of base/slices.ts); who has the time runs them all at once.
 */
export function allAtOnce<T>(steps: Generator<void, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Items in one step: a few milliseconds of one core. */
const itemsPerStep = 2_000;

/** `map` of long lists in short steps. */
export function* mapSteps<T, U>(items: readonly T[], map: (item: T) => U): Generator<void, U[]> {
  const mapped: U[] = [];
  for (const item of items) {
    mapped.push(map(item));
    if (mapped.length % itemsPerStep === 0) yield;
  }
  return mapped;
}
