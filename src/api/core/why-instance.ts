/** One instance of an LRP, explained in a sentence. Part of why.ts. */
import type { ActualLrp, Refusal } from '../../model/actual-lrp.ts';
import type { Check } from '../../model/check.ts';
import type { DesiredLrp } from '../../model/desired-lrp.ts';
import { type CellId, instanceName, type Millis, type ProcessGuid } from '../../model/ids.ts';
import { restartDueAt } from '../../model/restart-policy.ts';
import { type Roster, type Storm, stormsOf } from '../../model/roster.ts';
import { isStartFailure, startFailure } from '../../model/start-failure.ts';
import { spanOf, times } from './age.ts';
import { doingText, type InstanceDoing, isNoteworthy, type Told } from './instance-doing.ts';

export interface Explanation {
  readonly summary: string;
  readonly hint?: string;
}

interface Surroundings {
  /** What cells said of their instances when they were asked just now, by instance guid. */
  readonly told?: ReadonlyMap<string, Told> | undefined;
  readonly cells: ReadonlyMap<CellId, unknown>;
  readonly leader: unknown;
  /** What is wanted: which checks an instance that starts has to pass. */
  readonly desired?: ReadonlyMap<ProcessGuid, { readonly value: DesiredLrp }>;
  /** What the storm guard judges from. */
  readonly roster?: { readonly value: Roster } | undefined;
}

/** @param replacement of a SUSPECT or EVACUATING one: the ordinary record of the same index */
export function explainInstance(
  state: Surroundings,
  lrp: ActualLrp,
  replacement: ActualLrp | undefined,
  now: Millis,
): Explanation {
  if (lrp.presence === 'SUSPECT') return explainSuspect(state, lrp, replacement, now);
  if (lrp.retire !== undefined) {
    const { reason, since, overdueAt } = lrp.retire;
    const span = spanOf(now - since);
    const summary = `has been stopping on cell ${lrp.cellId} for ${span}: ${reason}${toldText(state, lrp)}`;
    if (overdueAt === undefined) return { summary };
    return {
      summary: `${summary}; the cell has not done it in time`,
      hint: `look at the container engine and the agent on ${lrp.cellId}`,
    };
  }
  if (lrp.presence === 'EVACUATING') return explainEvacuating(state, lrp, replacement, now);
  switch (lrp.state) {
    case 'RUNNING':
      return explainRunning(state, lrp, now);
    case 'CLAIMED':
      return explainClaimed(state, lrp, now);
    case 'UNCLAIMED':
      return explainUnclaimed(state, lrp, now);
    case 'CRASHED':
      return explainCrashed(lrp, now);
  }
}

function explainSuspect(
  state: Surroundings,
  lrp: ActualLrp,
  replacement: ActualLrp | undefined,
  now: Millis,
): Explanation {
  const lost = `is suspect: its cell ${lrp.cellId} has been lost for ${spanOf(now - lrp.updatedAt)}`;
  const storm = stormsOf(state.roster?.value).find((each) => each.lost.some((id) => id === lrp.cellId));
  if (storm !== undefined && replacement?.cellId === undefined) return heldBack(lost, storm);
  if (replacement === undefined) return { summary: `${lost}; its replacement is still to be made` };
  const { summary, hint } = explainInstance(state, replacement, undefined, now);
  return { summary: `${lost}; its replacement ${summary}`, ...(hint === undefined ? {} : { hint }) };
}

function heldBack(lost: string, { zone, lost: cells, ofCells }: Storm): Explanation {
  return {
    summary: `${lost}, with ${cells.length} of ${ofCells} cells of zone ${zone} at once, so nothing replaces it for now`,
    hint: 'it goes on by itself when they return; if they are gone for good: skep brain confirm-loss',
  };
}

function explainEvacuating(
  state: Surroundings,
  lrp: ActualLrp,
  replacement: ActualLrp | undefined,
  now: Millis,
): Explanation {
  const leaves = `still runs on cell ${lrp.cellId}, which is drained`;
  if (replacement === undefined) return { summary: `${leaves}; its replacement is still to be made` };
  const { summary, hint } = explainInstance(state, replacement, undefined, now);
  return { summary: `${leaves}; its replacement ${summary}`, ...(hint === undefined ? {} : { hint }) };
}

function explainRunning(state: Surroundings, lrp: ActualLrp, now: Millis): Explanation {
  const where = `has run on cell ${lrp.cellId} for ${spanOf(now - lrp.since)}`;
  const past = crashesOf(lrp) + toldText(state, lrp);
  if (isLost(state, lrp)) return { summary: `${where}, but the cell is not present now${past}` };
  if (!lrp.routable) {
    const output = lrp.checkOutput === undefined ? '' : `: ${lrp.checkOutput}`;
    return {
      summary: `${where}, but is not ready${output}${past}`,
      hint: `what it says itself: skep logs ${instanceName(lrp.guid, lrp.index)}`,
    };
  }
  return { summary: where + past };
}

function explainClaimed(state: Surroundings, lrp: ActualLrp, now: Millis): Explanation {
  const where = `has been starting on cell ${lrp.cellId} for ${spanOf(now - lrp.since)}`;
  if (isLost(state, lrp)) return { summary: `${where}, but the cell is not present now` };
  const { doing, silence } = toldOf(state, lrp) ?? {};
  if (doing !== undefined) {
    return { summary: `${where}: ${doingText(doing)}${crashesOf(lrp)}`, hint: startingHint(lrp, doing) };
  }
  const unsaid = silence === undefined ? '' : `; ${silence}`;
  return {
    summary: `${where} (${startingText(state.desired?.get(lrp.guid)?.value)})${unsaid}${crashesOf(lrp)}`,
    hint: logsHint(lrp),
  };
}

