/**
 * "No container starts or stops without a cause": each start and each end that the engines told is laid to a change
 * that somebody asked for, to a cell that the run took away, or to a container that it killed. Called by check.ts.
 */
import type { EngineEvent, Evidence, Kill, Loss, Write } from './evidence.ts';

/** A cell counts as lost when its lease of 6 s has run out; what stops on it before is no loss. */
const lossAfterMs = 3_000;
/** After a cell is back, what was replaced meanwhile is stopped there. */
const afterReturnMs = 30_000;
/** A stop that was asked for comes within this time. */
const stopWithinMs = 60_000;

export interface ContainersFound {
  readonly violations: readonly string[];
  readonly starts: number;
  readonly ends: number;
  /** Starts of an index that ran before, whatever the cause. */
  readonly restarts: number;
}

/** @param evidence whose events are in order of time for each host */
export function causeless(evidence: Evidence): ContainersFound {
  const lrps = evidence.events.filter(({ kind }) => kind === 'lrp');
  const ordered = [...lrps].sort((a, b) => a.at - b.at);
  const byIndex = Map.groupBy(ordered, ({ guid, index }) => `${guid}/${index}`);
  const violations: string[] = [];
  let restarts = 0;
  for (const [name, events] of byIndex) {
    const judge = judgeOf(name, evidence);
    for (const event of events) {
      const found = judge(event);
      if (found !== undefined) violations.push(found);
    }
    restarts += Math.max(0, events.filter(({ action }) => action === 'start').length - 1);
  }
  const starts = lrps.filter(({ action }) => action === 'start').length;
  return { violations, starts, ends: lrps.length - starts, restarts };
}

/** Judges the events of one index in turn; what is wrong with one, or undefined. */
function judgeOf(
  name: string,
  { writes, losses, kills }: Evidence,
): (event: EngineEvent) => string | undefined {
  const alive = new Map<string, EngineEvent>();
  let last: EngineEvent | undefined;
  const others = (at: number): EngineEvent[] =>
    [...alive.values()].filter((other) => !wentOff(losses, other, at));
  const start = (event: EngineEvent, when: string): string | undefined => {
    const beside = others(event.at).find((other) => !isLost(losses, other.host, event.at));
    alive.set(event.containerId, event);
    last = event;
    return beside && `${name} started on ${event.host} at ${when} while it runs on ${beside.host}`;
  };
  const end = (event: EngineEvent, when: string): string | undefined => {
    const wasKnown = alive.delete(event.containerId);
    const wasReplaced = last !== undefined && last.containerId !== event.containerId;
    if (!wasKnown || wasReplaced || wasKilled(kills, event) || isLost(losses, event.host, event.at))
      return undefined;
    // The one it was to replace has come back in time and is kept.
    if (others(event.at).some(({ host }) => isLost(losses, host, event.at))) return undefined;
    if (wasAskedFor(writes, event)) return undefined;
    return `${name} ended on ${event.host} at ${when} without a cause`;
  };
  return (event) => {
    const when = new Date(event.at).toISOString().slice(11, 23);
    return event.action === 'start' ? start(event, when) : end(event, when);
  };
}

const wentOff = (losses: readonly Loss[], container: EngineEvent, at: number): boolean =>
  losses.some(
    ({ host, isOff, from }) => isOff && host === container.host && container.at <= from && from <= at,
  );

const wasKilled = (kills: readonly Kill[], event: EngineEvent): boolean =>
  kills.some(({ containerId, at }) => containerId === event.containerId && at <= event.at + 100);

function isLost(losses: readonly Loss[], host: string, at: number): boolean {
  return losses.some(({ host: lost, from, to = Number.POSITIVE_INFINITY }) => {
    const wasLong = to - from >= lossAfterMs;
    return lost === host && wasLong && at >= from + lossAfterMs && at <= to + afterReturnMs;
  });
}

/** Somebody asked for fewer instances, and was answered or not: of late, or nothing else since. */
function wasAskedFor(writes: readonly Write[], { guid, index, at }: EngineEvent): boolean {
  const before = writes.filter(
    (write) =>
      write.guid === guid && write.kind === 'lrp' && write.outcome !== 'refused' && write.askedAt <= at,
  );
  return before.some(
    (write) =>
      (write.instances ?? 0) <= index && (write === before.at(-1) || at - write.askedAt <= stopWithinMs),
  );
}
