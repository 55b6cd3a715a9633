/**
 * Runs the checks of one instance at their pace and tells what they mean; core/health.ts judges. One monitor
 * lives as long as its container runs. At most 64 checks run at once on a cell.
 */
import { type Clock, withDeadline } from '../base/clock.ts';
import { messageOf, SkepError } from '../base/core/errors.ts';
import type { Check } from '../model/check.ts';
import type { Container } from './core/container.ts';
import {
  type CheckOutcome,
  checkStartDeadline,
  dueProbes,
  type Health,
  nextHealthAt,
  probeEnded,
  probeStarted,
} from './core/health.ts';
import { withFindings } from './core/start-findings.ts';
import type { Engine } from './engine.ts';
import { type Limit, limit } from './limit.ts';
import { httpFailure, type ProbeResult, type Prober, tcpFailure } from './prober.ts';
import type { Runtime } from './runtime.ts';
import type { Witness } from './witness.ts';

const maxChecksAtOnce = 64;
const maxOutputChars = 500;
/** An address that was read longer ago is read again before a failed check counts. */
const addressAgeMs = 5_000;
/** An engine that takes longer to show a container says nothing about it. */
const lookDeadlineMs = 1_000;

export interface HealthChecks {
  readonly clock: Clock;
  readonly prober: Prober;
  readonly runtime: Pick<Runtime, 'exec' | 'inspect'>;
  readonly engine: Pick<Engine, 'check' | 'status'>;
  /** Absent where nothing can be seen of a container's processes. */
  readonly witness?: Witness | undefined;
  readonly slots: Limit;
}

/** How a check is made: shared by all monitors of a cell. */
export function healthChecks(tools: Omit<HealthChecks, 'slots'>): HealthChecks {
  return { ...tools, slots: limit(maxChecksAtOnce) };
}

export interface HealthMonitor {
  stop(): void;
}

/** Calls `onChange` with every new state until stopped or failed. */
export function monitorHealth(
  checks: HealthChecks,
  container: Container,
  initial: Health,
  onChange: (health: Health) => void,
): HealthMonitor {
  const { clock } = checks;
  const stopping = new AbortController();
  const watched: Watched = { container, readAt: clock.now(), looking: undefined };
  let health = initial;
  let timer = clock.after(0, pump);

  function change(next: Health): void {
    if (next === health || stopping.signal.aborted) return;
    health = next;
    onChange(next);
  }

  function pump(): void {
    timer.cancel();
    if (stopping.signal.aborted) return;
    const late = checkStartDeadline(health, clock.now());
    if (late !== health) {
      // Failed from now on, whatever a check that still runs will say; told with what was found.
      health = late;
      void explained(checks, watched, late, stopping.signal).then(change);
      return;
    }
    for (const index of dueProbes(health, clock.now())) {
      const probe = health.probes[index];
      if (probe === undefined) continue;
      health = probeStarted(health, index);
      void outcomeOf(checks, probe.check, watched, stopping.signal).then((outcome) => {
        change(probeEnded(health, index, outcome, clock.now()));
        pump();
      });
    }
    const at = nextHealthAt(health);
    if (at !== undefined && !stopping.signal.aborted) timer = clock.after(at - clock.now(), pump);
  }

  return {
    stop() {
      stopping.abort();
      timer.cancel();
    },
  };
}

/** The container that is asked, as it was last read. */
interface Watched {
  container: Container;
  readAt: number;
  /** It is being read: checks that fail at the same time wait for the same answer. */
  looking: Promise<void> | undefined;
}

/**
 * One check. A container whose address has changed, as when somebody restarted it or joined it to another network, was
 * not asked by one that failed: the next check asks it where it is now.
 */
async function outcomeOf(
  checks: HealthChecks,
  check: Check,
  watched: Watched,
  signal: AbortSignal,
): Promise<CheckOutcome> {
  const asked = watched.container.ipAddress;
  const outcome = await askOnce(checks, check, watched.container, signal);
  if (outcome.kind !== 'failed' || check.kind === 'command') return outcome;
  if (checks.clock.now() - watched.readAt > addressAgeMs) {
    watched.looking ??= lookAgain(checks, watched, signal);
    await watched.looking;
  }
  return watched.container.ipAddress === asked ? outcome : { kind: 'inconclusive' };
}

