/**
 * What this cell is doing with one instance, for an operator who asks (`skep why`): read from the view that the next
 * step is decided on (instance-step.ts), and from what the instance's worker is at. Pure; asked by instances.ts.
 */
import { doingChecksMax, type InstanceDoing } from '../../api/core/instance-doing.ts';
import { checkText } from '../../api/core/why-instance.ts';
import { defaults } from '../../model/defaults.ts';
import type { Millis } from '../../model/ids.ts';
import { clipReason } from '../../model/workload.ts';
import { exitReason } from './exit-reason.ts';
import type { Health } from './health.ts';
import { type InstanceView, localRestartAt, whyUnwanted } from './instance-step.ts';
import { type PullProgress, pullText } from './pull-progress.ts';

/** What the worker of an instance is at, since when. */
export interface Deed {
  readonly kind: 'image' | 'queued' | 'creating' | 'starting' | 'stopping';
  readonly since: Millis;
}

/** Steps of one worker that failed in a row. */
export interface Trouble {
  readonly reason: string;
  readonly againAt: Millis;
}

/** The instance and its worker. */
export interface DoingView extends InstanceView {
  readonly deed: Deed | undefined;
  readonly healthySince: Millis | undefined;
  /** Steps that failed in a row. */
  readonly failures: number;
  readonly trouble: Trouble | undefined;
}

/** What the cell knows besides. */
export interface DoingSurroundings {
  readonly cellId: string;
  /** Why the container engine does not answer; undefined while it does. */
  readonly engineAway: string | undefined;
  /** The containers that were there before this agent are known: until then nothing is started. */
  readonly hasListed: boolean;
  /** The pull of the instance's image, if there is one; without progress the engine still looks for the image. */
  readonly pull: { readonly since: Millis; readonly progress: PullProgress | undefined } | undefined;
}

type Phase = Pick<InstanceDoing, 'phase' | 'since' | 'reason' | 'image' | 'progress' | 'checks' | 'nextAt'>;

export function doingOf(seen: DoingView, around: DoingSurroundings, now: Millis): InstanceDoing {
  const { trouble, failures } = seen;
  const { reason, ...phase } = phaseOf(seen, around);
  return {
    cellId: around.cellId,
    at: now,
    ...phase,
    ...(reason === undefined ? {} : { reason: clipReason(reason) }),
    ...(around.engineAway === undefined ? {} : { engineAway: clipReason(around.engineAway) }),
    ...(trouble === undefined
      ? {}
      : { trouble: { reason: clipReason(trouble.reason), times: failures, againAt: trouble.againAt } }),
  };
}

function phaseOf(seen: DoingView, around: DoingSurroundings): Phase {
  const { deed, crash, container } = seen;
  const unwanted = unwantedText(seen);
  if (deed?.kind === 'stopping' || unwanted !== undefined) {
    return stopping(seen, unwanted ?? crash?.reason ?? seen.health?.verdict);
  }
  if (deed !== undefined) return launching(seen, deed, around);
  if (crash !== undefined) {
    return { phase: 'crashed', reason: crash.reason, ...sinceOf(crash.at), ...nextOf(localRestartAt(crash)) };
  }
  switch (container?.state) {
    case undefined:
      return waiting(seen, around);
    case 'created':
      return { phase: 'starting' };
    case 'exited':
      return {
        phase: 'crashed',
        reason: seen.health?.verdict ?? exitReason(container),
        ...sinceOf(container.finishedAt),
      };
    case 'running':
      return running(seen, container.startedAt);
  }
}

function unwantedText(seen: DoingView): string | undefined {
  if (seen.ended) return 'its end is recorded';
  const unwanted = whyUnwanted(seen);
  if (unwanted !== undefined || seen.assigned !== undefined) return unwanted;
  return 'no server assigns it to this cell now; that is being confirmed';
}

/** A container that has ended is only removed still. */
function stopping({ deed, desired, container }: DoingView, reason: string | undefined): Phase {
  const said = reason === undefined ? {} : { reason };
  if (deed?.kind !== 'stopping' || container?.state !== 'running') return { phase: 'stopping', ...said };
  const graceMs = desired?.stopGraceMs ?? defaults.stopGraceMs;
  return { phase: 'stopping', ...said, since: deed.since, nextAt: deed.since + graceMs };
}

function launching({ desired, crash }: DoingView, { kind, since }: Deed, { pull }: DoingSurroundings): Phase {
  // The crash that this launch follows: the record of it goes when the container is there.
  const after = crash === undefined ? {} : { reason: crash.reason };
  switch (kind) {
    case 'image': {
      const image = clipReason(desired?.image ?? '');
      const progress = pull?.progress;
      const asked = { ...after, image, since: pull?.since ?? since };
      if (progress === undefined) return { phase: 'looking', ...asked };
      const text = pullText(progress);
      return { phase: 'pulling', ...asked, ...(text === undefined ? {} : { progress: text }) };
    }
    case 'queued':
    case 'creating':
    case 'starting':
    case 'stopping':
      return { phase: kind, since, ...after };
  }
}

function waiting({ looked, hadContainer }: DoingView, { engineAway, hasListed }: DoingSurroundings): Phase {
  if (engineAway !== undefined) return { phase: 'waiting' };
  const isLooking = !hasListed || !looked;
  if (isLooking) return { phase: 'waiting', reason: 'it still asks its engine which containers there are' };
  return hadContainer ? { phase: 'crashed', reason: 'container vanished' } : { phase: 'waiting' };
}

function running({ health, healthySince }: DoingView, startedAt: Millis | undefined): Phase {
  switch (health?.phase) {
    case undefined:
      return { phase: 'checking', ...sinceOf(startedAt) };
    case 'starting':
      return {
        phase: 'checking',
        ...sinceOf(startedAt),
        checks: failing(health, 'liveness'),
        ...nextOf(health.startDeadlineAt),
      };
    case 'healthy':
      return { phase: 'running', ...sinceOf(healthySince), checks: failing(health, 'readiness') };
    case 'failed':
      return { phase: 'stopping', ...(health.verdict === undefined ? {} : { reason: health.verdict }) };
  }
}

function failing(health: Health, purpose: 'liveness' | 'readiness'): NonNullable<InstanceDoing['checks']> {
  const probes = health.probes.filter((probe) => probe.purpose === purpose && !probe.passed);
  return probes.slice(0, doingChecksMax).map(({ check, failures, output }) => ({
    check: clipReason(checkText(check)),
    purpose,
    // Of a readiness check that had passed before, the count says how it is paced and not how often it failed.
    ...(purpose === 'liveness' ? { failures } : {}),
    ...(output === undefined ? {} : { output: clipReason(output) }),
  }));
}

const sinceOf = (since: Millis | undefined) => (since === undefined ? {} : { since });
const nextOf = (nextAt: Millis | undefined) => (nextAt === undefined ? {} : { nextAt });
