/**
 * Waits until an LRP is as it was asked for, and shows how it gets there: lines that are drawn anew on a
 * terminal, one line a change otherwise. Used by `run`, `scale` and `stop`.
 */
import type { Timer } from '../base/clock.ts';
import { SkepError } from '../base/core/errors.ts';
import type { ActualLrp } from '../model/actual-lrp.ts';
import type { DesiredLrp } from '../model/desired-lrp.ts';
import type { ProcessGuid } from '../model/ids.ts';
import { exitCodeOf, exitCodes } from './core/exit-codes.ts';
import { formatDuration } from './core/format.ts';
import {
  ChangeTeller,
  containersOf,
  describe,
  isUnplaced,
  judge,
  type Seen,
  settleMs,
  steadyMs,
  summarize,
  type Verdict,
} from './core/progress.ts';
import { clip } from './core/width.ts';
import { isData, type Session } from './session.ts';
import { watchRows } from './watch-rows.ts';

const linesShown = 6;
/** Above so many instances, a line for each change would bury what matters. */
const crowd = 20;
const crowdEveryMs = 1_000;

export interface Wait {
  readonly guid: string;
  /** Instances that are to run. */
  readonly wanted: number;
  /** What was acknowledged; what a server that is behind shows is older, and overrules nothing. */
  readonly desired: Pick<DesiredLrp, 'epoch' | 'modificationIndex' | 'checks'>;
  readonly timeoutMs: number;
  /** The command that takes back what was asked for. */
  readonly takeBack: string;
}

type Outcome =
  | Exclude<Verdict, { kind: 'waiting' }>
  | { readonly kind: 'timeout' }
  /** Somebody else wants something else by now, so what is waited for will never be. */
  | { readonly kind: 'overruled'; readonly by: string }
  | { readonly kind: 'interrupted' };

/** The exit status: 0 done, 1 crashed, 5 without a place, 6 timed out. Ctrl-C ends the watching only. */
export async function awaitLrp(session: Session, wait: Wait): Promise<number> {
  const progress = createProgress(session, wait.guid);
  const outcome = await follow(session, wait, (seen) => progress.show(seen));
  progress.finish();
  return tellOutcome(session, wait, outcome, progress);
}

async function follow(session: Session, wait: Wait, show: (seen: Seen) => void): Promise<Outcome> {
  const { clock } = session.io;
  const stop = new AbortController();
  const signal = AbortSignal.any([session.signal, stop.signal]);
  const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
  let seen: Seen = { wanted: wait.wanted, instances: [] };
  let unplacedSince: number | undefined;
  const steady = steadiness(session, wait, () => decide());
  const decide = (): void => {
    if (!seen.instances.some(isUnplaced)) unplacedSince = undefined;
    else unplacedSince ??= clock.now();
    const verdict = judge(seen, unplacedSince === undefined ? 0 : clock.now() - unplacedSince);
    if (verdict.kind === 'waiting' || (verdict.kind === 'done' && !steady.holds(seen))) return;
    resolve(verdict);
  };
  const watching = (async () => {
    for await (const rows of watchRows<ActualLrp>(session, { kind: 'instances', guid: wait.guid }, signal)) {
      seen = { wanted: wait.wanted, instances: [...rows.values()].sort((a, b) => a.index - b.index) };
      show(seen);
      decide();
    }
    resolve({ kind: 'interrupted' });
  })().catch(reject);
  const deadline = clock.after(wait.timeoutMs, () => resolve({ kind: 'timeout' }));
  let again = clock.after(settleMs, repeat);
  function repeat(): void {
    decide();
    overruledBy(session, wait, signal).then((by) => {
      if (by !== undefined) resolve({ kind: 'overruled', by });
    }, reject);
    again = clock.after(settleMs, repeat);
  }
  try {
    return await promise;
  } finally {
    deadline.cancel();
    again.cancel();
    steady.stop();
    stop.abort();
    await watching;
  }
}

interface Steadiness {
  /** Whether these very containers have been up for long enough; if not, `look` is called when they may be. */
  holds(seen: Seen): boolean;
  stop(): void;
}

function steadiness({ io: { clock } }: Session, { wanted, desired }: Wait, look: () => void): Steadiness {
  const areChecked = wanted === 0 || desired.checks.length > 0;
  const beganAt = clock.now();
  let neededMs = 0;
  let containers: string | undefined;
  let since = 0;
  let timer: Timer | undefined;
  return {
    holds(seen) {
      const now = clock.now();
      if (containers !== containersOf(seen)) {
        [containers, since] = [containersOf(seen), now];
        neededMs = areChecked ? 0 : steadyMs(now - beganAt);
        timer?.cancel();
        timer = neededMs === 0 ? undefined : clock.after(neededMs, look);
      }
      return now - since >= neededMs;
    },
    stop: () => timer?.cancel(),
  };
}

