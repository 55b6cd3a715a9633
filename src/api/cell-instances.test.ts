/** What a cell tells of instances: started, crashed, stopped. */
import { describe, expect, test } from 'vitest';
import {
  cell,
  cellRequests,
  crashed,
  netInfo,
  other,
  started,
  stopped,
  web,
} from '../../test/kit/cell-requests.ts';
import { silentLog } from '../base/log.ts';
import { type ActualLrp, retire, withPresence } from '../model/actual-lrp.ts';
import { encode } from '../store/core/codec.ts';
import { actualKey } from '../store/core/keys.ts';
import { createReplica } from '../store/follow-replica.ts';
import type { MemoryBbs } from '../store/memory/memory-bbs.ts';
import { commitQueue } from './cell-commits.ts';

const s = cellRequests();

describe('started', () => {
  test('[diego 109, 291] makes the claim RUNNING and writes it into the journal; again changes nothing', async () => {
    await s().put(actualKey(web, 0), encode(s().claimed()));
    expect(await s().ask('started', started())).toBe('');
    expect(await s().actual()).toMatchObject({ state: 'RUNNING', containerId: 'c-1', netInfo });
    const revision = s().bbs.store.revision;
    expect(await s().ask('started', started())).toBe('');
    expect(s().bbs.store.revision).toBe(revision);
    expect(s().events()).toEqual(['instance.running web/0: running on cell-1 at 10.0.0.1:61001']);
  });

  test.each([
    ['another instance guid', 'i-2', cell],
    ['another cell', 'i-1', other],
  ])('is refused for %s', async (_, instanceGuid, cellId) => {
    await s().put(actualKey(web, 0), encode(s().claimed()));
    expect(await s().ask('started', started(instanceGuid), s().contextOf(cellId))).toBe(
      'ActualLRPCannotBeStarted',
    );
    expect(await s().actual()).toMatchObject({ state: 'CLAIMED' });
  });

  test('[diego 280] is refused when there is no record', async () => {
    expect(await s().ask('started', started())).toBe('ActualLRPCannotBeStarted');
  });

  test('never tells a cell to stop because a record cannot be read', async () => {
    await s().put(actualKey(web, 0), '{broken');
    expect(await s().ask('started', started())).toBe('Unavailable');
  });

  test('is right although the replica is behind', async () => {
    const old = createReplica({ bbs: s().bbs, clock: s().clock, log: silentLog });
    const frozen = new AbortController();
    void old.run(frozen.signal);
    await s().clock.settle();
    frozen.abort();
    await s().put(actualKey(web, 0), encode(s().claimed()));
    expect(await s().ask('started', started(), s().contextOf(cell, old))).toBe('');
    expect(await s().actual()).toMatchObject({ state: 'RUNNING' });
  });

  test('[diego 263] of a suspect is no news until the replacement runs, and refused then', async () => {
    const suspect = withPresence(s().claimed('i-1'), 'SUSPECT', s().clock.now());
    await s().put(actualKey(web, 0, 'suspect'), encode(suspect));
    await s().put(actualKey(web, 0), encode(s().claimed('i-2', other)));
    expect(await s().ask('started', started('i-1'))).toBe('');
    expect(await s().actual('suspect')).toMatchObject({ state: 'CLAIMED', presence: 'SUSPECT' });
    expect(await s().ask('started', started('i-2'), s().contextOf(other))).toBe('');
    expect(await s().actual('suspect')).toBeUndefined();
    expect(await s().actual()).toMatchObject({ state: 'RUNNING', cellId: other });
    expect(await s().ask('started', started('i-1'))).toBe('ActualLRPCannotBeStarted');
  });

  test('of an evacuating one is written to its own record, and refused to none else', async () => {
    await s().put(actualKey(web, 0), encode(s().claimed('i-1')));
    expect(await s().ask('started', started('i-1'))).toBe('');
    const running = (await s().actual()) as ActualLrp;
    await s().put(
      actualKey(web, 0, 'evacuating'),
      encode(withPresence(running, 'EVACUATING', s().clock.now())),
    );
    await s().put(actualKey(web, 0), encode(s().claimed('i-2', other)));
    expect(await s().ask('started', { ...started('i-1'), routable: false, checkOutput: 'sick' })).toBe('');
    expect(await s().actual('evacuating')).toMatchObject({ routable: false, checkOutput: 'sick' });
    expect(await s().ask('started', started('i-2'), s().contextOf(other))).toBe('');
    expect(await s().actual('evacuating')).toMatchObject({ presence: 'EVACUATING' });
  });

  test('hundreds at once go in a few commits', async () => {
    for (let index = 0; index < 300; index++) {
      await s().put(actualKey(web, index), encode(s().claimed(`i-${index}`, cell, index)));
    }
    let commits = 0;
    const counted = {
      ...s().bbs,
      commit: ((...args) => (commits++, s().bbs.commit(...args))) as MemoryBbs['commit'],
    };
    const context = { ...s().contextOf(), commits: commitQueue(counted, s().life.signal) };
    const answers = await Promise.all(
      Array.from({ length: 300 }, (_, index) =>
        s().ask('started', { ...started(`i-${index}`), index }, context),
      ),
    );
    expect(new Set(answers)).toEqual(new Set(['']));
    expect(commits).toBeLessThan(5);
  });

  test('said again before it was answered is written once, and both are answered', async () => {
    await s().put(actualKey(web, 0), encode(s().claimed()));
    const written: number[] = [];
    const counted: MemoryBbs = {
      ...s().bbs,
      commit: (mutations, options) => {
        written.push(mutations.length);
        return s().bbs.commit(mutations, options);
      },
    };
    const context = { ...s().contextOf(), commits: commitQueue(counted, s().life.signal) };
    const both = [s().ask('started', started(), context), s().ask('started', started(), context)];
    expect(await Promise.all(both)).toEqual(['', '']);
    expect(written).toEqual([1]);
    expect(context.reports.size).toBe(0);
  });
});