/** Reads the container anew; what cannot be read, or does not run, stays as it was. */
async function lookAgain(checks: HealthChecks, watched: Watched, signal: AbortSignal): Promise<void> {
  const { clock, runtime } = checks;
  const late = (): SkepError => new SkepError('Timeout', 'the engine did not show the container in time');
  try {
    const now = await withDeadline(clock, lookDeadlineMs, signal, late, (inner) =>
      runtime.inspect(watched.container.id, { signal: inner }),
    );
    if (now?.state === 'running' && now.ipAddress !== '') watched.container = now;
  } catch {
    // The check has failed all the same: an engine that does not answer says nothing against that.
  }
  Object.assign(watched, { readAt: clock.now(), looking: undefined });
}

/** A start that failed, with what runs there instead. */
async function explained(
  checks: HealthChecks,
  watched: Watched,
  health: Health,
  signal: AbortSignal,
): Promise<Health> {
  await lookAgain(checks, watched, signal);
  const { container } = watched;
  const sight = checks.witness?.see(container);
  return { ...health, verdict: withFindings(health.verdict ?? '', container, sight) };
}

/** One check with its timeout; whatever goes wrong on our side is inconclusive. */
async function askOnce(
  checks: HealthChecks,
  check: Check,
  container: Container,
  signal: AbortSignal,
): Promise<CheckOutcome> {
  if (check.kind === 'command' && !checks.engine.status.ok) return { kind: 'inconclusive' };
  const late = new SkepError(
    'Timeout',
    failureOf(check, container, `timed out after ${check.timeoutMs / 1000}s`),
  );
  try {
    const result = await checks.slots.run(
      () =>
        withDeadline(
          checks.clock,
          check.timeoutMs,
          signal,
          () => late,
          (inner) =>
            check.kind === 'command'
              ? probeCommand(checks.runtime, check.args, container.id, inner)
              : checks.prober.probe(check, container.ipAddress, { signal: inner }),
        ),
      signal,
    );
    return result.ok
      ? { kind: 'passed' }
      : { kind: 'failed', output: result.output.slice(0, maxOutputChars) };
  } catch (error) {
    if (signal.aborted) return { kind: 'inconclusive' };
    if (check.kind === 'command') return await judgeCommandError(checks, check, container, error);
    return { kind: 'failed', output: messageOf(error).slice(0, maxOutputChars) };
  }
}

/** A command that could not be run tells of the workload only while the engine answers, and in time. */
async function judgeCommandError(
  checks: HealthChecks,
  check: Check,
  container: Container,
  error: unknown,
): Promise<CheckOutcome> {
  const isTimeout = error instanceof SkepError && error.code === 'Timeout';
  const isAway = error instanceof SkepError && error.code === 'Unavailable';
  const askedAt = checks.clock.now();
  if (isAway || !(await checks.engine.check())) return { kind: 'inconclusive' };
  const wasSlow = checks.clock.now() - askedAt > check.timeoutMs;
  if (isTimeout && wasSlow) return { kind: 'inconclusive' };
  const output = isTimeout ? messageOf(error) : failureOf(check, container, messageOf(error));
  return { kind: 'failed', output: output.slice(0, maxOutputChars) };
}

function failureOf(check: Check, container: Container, cause: string): string {
  switch (check.kind) {
    case 'tcp':
      return tcpFailure(container.ipAddress, check.port, cause);
    case 'http':
      return httpFailure(check.path, check.port, cause);
    case 'command':
      return `command '${check.args.join(' ')}' failed: ${cause}`;
  }
}

/** Exit status 0 is healthy; the end of what it wrote is the output. */
async function probeCommand(
  runtime: Pick<Runtime, 'exec'>,
  args: readonly string[],
  containerId: string,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const process = await runtime.exec(containerId, { args, tty: false, stdin: false, signal });
  const decoder = new TextDecoder();
  let text = '';
  for await (const { data } of process.output) {
    text = (text + decoder.decode(data, { stream: true })).slice(-maxOutputChars);
  }
  const status = await process.exitCode;
  if (status === 0) return { ok: true };
  const said = text.trim();
  const output = `command '${args.join(' ')}' exited with status ${status ?? 'unknown'}`;
  return { ok: false, output: said === '' ? output : `${output}: ${said}` };
}
