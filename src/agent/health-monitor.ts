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
import type { Engine } from './engine.ts';
import { type Limit, limit } from './limit.ts';
import { httpFailure, type ProbeResult, type Prober, tcpFailure } from './prober.ts';
import type { Runtime } from './runtime.ts';

const maxChecksAtOnce = 64;
const maxOutputChars = 500;

export interface HealthChecks {
  readonly clock: Clock;
  readonly prober: Prober;
  readonly runtime: Pick<Runtime, 'exec' | 'inspect'>;
  readonly engine: Pick<Engine, 'check' | 'status'>;
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
    change(checkStartDeadline(health, clock.now()));
    for (const index of dueProbes(health, clock.now())) {
      const probe = health.probes[index];
      if (probe === undefined) continue;
      health = probeStarted(health, index);
      void outcomeOf(checks, probe.check, container, stopping.signal).then((outcome) => {
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

/** One check with its timeout; whatever goes wrong on our side is inconclusive. */
async function outcomeOf(
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
