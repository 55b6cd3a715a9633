import { expect, test } from 'vitest';
import type { Check } from '../../model/check.ts';
import {
  checkStartDeadline,
  dueProbes,
  type Health,
  lastOutput,
  nextHealthAt,
  probeEnded,
  probeStarted,
  startHealth,
} from './health.ts';

const tcp = (port: number, intervalMs = 30_000): Check => ({
  kind: 'tcp',
  port,
  timeoutMs: 1_000,
  intervalMs,
});
const plan = (checks: Check[], readinessChecks: Check[] = [], startTimeoutMs = 60_000) => ({
  checks,
  readinessChecks,
  startTimeoutMs,
});
const passed = { kind: 'passed' } as const;
const failed = (output: string) => ({ kind: 'failed', output }) as const;
const run = (health: Health, index: number, outcome: Parameters<typeof probeEnded>[2], now: number): Health =>
  probeEnded(probeStarted(health, index), index, outcome, now);

test('without checks an instance is healthy and routable at once', () => {
  const health = startHealth(plan([]), { startedAt: 0 }, 0);
  expect(health).toMatchObject({ phase: 'healthy', routable: true });
  expect(nextHealthAt(health)).toBeUndefined();
});

test('[diego 155] each check passes once before any is a liveness check', () => {
  let health = startHealth(plan([tcp(1), tcp(2)]), { startedAt: 0 }, 0);
  expect(dueProbes(health, 0)).toEqual([0, 1]);
  health = run(health, 0, passed, 10);
  health = run(health, 1, failed('no'), 10);
  expect(health.phase).toBe('starting');
  expect(dueProbes(health, 109)).toEqual([]);
  expect(dueProbes(health, 110)).toEqual([1]);
  health = run(health, 1, passed, 2_020);
  expect(health).toMatchObject({ phase: 'healthy', routable: true });
  expect(nextHealthAt(health)).toBe(32_020);
});

test('a probe that runs is not started again', () => {
  const health = probeStarted(startHealth(plan([tcp(1)]), { startedAt: 0 }, 0), 0);
  expect(dueProbes(health, 100_000)).toEqual([]);
});

test('[diego 149] the start timeout tells what each check said last', () => {
  let health = startHealth(plan([tcp(1), tcp(2)], [], 3_000), { startedAt: 0 }, 0);
  health = run(health, 0, failed('one'), 10);
  health = run(health, 1, failed('two'), 10);
  expect(checkStartDeadline(health, 2_999)).toBe(health);
  const late = checkStartDeadline(health, 3_000);
  expect(late).toMatchObject({ phase: 'failed', verdict: 'Instance never healthy after 3s: one; two' });
  expect(nextHealthAt(late)).toBeUndefined();
});

test('[diego 134] without a start timeout only a check is waited for', () => {
  const health = startHealth(plan([tcp(1)], [], 0), { startedAt: 0 }, 0);
  expect(checkStartDeadline(health, 1e12)).toBe(health);
});

test('[diego 155] either of two liveness checks ends the instance', () => {
  const healthy = startHealth(plan([tcp(1), tcp(2)]), { startedAt: 0, adopted: { routable: true } }, 0);
  expect(run(healthy, 1, failed('gone'), 30_000).verdict).toBe(
    'Instance became unhealthy: Liveness check unsuccessful: gone',
  );
});

test('[diego 157] readiness flips routes and never fails', () => {
  let health = startHealth(plan([], [tcp(1, 1_000), tcp(2, 1_000)]), { startedAt: 0 }, 0);
  expect(health).toMatchObject({ phase: 'healthy', routable: false });
  health = run(health, 0, passed, 0);
  expect(health.routable).toBe(false);
  health = run(health, 1, passed, 0);
  expect(health.routable).toBe(true);
  health = run(health, 0, failed('busy'), 1_000);
  expect(health).toMatchObject({ phase: 'healthy', routable: false, verdict: undefined });
  expect(lastOutput(health)).toBe('busy');
  expect(run(health, 0, passed, 3_000).routable).toBe(true);
});

test('readiness is not asked before the instance is healthy', () => {
  const health = startHealth(plan([tcp(1)], [tcp(2)]), { startedAt: 0 }, 0);
  expect(dueProbes(health, 0)).toEqual([0]);
  expect(dueProbes(run(health, 0, passed, 5), 5)).toEqual([1]);
});

test('an outcome that says nothing changes nothing but the time', () => {
  const healthy = startHealth(plan([tcp(1)]), { startedAt: 0, adopted: { routable: true } }, 0);
  const after = run(healthy, 0, { kind: 'inconclusive' }, 30_000);
  expect(after).toMatchObject({ phase: 'healthy', routable: true, verdict: undefined });
  expect(nextHealthAt(after)).toBe(32_000);
});

test("a check that does not pass yet is asked soon, then at Diego's pace", () => {
  let health = startHealth(plan([tcp(1)]), { startedAt: 0 }, 0);
  const pauses: number[] = [];
  for (let now = 0; pauses.length < 7; ) {
    health = run(health, 0, failed('no'), now);
    const next = nextHealthAt(health) ?? 0;
    pauses.push(next - now);
    now = next;
  }
  expect(pauses).toEqual([100, 200, 400, 800, 1_600, 2_000, 2_000]);
});