/** What is wanted now, when it is no longer what this command waits for. */
async function overruledBy(
  { client }: Session,
  { guid, wanted, desired: ours }: Wait,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const { desired } = await client.call('getLrp', { params: { guid: guid as ProcessGuid } }, { signal });
    const isNewer = desired.epoch !== ours.epoch || desired.modificationIndex > ours.modificationIndex;
    if (!isNewer) return undefined;
    if (desired.removedAt !== undefined) return 'it was removed';
    return desired.instances === wanted ? undefined : `it was scaled to ${desired.instances}`;
  } catch (error) {
    if (error instanceof SkepError && error.code === 'ResourceNotFound') return 'it was removed';
    if (signal.aborted || (error instanceof SkepError && error.retryable)) return undefined;
    throw error;
  }
}

function tellOutcome(
  session: Session,
  { guid, timeoutMs, takeBack }: Wait,
  outcome: Outcome,
  progress: Progress,
): number {
  const last = progress.last();
  const tell = (lines: readonly string[]): void =>
    tellLines(
      session,
      lines.filter((line) => !progress.hasTold(line)),
    );
  switch (outcome.kind) {
    case 'done':
      if (!isData(session) && session.format !== 'name' && last !== undefined)
        session.print(summarize(guid, last));
      return exitCodes.done;
    case 'crashed':
      tell(outcome.lines);
      session.warn(`It is tried again after growing waits: skep why ${guid}${saidSomething(last, guid)}`);
      return exitCodes.failed;
    case 'unplaced':
      tell(outcome.lines);
      session.warn(
        `It was accepted and starts as soon as there is room (skep why ${guid}); ${takeBack} takes it back.`,
      );
      return exitCodes.unplaced;
    case 'overruled':
      session.warn(`${guid}: ${outcome.by} meanwhile, by somebody else: skep events ${guid}`);
      return exitCodeOf('ResourceConflict');
    case 'timeout':
      if (last !== undefined) tell(notReady(last));
      session.warn(
        `Waited ${formatDuration(timeoutMs)} in vain; the cluster goes on trying: skep why ${guid}`,
      );
      return exitCodes.timedOut;
    case 'interrupted':
      session.warn(`Only the watching was stopped; the cluster goes on: skep ps -w ${guid}`);
      return exitCodes.failed;
  }
}

/** What never ran has no log to look at. */
function saidSomething(seen: Seen | undefined, guid: string): string {
  const ran = seen?.instances.some(
    ({ crashReason }) => crashReason !== undefined && !/^failed to (create|run) container/.test(crashReason),
  );
  return ran === true ? `, skep logs --previous ${guid}` : '';
}

function tellLines(session: Session, lines: readonly string[]): void {
  for (const line of lines.slice(0, linesShown)) session.warn(line);
  if (lines.length > linesShown) session.warn(`… and ${lines.length - linesShown} more`);
}

const notReady = (seen: Seen): string[] =>
  seen.instances
    .filter((lrp) => lrp.state !== 'RUNNING' || !lrp.routable || lrp.index >= seen.wanted)
    .map(describe);

interface Progress {
  show(seen: Seen): void;
  finish(): void;
  last(): Seen | undefined;
  /** Whether the line still stands on the operator's screen. */
  hasTold(line: string): boolean;
}

function createProgress(session: Session, guid: string): Progress {
  const { stderr } = session.io;
  const isDumb = stderr.isTTY !== true || session.io.env['TERM'] === 'dumb';
  return isDumb ? lineProgress(session, guid) : screenProgress(session, guid);
}

/** One line a change; of a crowd, now and then how many are how. */
function lineProgress(session: Session, guid: string): Progress {
  const { clock } = session.io;
  const teller = new ChangeTeller();
  const said = new Set<string>();
  let last: Seen | undefined;
  let nextAt = 0;
  const say = (line: string): void => {
    if (session.flags.quiet === true) return;
    said.add(line);
    session.note(line);
  };
  return {
    show(seen) {
      last = seen;
      const lines = teller.lines(seen);
      if (Math.max(seen.wanted, seen.instances.length) <= crowd) return lines.forEach(say);
      const summary = summarize(guid, seen);
      if (clock.now() < nextAt || said.has(summary)) return;
      nextAt = clock.now() + crowdEveryMs;
      say(summary);
    },
    finish: () => undefined,
    last: () => last,
    hasTold: (line) => said.has(line) && teller.hasTold(line),
  };
}

/** A summary and what is not ready, drawn over what was drawn before. */
function screenProgress(session: Session, guid: string): Progress {
  const { stderr } = session.io;
  let last: Seen | undefined;
  let drawn = 0;
  const erase = (): void => {
    // The terminal has echoed ^C, so the cursor may stand anywhere in its line.
    if (drawn > 0) stderr.write(`\r\u001b[${drawn}A\u001b[J`);
    drawn = 0;
  };
  return {
    show(seen) {
      last = seen;
      if (session.flags.quiet === true) return;
      const details = notReady(seen);
      const lines = [summarize(guid, seen), ...details.slice(0, linesShown).map((line) => `  ${line}`)];
      if (details.length > linesShown) lines.push(`  … and ${details.length - linesShown} more`);
      erase();
      const width = stderr.columns ?? 80;
      for (const line of lines) stderr.write(`${clip(line, width - 1)}\n`);
      drawn = lines.length;
    },
    finish: erase,
    last: () => last,
    hasTold: () => false,
  };
}
