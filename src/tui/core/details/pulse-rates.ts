/**
 * How much happens a second, told by the journal: for the pulses page. Events are counted in the second in which they
 * happened, so a feed that begins late or comes in bursts draws the same picture.
 */
import type { EventType, JournalEvent } from '../../../model/event.ts';
import type { Role } from '../theme.ts';

export type Rate = 'placed' | 'started' | 'crashed' | 'unplaced' | 'rejected';

/** In the order they are shown. */
export const rates: readonly {
  readonly rate: Rate;
  readonly text: string;
  readonly type: EventType;
  readonly role: Role;
}[] = [
  { rate: 'crashed', text: 'crashed', type: 'instance.crashed', role: 'bad' },
  { rate: 'unplaced', text: 'no place', type: 'instance.unplaced', role: 'warn' },
  { rate: 'rejected', text: 'rejected', type: 'task.rejected', role: 'warn' },
  { rate: 'placed', text: 'placed', type: 'instance.placed', role: 'chart1' },
  { rate: 'started', text: 'started', type: 'instance.running', role: 'chart2' },
];

/** Seconds that are kept: as many as the widest chart shows. */
export const secondsMax = 180;

export interface RateCounts {
  /** By second since the epoch, oldest first; seconds in which nothing happened are left out. */
  readonly seconds: ReadonlyMap<number, Readonly<Partial<Record<Rate, number>>>>;
  /** The first second that is known of whole; before it something may be missing. */
  readonly since: number | undefined;
}

export const noRates: RateCounts = { seconds: new Map(), since: undefined };

/** A first batch of so many has a past that was not sent. */
const firstBatch = 50;

export function withRates(counts: RateCounts, events: readonly JournalEvent[]): RateCounts {
  const seconds = new Map(counts.seconds);
  for (const event of events) {
    const rate = rates.find(({ type }) => type === event.type)?.rate;
    if (rate === undefined) continue;
    const second = Math.floor(event.at / 1_000);
    const before = seconds.get(second) ?? {};
    seconds.set(second, { ...before, [rate]: (before[rate] ?? 0) + instancesOf(event) });
  }
  const newest = Math.max(0, ...seconds.keys());
  for (const second of seconds.keys()) if (second <= newest - secondsMax) seconds.delete(second);
  return { seconds, since: counts.since ?? sinceOf(events) };
}

function sinceOf(events: readonly JournalEvent[]): number {
  if (events.length < firstBatch) return 0;
  return (
    Math.floor(events.reduce((least, { at }) => Math.min(least, at), Number.MAX_SAFE_INTEGER) / 1_000) + 1
  );
}

/** The journal writes one line for all instances of an LRP that were placed together: `12 instances (0-11) placed …`. */
const instancesOf = ({ message }: JournalEvent): number =>
  Number(/^(\d{1,6}) instances/.exec(message)?.[1] ?? 1);

/** One value a second up to now, oldest first. */
export function rateSeries(
  { seconds }: RateCounts,
  rate: Rate,
  now: number,
  count: number,
): readonly number[] {
  const last = Math.floor(now / 1_000);
  return Array.from({ length: count }, (_, at) => seconds.get(last - count + 1 + at)?.[rate] ?? 0);
}

/** How many of the last sixty seconds are known of; all of them when it is not known what is missing. */
export function knownSeconds({ since }: RateCounts, now: number): number {
  const span = Math.floor(now / 1_000) - (since ?? 0) + 1;
  return Math.max(1, Math.min(60, span));
}
