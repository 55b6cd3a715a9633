/**
 * What every election over a Bbs has in common: claim `brain/leader` by compare-and-set under a lease, lead
 * while both stand, give them up. The elections in etcd/ differ only in who may claim, and when.
 */
import { type Clock, pause, withDeadline } from '../base/clock.ts';
import { backoffMs } from '../base/core/backoff.ts';
import { messageOf, SkepError } from '../base/core/errors.ts';
import type { Rng } from '../base/core/rng.ts';
import type { Log } from '../base/log.ts';
import type { Leader } from '../model/cell.ts';
import { defaults } from '../model/defaults.ts';
import type { Bbs, Fence, StoredRecord } from './bbs.ts';
import { decode, encode } from './core/codec.ts';
import { leaderKey } from './core/keys.ts';
import type { LeaderTerm } from './election.ts';

export interface CandidateOptions {
  readonly bbs: Bbs;
  /** This server's name. */
  readonly server: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly rng: Rng;
}

/** Leave to claim the leadership now. */
export interface Right {
  /** The record that the claim replaces; it must still stand when the claim is committed. */
  readonly over: StoredRecord | undefined;
  /** Raft's term; 0 where no Raft member is ours. */
  readonly raftTerm: number;
  /** How long the record outlives a leader that says nothing any more. */
  readonly leaseMs: number;
  /** True while it is known that nobody else has taken the record: then it is read seldom. */
  readonly isCertain?: () => boolean;
  /** Runs beside the term until the signal aborts, or ends earlier with why the right is lost. */
  readonly lost?: (signal: AbortSignal) => Promise<string | undefined>;
}

/** One candidate's rule. */
export interface Rule {
  readonly pollMs: number;
  /** Undefined: not now. What it throws is taken for "cannot be known now". */
  mayClaim(signal: AbortSignal): Promise<Right | undefined>;
}

type Lead = (term: LeaderTerm) => Promise<void>;

/** Claims and leads, again and again, until the signal aborts. Never throws for what the store does. */
export async function campaignBy(
  rule: Rule,
  options: CandidateOptions,
  lead: Lead,
  signal: AbortSignal,
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    const claim = await tryClaim(rule, options, signal);
    if (claim) {
      const ended = await runTerm(claim, options, lead, signal);
      failures = ended === 'lost' ? 0 : failures + 1;
    }
    const waitMs = failures > 0 ? backoffMs(leadBackoff, failures, options.rng) : rule.pollMs;
    await pause(options.clock, claim ? waitMs : rule.pollMs, signal);
  }
}

/** A brain that fails as soon as it leads is not started ten times a second. */
const leadBackoff = { firstMs: 200, maxMs: 10_000 };

interface Claim {
  readonly fence: Fence;
  readonly leaseId: string;
  readonly right: Right;
}

async function tryClaim(
  rule: Rule,
  options: CandidateOptions,
  signal: AbortSignal,
): Promise<Claim | undefined> {
  try {
    const right = await rule.mayClaim(signal);
    return right && (await claimBy(right, options, signal));
  } catch (error) {
    if (!signal.aborted) options.log.debug('election.not_now', { reason: messageOf(error) });
    return undefined;
  }
}

async function claimBy(
  right: Right,
  options: CandidateOptions,
  signal: AbortSignal,
): Promise<Claim | undefined> {
  const { bbs, server, clock, log } = options;
  const leaseId = await bbs.grantLease(right.leaseMs, { signal });
  const leader: Leader = { v: 1, server, raftTerm: right.raftTerm, since: clock.now() };
  const compare = [{ key: leaderKey, revision: right.over?.revision ?? 0 }];
  const puts = [{ key: leaderKey, value: encode(leader), leaseId }];
  // When the answer is lost, the record may stand: nobody extends its lease, and the next claim replaces it.
  const [outcome] = await bbs.commit([{ compare, puts }], { signal });
  if (outcome?.committed) {
    log.info('election.won', { server, raftTerm: right.raftTerm, revision: outcome.revision });
    return { fence: { key: leaderKey, revision: outcome.revision }, leaseId, right };
  }
  await release(leaseId, options);
  return undefined;
}

/** `lost`: somebody or something took the leadership; `returned`: `lead` came back, or failed, on its own. */
type TermEnd = 'lost' | 'stopped' | 'returned';

async function runTerm(
  claim: Claim,
  options: CandidateOptions,
  lead: Lead,
  outer: AbortSignal,
): Promise<TermEnd> {
  const ending = new AbortController();
  const signal = AbortSignal.any([outer, ending.signal]);
  let lost = false;
  const watch = async (watcher: Promise<string | undefined>): Promise<void> => {
    const reason = await watcher.catch((error: unknown) => `it cannot be watched: ${messageOf(error)}`);
    if (reason === undefined || signal.aborted) return;
    lost = true;
    options.log.warn('election.lost', { reason });
    ending.abort(new SkepError('Fenced', `this server no longer leads: ${reason}`));
  };
  const watchers = [keepLease(claim, options, signal), watchKey(claim, options, signal)];
  if (claim.right.lost) watchers.push(claim.right.lost(signal));
  const watching = Promise.all(watchers.map(watch));
  const term = { fence: claim.fence, signal, raftTerm: claim.right.raftTerm };
  await untilReturned(runLead(lead, term, options), options, signal, outer);
  ending.abort(new SkepError('Cancelled', 'the term is over'));
  await watching;
  await release(claim.leaseId, options);
  if (outer.aborted) return 'stopped';
  return lost ? 'lost' : 'returned';
}

