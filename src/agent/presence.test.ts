/** How long a cell stays present: as usual, and while its agent is about to be restarted. */
import { expect, it } from 'vitest';
import { virtualClock } from '../../test/kit/virtual-clock.ts';
import { seededRng } from '../base/core/rng.ts';
import { silentLog } from '../base/log.ts';
import { type CellPresence, cellPresenceSchema } from '../model/cell.ts';
import { keepPresence, type PresenceOptions } from './presence.ts';

const presence: CellPresence = cellPresenceSchema.parse({
  v: 1,
  cellId: 'a',
  bootId: 'b',
  capacity: { memoryMb: 1_024, diskMb: 1_024, containers: 10 },
  os: 'linux',
  arch: 'x64',
  address: '192.0.2.1',
  version: '1',
  engine: { ok: true, name: 'fake' },
  registeredAt: 0,
});

/** Servers that grant a lease at each `register` without one, or none at all; what they were asked. */
function world(isAnswered = true) {
  const clock = virtualClock();
  const stop = new AbortController();
  const asked: string[] = [];
  let leases = 0;
  const request = async (method: string, params: { leaseId?: string; ttlMs?: number }) => {
    if (!isAnswered) throw new Error('nobody answers');
    asked.push([method, params.leaseId, params.ttlMs].filter((word) => word !== undefined).join(' '));
    return { leaseId: params.leaseId ?? `lease-${++leases}`, ttlMs: 0, revision: 1 };
  };
  const links = { request } as unknown as PresenceOptions['links'];
  const options = { links, clock, rng: seededRng(1), log: silentLog, signal: stop.signal };
  const kept = keepPresence({ ...options, current: () => presence });
  return { clock, asked, kept, stop };
}

it('asks for a longer lease before a restart, keeps that, and goes back when none came', async () => {
  const { clock, asked, kept, stop } = world();
  await clock.advance(3_000);
  expect(asked).toEqual(['register', 'heartbeat lease-1']);
  const staying = kept.stayFor(90_000);
  await clock.advance(3_000);
  await staying;
  expect(asked.slice(2)).toEqual(['register 90000', 'heartbeat lease-2']);
  kept.stayNoLonger();
  await clock.advance(1_000);
  expect(asked.slice(4)).toEqual(['register']);
  stop.abort();
});

it('is as usual again when the restart has not come in that time', async () => {
  const { clock, asked, kept, stop } = world();
  const staying = kept.stayFor(10_000);
  await clock.advance(20_000);
  await staying;
  expect(asked.filter((line) => line.startsWith('register'))).toEqual([
    'register',
    'register 10000',
    'register',
  ]);
  stop.abort();
});

it('holds up no restart when no server answers', async () => {
  const { clock, kept, stop } = world(false);
  let isOver = false;
  const staying = kept.stayFor(90_000).then(() => {
    isOver = true;
  });
  await clock.advance(6_000);
  await staying;
  expect(isOver).toBe(true);
  stop.abort();
});
