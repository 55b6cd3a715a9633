/**
 * The verdict machine of one instance's checks: reference/diego.md 1.12. The health monitor asks which checks
 * are due, runs them and tells the outcome; this decides what that means. Rules: again soon and then every 2 s
 * until each check has passed once (most workloads answer within a fraction of a second of their start, so
 * Diego's 2 s would be most of their start), within the start timeout; then each at its own interval, and one failure is a crash.
 * Readiness checks only decide whether the instance is routable.
 */
import type { Check } from '../../model/check.ts';
import { defaults } from '../../model/defaults.ts';
import type { Millis } from '../../model/ids.ts';

/** `inconclusive`: nothing could be asked, because the engine is away. */
export type CheckOutcome =
  | { readonly kind: 'passed' }
  | { readonly kind: 'failed'; readonly output: string }
  | { readonly kind: 'inconclusive' };

export interface ProbeState {
  readonly check: Check;
  readonly purpose: 'liveness' | 'readiness';
  readonly dueAt: Millis;
  /** It runs now. */
  readonly inFlight: boolean;
  /** How often it has failed without ever passing. */
  readonly failures: number;
  /** Its last conclusive outcome. */
  readonly passed: boolean;
  /** What it said when it last failed; undefined once it passes. */
  readonly output: string | undefined;
}

export interface Health {
  readonly phase: 'starting' | 'healthy' | 'failed';
  /** When the start timeout strikes; undefined: never. */
  readonly startDeadlineAt: Millis | undefined;
  readonly startTimeoutMs: number;
  readonly probes: readonly ProbeState[];
  readonly routable: boolean;
  /** Why the instance is to be stopped, once failed. */
  readonly verdict: string | undefined;
}

export interface HealthPlan {
  readonly checks: readonly Check[];
  readonly readinessChecks: readonly Check[];
  /** 0 waits for ever. */
  readonly startTimeoutMs: number;
}

export interface HealthStart {
  /** Since when it is watched: the start timeout counts from then. */
  readonly startedAt: Millis;
  /** It was reported RUNNING before this agent started: it goes on as healthy, and as routable as it was. */
  readonly adopted?: { readonly routable: boolean } | undefined;
}

/** Without checks an instance is healthy at once, and routable at once without readiness checks. */
export function startHealth(plan: HealthPlan, start: HealthStart, now: Millis): Health {
  const healthy = start.adopted !== undefined || plan.checks.length === 0;
  const probe = (purpose: ProbeState['purpose'], passed: boolean) => (check: Check) => ({
    check,
    purpose,
    dueAt: passed ? now + check.intervalMs : now,
    inFlight: false,
    failures: 0,
    passed,
    output: undefined,
  });
  const ready = plan.readinessChecks.length === 0 || start.adopted?.routable === true;
  return {
    phase: healthy ? 'healthy' : 'starting',
    startDeadlineAt: plan.startTimeoutMs > 0 ? start.startedAt + plan.startTimeoutMs : undefined,
    startTimeoutMs: plan.startTimeoutMs,
    probes: [
      ...plan.checks.map(probe('liveness', healthy)),
      ...plan.readinessChecks.map(probe('readiness', ready)),
    ],
    routable: healthy && ready,
    verdict: undefined,
  };
}

/** Indexes of the probes to run now. */
export function dueProbes(health: Health, now: Millis): number[] {
  return health.probes.flatMap((probe, index) =>
    isWanted(health, probe) && probe.dueAt <= now ? [index] : [],
  );
}

/** When to look again; undefined: when a probe that runs has ended, or never. */
export function nextHealthAt(health: Health): Millis | undefined {
  const moments = health.probes.filter((probe) => isWanted(health, probe)).map((probe) => probe.dueAt);
  if (health.phase === 'starting' && health.startDeadlineAt !== undefined)
    moments.push(health.startDeadlineAt);
  return moments.length === 0 ? undefined : Math.min(...moments);
}

/** While starting, a liveness check that has passed rests; readiness is asked once the instance is healthy. */
function isWanted(health: Health, probe: ProbeState): boolean {
  if (probe.inFlight || health.phase === 'failed') return false;
  if (health.phase === 'healthy') return true;
  return probe.purpose === 'liveness' && !probe.passed;
}

export function probeStarted(health: Health, index: number): Health {
  return withProbe(health, index, { inFlight: true });
}

/** Applies one outcome. */
export function probeEnded(health: Health, index: number, outcome: CheckOutcome, now: Millis): Health {
  const probe = health.probes[index];
  if (probe === undefined || health.phase === 'failed') return health;
  if (outcome.kind === 'inconclusive') {
    return withProbe(health, index, { inFlight: false, dueAt: now + defaults.checkUnhealthyIntervalMs });
  }
  const passed = outcome.kind === 'passed';
  const pauseMs = passed ? probe.check.intervalMs : unhealthyPauseMs(probe.failures);
  const after = withProbe(health, index, {
    inFlight: false,
    dueAt: now + pauseMs,
    failures: passed ? settled : probe.failures + 1,
    passed,
    output: outcome.kind === 'failed' ? outcome.output : undefined,
  });
  if (probe.purpose === 'readiness') return { ...after, routable: isReady(after) };
  if (health.phase === 'starting') return startedIfPassed(after, now);
  if (passed) return after;
  return failed(after, `Instance became unhealthy: Liveness check unsuccessful: ${outcome.output}`);
}

/** Above this many failures the pause is Diego's; a check that has passed once counts as there. */
const settled = 5;

/** The pause after one more failure: 100 ms, doubling to Diego's 2 s. */
function unhealthyPauseMs(failures: number): number {
  const soonMs = defaults.checkFirstPauseMs * 2 ** Math.min(failures, settled);
  return Math.min(soonMs, defaults.checkUnhealthyIntervalMs);
}

/** Fails a start that took too long. Call it whenever `nextHealthAt` has come. */
export function checkStartDeadline(health: Health, now: Millis): Health {
  const late = health.startDeadlineAt !== undefined && now >= health.startDeadlineAt;
  if (health.phase !== 'starting' || !late) return health;
  const outputs = lastOutput(health) ?? 'no check has answered';
  return failed(health, `Instance never healthy after ${health.startTimeoutMs / 1000}s: ${outputs}`);
}

/** What the checks that fail said last, joined; undefined when none does. */
export function lastOutput(health: Health): string | undefined {
  const outputs = health.probes.flatMap((probe) => probe.output ?? []);
  return outputs.length === 0 ? undefined : [...new Set(outputs)].join('; ');
}

function startedIfPassed(health: Health, now: Millis): Health {
  const liveness = health.probes.filter((probe) => probe.purpose === 'liveness');
  if (!liveness.every((probe) => probe.passed)) return health;
  const probes = health.probes.map((probe) =>
    probe.purpose === 'liveness'
      ? { ...probe, dueAt: now + probe.check.intervalMs }
      : { ...probe, dueAt: now },
  );
  const healthy: Health = { ...health, phase: 'healthy', probes };
  return { ...healthy, routable: isReady(healthy) };
}

function isReady(health: Health): boolean {
  return health.probes.every((probe) => probe.purpose === 'liveness' || probe.passed);
}

function failed(health: Health, verdict: string): Health {
  return { ...health, phase: 'failed', routable: false, verdict };
}

function withProbe(health: Health, index: number, change: Partial<ProbeState>): Health {
  return {
    ...health,
    probes: health.probes.map((probe, at) => (at === index ? { ...probe, ...change } : probe)),
  };
}
