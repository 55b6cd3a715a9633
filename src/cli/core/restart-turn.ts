/**
 * What is next for one instance that `skep restart` replaces, from its record as it is now. Pure; asked by
 * src/cli/restart-lrp.ts after each change and each half second.
 */
import type { ActualLrp } from '../../model/actual-lrp.ts';
import type { Millis } from '../../model/ids.ts';

export interface Turn {
  readonly index: number;
  /** The container that is to go, '' for a record without one; absent until it was asked to stop. */
  readonly before?: string | undefined;
  /** The stop failed in a way that may pass. */
  readonly isRefused?: boolean;
  readonly since: Millis;
  /** The successor, and since when it has been seen up. */
  readonly back?: { readonly instanceGuid: string; readonly at: Millis } | undefined;
}

export type Step =
  | { readonly kind: 'wait'; readonly turn: Turn }
  | { readonly kind: 'retire'; readonly turn: Turn }
  | { readonly kind: 'done' }
  /** There is nothing to replace: it has no place, or is not wanted any more. */
  | { readonly kind: 'skip' }
  | { readonly kind: 'fail'; readonly because: 'crashed' | 'late' };

export interface Limits {
  /** How long one instance may take. */
  readonly timeoutMs: number;
  /** How long the successor must stay up before it counts. */
  readonly steadyMs: number;
}

/** @param record the ordinary one of its index; undefined while there is none */
export function stepOf(turn: Turn, record: ActualLrp | undefined, limits: Limits, now: Millis): Step {
  const { before, back } = turn;
  if (before === undefined) {
    if (record === undefined || record.state === 'UNCLAIMED') return { kind: 'skip' };
    return { kind: 'retire', turn: { ...turn, before: record.instanceGuid ?? '' } };
  }
  if (now - turn.since >= limits.timeoutMs) return { kind: 'fail', because: 'late' };
  if (record === undefined) return { kind: 'wait', turn };
  const instanceGuid = record.instanceGuid ?? '';
  const isStill = instanceGuid === before && record.retire === undefined;
  if (turn.isRefused === true && isStill) return { kind: 'retire', turn: { ...turn, isRefused: false } };
  // A crash of the old one is no news: it is being replaced.
  if (record.state === 'CRASHED' && record.since > turn.since) return { kind: 'fail', because: 'crashed' };
  if (!isBack(record, before)) return { kind: 'wait', turn: { ...turn, back: undefined } };
  const since = back?.instanceGuid === instanceGuid ? back : { instanceGuid, at: now };
  return now - since.at >= limits.steadyMs
    ? { kind: 'done' }
    : { kind: 'wait', turn: { ...turn, back: since } };
}

const isBack = ({ state, routable, retire, instanceGuid }: ActualLrp, before: string): boolean =>
  state === 'RUNNING' && routable && retire === undefined && instanceGuid !== before;