async function runLead(lead: Lead, term: LeaderTerm, { log }: CandidateOptions): Promise<void> {
  try {
    await lead(term);
    if (!term.signal.aborted) log.warn('election.lead_returned', {});
  } catch (error) {
    if (!term.signal.aborted) log.error('election.lead_failed', { reason: messageOf(error) });
  }
}

/**
 * Waits for `lead`. A brain that does not stop keeps this candidate from leading again, for two at once
 * would be worse, and says so every few seconds; only the agent's own end does not wait for it.
 */
async function untilReturned(
  leading: Promise<void>,
  { clock, log }: CandidateOptions,
  term: AbortSignal,
  outer: AbortSignal,
): Promise<void> {
  const returned = new AbortController();
  const done = leading.finally(() => returned.abort());
  const never = AbortSignal.any([returned.signal]);
  await Promise.race([done, aborted(term)]);
  while (!returned.signal.aborted) {
    if (!(await pause(clock, defaults.leadReturnMs, never))) break;
    log.error('election.lead_hangs', { waitedMs: defaults.leadReturnMs });
    if (outer.aborted) return;
  }
  await done;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

/**
 * Extends the lease at a third of its length; ends with why it no longer holds. A question stays open while the next
 * is asked: on a busy server an answer that is late is an answer. After a stall the timers run before what has
 * arrived is read, so silence counts when it is found twice.
 */
async function keepLease(
  claim: Claim,
  { bbs, clock, log }: CandidateOptions,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { leaseMs } = claim.right;
  let heldAtMs = clock.now();
  const ranOut = new AbortController();
  const either = AbortSignal.any([signal, ranOut.signal]);
  const ask = async (askedAtMs: number): Promise<void> => {
    try {
      const keep = (inner: AbortSignal): Promise<boolean> => bbs.keepAlive(claim.leaseId, { signal: inner });
      if (await withDeadline(clock, leaseMs, signal, late, keep)) heldAtMs = Math.max(heldAtMs, askedAtMs);
      else ranOut.abort();
    } catch (error) {
      if (!signal.aborted) log.debug('election.lease_not_kept', { reason: messageOf(error) });
    }
  };
  let wasSilent = false;
  while (await pause(clock, leaseMs / 3, either)) {
    const isSilent = clock.now() - heldAtMs >= leaseMs;
    if (isSilent && wasSilent) return 'the store has not answered for a whole lease';
    wasSilent = isSilent;
    void ask(clock.now());
  }
  return signal.aborted ? undefined : 'the lease on its record ran out';
}

/** Ends when the leader's record is another one; a store that does not answer decides nothing here. */
async function watchKey(
  { fence, right }: Claim,
  { bbs, clock, log }: CandidateOptions,
  signal: AbortSignal,
): Promise<string | undefined> {
  let readAtMs = clock.now();
  while (await pause(clock, defaults.leaderKeyPollMs, signal)) {
    if (right.isCertain?.() === true && clock.now() - readAtMs < defaults.leaderKeySweepMs) continue;
    readAtMs = clock.now();
    try {
      const record = await readLeader(bbs, clock, signal);
      if (record?.revision !== fence.revision) return `${leaderOf(record) ?? 'nobody'} is the leader now`;
    } catch (error) {
      if (!signal.aborted) log.debug('election.record_not_read', { reason: messageOf(error) });
    }
  }
  return undefined;
}

/** The leader's record, read from a quorum. Throws `Unavailable` when there is none within a second. */
export async function readLeader(
  bbs: Bbs,
  clock: Clock,
  signal: AbortSignal,
): Promise<StoredRecord | undefined> {
  const read = (inner: AbortSignal): ReturnType<Bbs['read']> => bbs.read([leaderKey], { signal: inner });
  return (await withDeadline(clock, defaults.leaderKeyPollMs, signal, late, read)).records[0];
}

/** The server that a leader's record names; undefined when there is none or it cannot be read. */
export function leaderOf(record: StoredRecord | undefined): string | undefined {
  if (record === undefined) return undefined;
  const leader = decode('leader', record.value);
  return leader.ok ? leader.value.server : undefined;
}

const late = (): SkepError => new SkepError('Unavailable', 'the store did not answer in time');

/** Ends the lease and the record under it, so that nobody has to wait for it to run out. */
async function release(leaseId: string, { bbs, clock, log }: CandidateOptions): Promise<void> {
  const forever = new AbortController().signal;
  try {
    await withDeadline(clock, defaults.leaderKeyPollMs, forever, late, (signal) =>
      bbs.revokeLease(leaseId, { signal }),
    );
  } catch (error) {
    // It ends by itself then; the next leader is later by that much.
    log.debug('election.not_released', { reason: messageOf(error) });
  }
}
