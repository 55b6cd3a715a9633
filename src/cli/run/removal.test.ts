import { expect, onTestFinished, test } from 'vitest';
import { virtualClock } from '../../../test/kit/virtual-clock.ts';
import { SkepError } from '../../base/core/errors.ts';
import { silentLog } from '../../base/log.ts';
import type { EtcdHealth } from '../../store/etcd/supervisor.ts';
import { askAfterMs, untilRemoved } from './removal.ts';

const running: EtcdHealth = { state: 'running', reason: '' };
const waiting: EtcdHealth = { state: 'starting', reason: 'no leader' };

function bench(standing?: () => Promise<string | undefined>) {
  const clock = virtualClock();
  const ending = new AbortController();
  onTestFinished(() => ending.abort());
  const it = { clock, health: running as EtcdHealth, asked: 0, outcome: undefined as string | undefined };
  const ask = async (): Promise<string | undefined> => {
    it.asked += 1;
    return await standing?.();
  };
  const signs = { health: () => it.health, standing: standing && ask };
  void untilRemoved(signs, { clock, log: silentLog }, ending.signal).then(
    (how) => {
      it.outcome = how;
    },
    () => undefined,
  );
  return it;
}

test('a server whose etcd serves asks nobody', async () => {
  const it = bench(async () => 'removed');
  await it.clock.advance(60_000);
  expect(it.asked).toBe(0);
  expect(it.outcome).toBeUndefined();
});

test("its own etcd's word is enough", async () => {
  const it = bench();
  it.health = { ...waiting, isRemoved: true };
  await it.clock.advance(1_000);
  expect(it.outcome).toBe('the cluster has removed it');
});

test('whom the others’ etcd refuses hears from their API that it was removed', async () => {
  const others: { answer?: string } = {};
  const it = bench(async () => others.answer);
  it.health = waiting;
  await it.clock.advance(askAfterMs - 1_000);
  expect(it.asked).toBe(0);
  await it.clock.advance(3 * askAfterMs);
  expect(it.asked).toBe(3);
  expect(it.outcome).toBeUndefined();
  others.answer = 'b was removed from the servers';
  await it.clock.advance(askAfterMs + 500);
  expect(it.outcome).toBe('b was removed from the servers');
});

test('servers that cannot be reached say nothing: it goes on as a server', async () => {
  const it = bench(async () => {
    throw new SkepError('Unavailable', 'nobody answers');
  });
  it.health = waiting;
  await it.clock.advance(60_000);
  expect(it.asked).toBeGreaterThan(5);
  expect(it.outcome).toBeUndefined();
});