const logsHint = (lrp: ActualLrp): string =>
  `what it says meanwhile: skep logs -f ${instanceName(lrp.guid, lrp.index)}`;

function startingHint(lrp: ActualLrp, { phase, engineAway }: InstanceDoing): string {
  if (engineAway !== undefined) return `look at the container engine of ${lrp.cellId}: skep doctor`;
  if (phase === 'looking' || phase === 'pulling') {
    return `if that takes long, see on ${lrp.cellId} itself whether "docker pull" of that image gets on`;
  }
  return logsHint(lrp);
}

const toldOf = (state: Surroundings, lrp: ActualLrp): Told | undefined =>
  lrp.instanceGuid === undefined ? undefined : state.told?.get(lrp.instanceGuid);

/** What the record does not say. */
function toldText(state: Surroundings, lrp: ActualLrp): string {
  const { doing, silence } = toldOf(state, lrp) ?? {};
  if (doing !== undefined) return isNoteworthy(doing) ? `; its cell says: ${doingText(doing)}` : '';
  return silence === undefined ? '' : `; ${silence}`;
}

const checksMaxChars = 200;

/** A cell reports a start when it is over, so what it waits for is told from the definition. */
function startingText(desired: DesiredLrp | undefined): string {
  const { checks = [], startTimeoutMs = 0 } = desired ?? {};
  if (checks.length === 0) return 'its image is being pulled, or its container is being made';
  const texts = checks.map(checkText).join(', ');
  const named = texts.length > checksMaxChars ? `${texts.slice(0, checksMaxChars - 1)}…` : texts;
  const until =
    startTimeoutMs > 0 ? `; ${spanOf(startTimeoutMs)} after its start that counts as a crash` : '';
  return `its image is being pulled, or it has not passed ${named} yet${until}`;
}

/** As `skep run --check` takes it. */
export function checkText(check: Check): string {
  switch (check.kind) {
    case 'tcp':
      return `tcp:${check.port}`;
    case 'http':
      return `http:${check.port}${check.path}`;
    case 'command':
      return `cmd:${check.args.join(' ')}`;
  }
}

function explainUnclaimed(state: Surroundings, lrp: ActualLrp, now: Millis): Explanation {
  const past = crashesOf(lrp);
  if (lrp.placementError !== undefined) {
    const { summary, hint } = explainRefusal(lrp.placementError);
    return {
      summary: `could not be placed for ${spanOf(now - lrp.since)}: ${summary}${past}`,
      ...(hint && { hint }),
    };
  }
  const waits = `has waited for a place for ${spanOf(now - lrp.since)}${past}`;
  if (state.leader !== undefined) return { summary: waits };
  return {
    summary: `${waits}; no server leads now, so nothing is placed`,
    hint: 'a majority of the servers must run: skep status',
  };
}

/** Why the auction refused, with the cell that came nearest. */
export function explainRefusal(refusal: Refusal): Explanation {
  if (refusal.cells === 0) {
    return {
      summary: `${refusal.message} (no cell is present)`,
      hint: 'start an agent on some host: skep cells',
    };
  }
  const counts = Object.entries(refusal.counts).map(([filter, count]) => `${filter}: ${count}`);
  const looked = `${refusal.cells} ${refusal.cells === 1 ? 'cell' : 'cells'} looked at${counts.length === 0 ? '' : `, refused by ${counts.join(', ')}`}`;
  const nearest =
    refusal.nearest === undefined
      ? ''
      : `; nearest is cell ${refusal.nearest.cellId}, which lacks ${refusal.nearest.lacks}`;
  return {
    summary: `${refusal.message} (${looked})${nearest}`,
    hint: `${refusal.change ?? 'ask for less, stop something, or add a cell'}; it is placed as soon as it can be`,
  };
}

function explainCrashed(lrp: ActualLrp, now: Millis): Explanation {
  const name = instanceName(lrp.guid, lrp.index);
  const dueAt = restartDueAt(lrp.crashCount, lrp.since);
  const next =
    dueAt === undefined
      ? 'it is given up and not tried again'
      : dueAt <= now
        ? 'next try now'
        : `next try in ${spanOf(dueAt - now)}`;
  const summary = `crashed ${times(lrp.crashCount)}, last: ${lrp.crashReason ?? 'no reason known'}; ${next}`;
  if (dueAt === undefined) return { summary, hint: `start it anew: skep stop ${name}` };
  return { summary, hint: crashHint(name, lrp.guid, lrp.crashReason ?? '') };
}

/** What to do about a crash, by its reason: the agent's own words (agent/core/exit-reason.ts, docker/). */
function crashHint(name: string, guid: string, reason: string): string {
  const anew = `skep rm ${guid}, then skep run`;
  // What never ran has said nothing.
  if (reason.startsWith(startFailure('create', 'cannot pull image')))
    return `see that its cell reaches the registry, and it is tried again; is the image's name wrong: ${anew} with the right one`;
  if (
    reason.startsWith(startFailure('run', '')) &&
    reason.includes('the command cannot be run in this image')
  )
    return `run it with a command that the image has: ${anew}`;
  if (isStartFailure(reason))
    return `mend what the reason says and it is tried again; skep stop ${name} tries at once`;
  if (reason.includes('(out of memory)'))
    return `it used all the memory that it may: ${anew} with a larger -m; what it said before: skep logs ${name} --previous`;
  return `what it said before it ended: skep logs ${name} --previous`;
}

function crashesOf(lrp: ActualLrp): string {
  if (lrp.crashCount === 0) return '';
  return `; it crashed ${times(lrp.crashCount)} before, last: ${lrp.crashReason ?? 'no reason known'}`;
}

const isLost = (state: Surroundings, lrp: ActualLrp): boolean =>
  lrp.cellId !== undefined && !state.cells.has(lrp.cellId);
