import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type VirtualClock, virtualClock } from '../../test/kit/virtual-clock.ts';
import { seededRng } from '../base/core/rng.ts';
import { silentLog } from '../base/log.ts';
import type { Bbs } from '../store/bbs.ts';
import { createReplica } from '../store/follow-replica.ts';
import { type MemoryBbs, memoryBbs } from '../store/memory/memory-bbs.ts';
import type { ApiContext } from './context.ts';
import { write } from './write.ts';

const key = '/skep/v1/desired/web';

let clock: VirtualClock;
let bbs: MemoryBbs;
let abort: AbortController;
let following: Promise<void>;
let contextWith: (bbs: Bbs) => ApiContext;
beforeEach(async () => {
  clock = virtualClock();
  bbs = memoryBbs({ clock });
  abort = new AbortController();
  const replica = createReplica({ bbs, clock, log: silentLog });
  following = replica.run(abort.signal);
  contextWith = (used) => ({
    bbs: used,
    replica,
    clock,
    rng: seededRng(1),
    log: silentLog,
    clusterId: 'c',
    server: 's',
    version: '1',
    dispatcher: undefined as never,
  });
  await clock.settle();
});
afterEach(async () => {
  abort.abort();
  await clock.settle();
  await following;
});

const call = () => ({ actor: 'test', signal: abort.signal });
const readAndAdd = (context: ApiContext) =>
  write(context, call(), [key], ([record]) => {
    const value = String(Number(record?.value ?? 0) + 1);
    return { puts: [{ key, value }], result: value };
  });

/** Somebody else who writes the key between each read and the commit after it, `times` times. */
function meddled(times: number): Bbs & { commits: number } {
  const meddler = {
    ...bbs,
    commits: 0,
    async read(keys: readonly string[], options: { readonly signal: AbortSignal }) {
      const result = await bbs.read(keys, options);
      if (meddler.commits < times) {
        await bbs.commit([{ compare: [], puts: [{ key, value: '100' }] }], options);
      }
      return result;
    },
    commit(...args: Parameters<Bbs['commit']>) {
      meddler.commits += 1;
      return bbs.commit(...args);
    },
  };
  return meddler;
}

test('a conflict is read and decided anew', async () => {
  const meddler = meddled(2);
  const written = await readAndAdd(contextWith(meddler));
  expect(written.result).toBe('101');
  expect(meddler.commits).toBe(3);
});

test('[diego 106] after five conflicts it is given up with a reason', async () => {
  const meddler = meddled(99);
  await expect(readAndAdd(contextWith(meddler))).rejects.toMatchObject({
    code: 'ResourceConflict',
    hint: 'try again',
  });
  expect(meddler.commits).toBe(5);
});

test('a store that never answers is told so soon that the answer is there within two seconds', async () => {
  const silent: Bbs = { ...bbs, commit: () => new Promise(() => undefined) };
  const started = clock.now();
  const outcome = readAndAdd(contextWith(silent)).catch((error: unknown) => error);
  await clock.advanceUntil(() => clock.pendingTimers === 0, 5_000);
  expect(await outcome).toMatchObject({ code: 'Unavailable' });
  expect(clock.now() - started).toBeLessThanOrEqual(1_800);
});

describe('a server that knows that its copy is not fed', () => {
  const staleContext = (from: Bbs): ApiContext => {
    const context = contextWith(from);
    return { ...context, replica: { ...context.replica, staleReason: 'no leader' } as never };
  };
  test('refuses within half a second, and says that nothing was changed', async () => {
    const silent: Bbs = { ...bbs, read: () => new Promise(() => undefined) };
    const started = clock.now();
    const outcome = readAndAdd(staleContext(silent)).catch((error: unknown) => error);
    await clock.advanceUntil(() => clock.pendingTimers === 0, 5_000);
    expect(await outcome).toMatchObject({
      code: 'Unavailable',
      message: expect.stringMatching(/nothing was changed.*no leader/),
    });
    expect(clock.now() - started).toBeLessThanOrEqual(500);
  });
  test('writes when the quorum is back before the copy is', async () => {
    const context = staleContext(bbs);
    const lagging = { ...context.replica, staleReason: 'no leader', waitFor: () => Promise.resolve() };
    expect((await readAndAdd({ ...context, replica: lagging as never })).result).toBe('1');
  });
});

test('nothing to write commits nothing', async () => {
  const meddler = meddled(0);
  const written = await write(contextWith(meddler), call(), [key], () => ({ result: 'same' }));
  expect(written.result).toBe('same');
  expect(meddler.commits).toBe(0);
});

test('a copy that lags does not undo a change that is made', async () => {
  const context = contextWith(bbs);
  const lagging: ApiContext = {
    ...context,
    replica: { ...context.replica, waitFor: () => Promise.reject(new Error('late')) } as never,
  };
  expect((await readAndAdd(lagging)).result).toBe('1');
});