describe('crashed', () => {
  test('[diego 143, 292] restarts by policy, with the reason in record and journal', async () => {
    await s().put(actualKey(web, 0), encode(s().claimed()));
    expect(await s().ask('crashed', crashed())).toBe('');
    expect(await s().actual()).toMatchObject({
      state: 'UNCLAIMED',
      crashCount: 1,
      crashReason: 'exited with status 3',
    });
    expect(s().events()).toEqual(['instance.crashed web/0: exited with status 3']);
    expect(await s().ask('crashed', crashed())).toBe('ActualLRPCannotBeCrashed');
  });

  test('[diego 141] is refused for another instance, and not found where there is none', async () => {
    expect(await s().ask('crashed', crashed())).toBe('ResourceNotFound');
    await s().put(actualKey(web, 0), encode(s().claimed('i-2')));
    expect(await s().ask('crashed', crashed())).toBe('ActualLRPCannotBeCrashed');
    expect(await s().actual()).toMatchObject({ state: 'CLAIMED', instanceGuid: 'i-2' });
  });

  test('[diego 264] of a suspect removes the suspect and leaves the replacement alone', async () => {
    await s().put(
      actualKey(web, 0, 'suspect'),
      encode(withPresence(s().claimed('i-1'), 'SUSPECT', s().clock.now())),
    );
    await s().put(actualKey(web, 0), encode(s().claimed('i-2', other)));
    expect(await s().ask('crashed', crashed('i-1'))).toBe('');
    expect(await s().actual('suspect')).toBeUndefined();
    expect(await s().actual()).toMatchObject({ state: 'CLAIMED', instanceGuid: 'i-2' });
  });

  test('[diego 244, 247] of an evacuating one removes it and leaves the replacement alone', async () => {
    const running = { ...s().claimed('i-1'), state: 'RUNNING' } as const;
    await s().put(
      actualKey(web, 0, 'evacuating'),
      encode(withPresence(running, 'EVACUATING', s().clock.now())),
    );
    await s().put(actualKey(web, 0), encode(s().claimed('i-2', other)));
    expect(await s().ask('crashed', crashed('i-1'))).toBe('');
    expect(await s().actual('evacuating')).toBeUndefined();
    expect(await s().actual()).toMatchObject({ state: 'CLAIMED', instanceGuid: 'i-2' });
  });

  test('of one that was told to stop is the stop, not a crash', async () => {
    const move = retire(s().claimed(), 'scaled down', s().clock.now());
    await s().put(actualKey(web, 0), encode(move.ok ? move.next : s().claimed()));
    expect(await s().ask('crashed', crashed())).toBe('');
    expect(await s().actual()).toBeUndefined();
    expect(s().events()).toEqual([]);
  });
});

describe('stopped', () => {
  test('is not taken for done by a server whose copy does not know the record yet', async () => {
    await s().put(actualKey(web, 0), encode(s().claimed()));
    const old = createReplica({ bbs: s().bbs, clock: s().clock, log: silentLog });
    expect(await s().ask('stopped', stopped(), s().contextOf(cell, old))).toBe('');
    expect(await s().actual()).toBeUndefined();
  });

  test('[diego 248] deletes the evacuating record of that very instance only', async () => {
    const running = { ...s().claimed('i-1'), state: 'RUNNING' } as const;
    await s().put(
      actualKey(web, 0, 'evacuating'),
      encode(withPresence(running, 'EVACUATING', s().clock.now())),
    );
    expect(await s().ask('stopped', stopped('i-9'))).toBe('');
    expect(await s().actual('evacuating')).toBeDefined();
    expect(await s().ask('stopped', stopped('i-1'))).toBe('');
    expect(await s().actual('evacuating')).toBeUndefined();
  });

  test('keeps of a sticky index a fresh record that knows its home', async () => {
    const move = retire({ ...s().claimed(), home: cell, crashCount: 3 }, 'told to', s().clock.now());
    await s().put(actualKey(web, 0), encode(move.ok ? move.next : s().claimed()));
    expect(await s().ask('stopped', stopped())).toBe('');
    expect(await s().actual()).toMatchObject({ state: 'UNCLAIMED', home: cell, crashCount: 0 });
    expect(await s().actual()).not.toHaveProperty('retire');
  });

  test('[diego 108] deletes the record, and is fine when it has gone or is another', async () => {
    await s().put(actualKey(web, 0), encode(s().claimed()));
    expect(await s().ask('stopped', stopped('i-9'))).toBe('');
    expect(await s().actual()).toBeDefined();
    expect(await s().ask('stopped', stopped(), s().contextOf(other))).toBe('');
    expect(await s().actual()).toBeDefined();
    expect(await s().ask('stopped', stopped())).toBe('');
    expect(await s().actual()).toBeUndefined();
    expect(await s().ask('stopped', stopped())).toBe('');
  });
});
