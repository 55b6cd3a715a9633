/**
 * What `run` and `scale` wait for and what they say meanwhile: from the instances of an LRP as they are now
 * to a verdict and to lines. Pure; used by follow-progress.ts.
 */
import type { ActualLrp } from '../../model/actual-lrp.ts';
import { instanceName } from '../../model/instance-name.ts';
import { escapeText } from './escape.ts';
import { plural } from './format.ts';

/** How long a refused placement must last before it is the answer. */
export const settleMs = 3_000;

/**
 * How long instances that no check asks must stay up before they count as up: what exits at once has started, too. An
 * engine that was slow to start them is as slow to tell that one has ended.
 */
export function steadyMs(startTookMs: number): number {
  return Math.min(Math.max(startTookMs / 2, 1_000), 5_000);
}

/** The containers behind the instances, told apart from those that take their place after a crash. */
export function containersOf(seen: Seen): string {
  return seen.instances.map(({ instanceGuid, since }) => `${instanceGuid}@${since}`).join(' ');
}

export type Verdict =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'done' }
  /** An instance gave up restarting at once. */
  | { readonly kind: 'crashed'; readonly lines: readonly string[] }
  /** Everything that can run does; the rest has no place. */
  | { readonly kind: 'unplaced'; readonly lines: readonly string[] };

export interface Seen {
  readonly wanted: number;
  /** All records of the LRP. */
  readonly instances: readonly ActualLrp[];
}

const isReady = (lrp: ActualLrp): boolean => lrp.state === 'RUNNING' && lrp.routable;

/** Ordinary instances by index. */
function byIndex(seen: Seen): Map<number, ActualLrp> {
  const ordinary = seen.instances.filter((lrp) => lrp.presence === 'ORDINARY');
  return new Map(ordinary.map((lrp) => [lrp.index, lrp]));
}

/**
 * Whether what was asked for is true.
 * @param unplacedForMs how long some instance has been without a place, 0 if none is
 */
export function judge(seen: Seen, unplacedForMs: number): Verdict {
  const instances = byIndex(seen);
  const wanted = Array.from({ length: seen.wanted }, (_, index) => instances.get(index));
  const extra = seen.instances.filter((lrp) => lrp.index >= seen.wanted);
  const crashed = wanted.filter((lrp) => lrp?.state === 'CRASHED');
  if (crashed.length > 0)
    return { kind: 'crashed', lines: crashed.flatMap((lrp) => (lrp ? [describe(lrp)] : [])) };
  if (extra.length === 0 && wanted.every((lrp) => lrp !== undefined && isReady(lrp))) return { kind: 'done' };
  const unplaced = wanted.filter((lrp) => lrp !== undefined && isUnplaced(lrp));
  const isSettled = wanted.every((lrp) => lrp !== undefined && (isReady(lrp) || isUnplaced(lrp)));
  if (unplaced.length === 0 || !isSettled || unplacedForMs < settleMs) return { kind: 'waiting' };
  return { kind: 'unplaced', lines: unplaced.flatMap((lrp) => (lrp ? [describe(lrp)] : [])) };
}

/** An UNCLAIMED instance that the auction refused. */
export function isUnplaced(lrp: ActualLrp): boolean {
  return lrp.presence === 'ORDINARY' && lrp.state === 'UNCLAIMED' && lrp.placementError !== undefined;
}

/** One instance in one line: what it does, where, and why it does not do more. */
export function describe(lrp: ActualLrp): string {
  const name = instanceName(lrp.guid, lrp.index);
  const cell = lrp.cellId ?? 'a cell';
  if (lrp.retire !== undefined) return `${name} is stopping on ${cell}: ${escapeText(lrp.retire.reason)}`;
  switch (lrp.state) {
    case 'UNCLAIMED':
      return describeUnclaimed(lrp, name);
    case 'CLAIMED':
      return `${name} is starting on ${cell}${afterCrash(lrp)}`;
    case 'RUNNING':
      return `${name} is ${lrp.routable ? 'running' : 'running, not ready yet,'} on ${cell}${address(lrp)}${failing(lrp)}`;
    case 'CRASHED':
      return `${name} crashed ${plural(lrp.crashCount, 'time')}: ${escapeText(lrp.crashReason ?? 'no reason is known')}`;
  }
}

function describeUnclaimed(lrp: ActualLrp, name: string): string {
  const refusal = lrp.placementError;
  if (refusal === undefined) return `${name} waits for a place${afterCrash(lrp)}`;
  const nearest =
    refusal.nearest === undefined
      ? ''
      : `; nearest: ${refusal.nearest.cellId} lacks ${escapeText(refusal.nearest.lacks)}`;
  return `${name} cannot be placed: ${escapeText(refusal.message)}${nearest}`;
}

function afterCrash(lrp: ActualLrp): string {
  if (lrp.crashCount === 0) return '';
  return ` after ${plural(lrp.crashCount, 'crash').replace(/crashs$/, 'crashes')} (${escapeText(lrp.crashReason ?? '')})`;
}

function address(lrp: ActualLrp): string {
  const port = lrp.netInfo?.ports[0];
  return port === undefined ? '' : ` at ${escapeText(lrp.netInfo?.address ?? '')}:${port.hostPort}`;
}

function failing(lrp: ActualLrp): string {
  return lrp.routable || lrp.checkOutput === undefined ? '' : `: ${escapeText(lrp.checkOutput)}`;
}

/** `web: 2 of 3 ready, 1 starting`. */
export function summarize(name: string, seen: Seen): string {
  const instances = [...byIndex(seen).values()];
  const inside = instances.filter((lrp) => lrp.index < seen.wanted);
  const parts = [`${inside.filter(isReady).length} of ${seen.wanted} ready`];
  const count = (what: string, matches: (lrp: ActualLrp) => boolean): void => {
    const found = inside.filter(matches).length;
    if (found > 0) parts.push(`${found} ${what}`);
  };
  count('not ready yet', (lrp) => lrp.state === 'RUNNING' && !lrp.routable);
  count('starting', (lrp) => lrp.state === 'CLAIMED');
  count('without a place', isUnplaced);
  count('waiting', (lrp) => lrp.state === 'UNCLAIMED' && !isUnplaced(lrp));
  count('crashed', (lrp) => lrp.state === 'CRASHED');
  const stopping = seen.instances.filter((lrp) => lrp.index >= seen.wanted).length;
  if (stopping > 0) parts.push(`${stopping} stopping`);
  return `${escapeText(name)}: ${parts.join(', ')}`;
}

/**
 * Lines for instances whose description changed since the last call, and for those that went. What was ready at
 * the first call is no news.
 */
export class ChangeTeller {
  readonly #told = new Map<string, string>();
  #isFirst = true;

  lines(seen: Seen): string[] {
    const lines: string[] = [];
    const keys = new Set<string>();
    for (const lrp of seen.instances) {
      const key = `${lrp.index}/${lrp.presence}`;
      const text = describe(lrp);
      keys.add(key);
      if (this.#told.get(key) === text) continue;
      this.#told.set(key, text);
      if (!this.#isFirst || !isReady(lrp)) lines.push(text);
    }
    this.#isFirst = false;
    for (const [key, text] of this.#told) {
      if (keys.has(key)) continue;
      this.#told.delete(key);
      lines.push(`${text.split(' ')[0]} has stopped`);
    }
    return lines;
  }

  /** Whether a line is the last that was told of its instance. */
  hasTold(line: string): boolean {
    return [...this.#told.values()].includes(line);
  }
}
