import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ActualLrp } from '../../model/actual-lrp.ts';
import { newActualLrp } from '../../model/actual-lrp.ts';
import type { CellPresence } from '../../model/cell.ts';
import { defaults } from '../../model/defaults.ts';
import { type DesiredLrp, desiredLrpSpecSchema, desireLrp } from '../../model/desired-lrp.ts';
import type { JournalEvent } from '../../model/event.ts';
import type { CellId, InstanceGuid, ProcessGuid, TaskGuid } from '../../model/ids.ts';
import { desireTask, type Task, taskSpecSchema } from '../../model/task.ts';
import { encode, type Noun } from './codec.ts';
import { MutableState } from './fold.ts';
import {
  actualKey,
  desiredKey,
  domainKey,
  eventKey,
  leaderKey,
  presenceKey,
  serverKey,
  taskKey,
} from './keys.ts';
import type { Change } from './records.ts';

const web = 'web' as ProcessGuid;
const cellA = 'cell-a' as CellId;
const cellB = 'cell-b' as CellId;
const guidOf = (text: string): InstanceGuid => text as InstanceGuid;

let revision = 1;
/** A put of a noun (or of raw text) at the next revision. */
const put = (key: string, value: Noun | string): Change => ({
  key,
  record: { key, value: typeof value === 'string' ? value : encode(value), revision: ++revision },
});
const gone = (key: string): Change => ({ key, record: undefined });
const apply = (state: MutableState, ...changes: Change[]) => state.apply(changes, revision);

function desired(guid = web): DesiredLrp {
  return desireLrp(desiredLrpSpecSchema.parse({ guid, image: 'busybox' }), 1, 'e');
}
function actual(index: number, change: Partial<ActualLrp> = {}, guid = web): ActualLrp {
  return { ...newActualLrp({ guid, index, domain: 'default' }, 1, 'e'), ...change };
}
const claimed = (index: number, cellId: CellId, instance: string, more: Partial<ActualLrp> = {}): ActualLrp =>
  actual(index, { state: 'CLAIMED', cellId, instanceGuid: guidOf(instance), ...more });
function task(guid: string, change: Partial<Task> = {}): Task {
  return { ...desireTask(taskSpecSchema.parse({ guid, image: 'busybox' }), 1), ...change };
}
const event = (at: number): JournalEvent => ({ v: 1, type: 'lrp.desired', at, subject: 'web', message: 'm' });
function presence(cellId: CellId): CellPresence {
  const capacity = { memoryMb: 1, diskMb: 1, containers: 1 };
  const engine = { ok: true, name: 'docker' };
  const lists = { labels: {}, requiredTags: [], optionalTags: [], volumeDrivers: [], runtimes: [] };
  const rest = {
    ...lists,
    zone: 'z',
    capacity,
    os: 'linux',
    arch: 'x64',
    address: '127.0.0.1',
    version: '1',
    engine,
  };
  return { v: 1, cellId, bootId: 'b', registeredAt: 1, ...rest };
}

describe('records', () => {
  test('of every kind come and go, and each says what it touched', () => {
    const state = new MutableState();
    const leader = { v: 1 as const, server: 's', raftTerm: 1, since: 1 };
    const server = {
      v: 1 as const,
      server: 's',
      apiAddress: 'h:1',
      memberId: 'm',
      version: '1',
      startedAt: 1,
    };
    const domain = { v: 1 as const, name: 'd', ttlSeconds: 0, updatedAt: 1 };
    const came = apply(
      state,
      put(desiredKey(web), desired()),
      put(actualKey(web, 3), actual(3)),
      put(taskKey('t' as TaskGuid), task('t')),
      put(presenceKey(cellA), presence(cellA)),
      put(domainKey('d'), domain),
      put(leaderKey, leader),
      put(serverKey('s'), server),
      put(eventKey(5, 'x'), event(5)),
      put('/skep/v1/unknown/thing', 'whatever'),
      put('/elsewhere', 'whatever'),
    );
    expect(came).toMatchObject({ all: false, leader: true, servers: true, events: ['0000000000005-x'] });
    expect(came.lrps).toEqual(new Map([[web, new Set([-1, 3])]]));
    expect([...came.tasks, ...came.cells, ...came.domains]).toEqual(['t', cellA, 'd']);
    expect(came.assignments.size).toBe(0);
    expect(state.revision).toBe(revision);
    expect(state.desired.get(web)).toMatchObject({ key: desiredKey(web), value: { guid: 'web' } });
    expect(state.actual.get(web)?.get(3)?.ordinary?.value.state).toBe('UNCLAIMED');
    expect(state.leader?.value).toEqual(leader);
    expect(state.servers.get('s')?.value).toEqual(server);
    expect(state.corrupt.size).toBe(0);

    const keys = [desiredKey(web), actualKey(web, 3), taskKey('t' as TaskGuid), presenceKey(cellA)];
    const went = apply(
      state,
      ...[...keys, domainKey('d'), leaderKey, serverKey('s'), eventKey(5, 'x')].map(gone),
    );
    expect(went).toMatchObject({ leader: true, servers: true, events: [] });
    expect(went.lrps).toEqual(new Map([[web, new Set([-1, 3])]]));
    expect(contentOf(state)).toEqual(contentOf(new MutableState()));
  });

  test('a snapshot replaces everything in the same state', () => {
    const state = new MutableState();
    apply(
      state,
      put(actualKey(web, 0), claimed(0, cellA, 'i')),
      put(eventKey(1, 'x'), event(1)),
      put(leaderKey, 'x'),
    );
    const record = put(desiredKey(web), desired()).record;
    const touched = state.replace({ revision: 99, records: record ? [record] : [] });
    expect(touched).toMatchObject({ all: true });
    expect(state.revision).toBe(99);
    expect([...state.desired.keys()]).toEqual([web]);
    expect([
      state.actual.size,
      state.events.size,
      state.claimsByCell.size,
      state.byInstanceGuid.size,
      state.corrupt.size,
    ]).toEqual([0, 0, 0, 0, 0]);
  });
  test('a snapshot that is read in steps leaves the old state whole until the last of them', () => {
    const state = new MutableState();
    apply(state, put(actualKey(web, 0), claimed(0, cellA, 'i')));
    const records = Array.from({ length: 2_500 }, (_, index) => {
      return { key: actualKey(web, index), value: encode(claimed(index, cellA, `n${index}`)), revision: 9 };
    });
    const before = contentOf(state);
    const steps = state.replaceSteps({ revision: 99, records });
    for (let step = 0; step < 2; step++) {
      expect(steps.next().done).toBe(false);
      expect(contentOf(state)).toEqual(before);
    }
    expect(steps.next().done).toBe(true);
    expect([state.revision, state.actual.get(web)?.size]).toEqual([99, 2_500]);
    expect(state.claimsByCell.get(cellA)?.size).toBe(2_500);
  });
});

describe('what this process writes itself', () => {
  const key = actualKey(web, 0);
  const noun = claimed(0, cellA, 'one');
  const own = { compare: [], puts: [{ key, value: encode(noun), noun }] };

  test('is not read again, once, when it comes back', () => {
    const state = new MutableState();
    state.expect([own]);
    apply(state, put(key, noun));
    expect(state.actual.get(web)?.get(0)?.ordinary).toMatchObject({ key, revision });
    expect(state.actual.get(web)?.get(0)?.ordinary?.value).toBe(noun);
    apply(state, put(key, noun));
    expect(state.actual.get(web)?.get(0)?.ordinary?.value).not.toBe(noun);
    expect(state.actual.get(web)?.get(0)?.ordinary?.value).toEqual(noun);
  });

  test('counts under its key and with its text only', () => {
    const state = new MutableState();
    state.expect([own]);
    apply(state, put(key, { ...noun, crashCount: 3 }));
    expect(state.actual.get(web)?.get(0)?.ordinary?.value.crashCount).toBe(3);
    apply(state, put(actualKey(web, 1), noun));
    expect(state.corrupt.get(actualKey(web, 1))).toContain('index');
    const other = actualKey(web, 2);
    state.expect([{ compare: [], puts: [{ key: other, value: encode(noun), noun }] }]);
    apply(state, put(other, noun));
    expect(state.corrupt.get(other)).toContain('index');
  });
});

describe('claims', () => {
  test('follow a record from cell to cell and out', () => {
    const state = new MutableState();
    const key = actualKey(web, 0);
    expect(new Set(apply(state, put(key, claimed(0, cellA, 'one'))).assignments.keys())).toEqual(
      new Set([cellA]),
    );
    const record = state.actual.get(web)?.get(0)?.ordinary;
    const ref = { guid: web, index: 0, slot: 'ordinary', record };
    expect(record?.value.instanceGuid).toBe('one');
    expect(state.claimsByCell).toEqual(new Map([[cellA, new Map([[key, ref]])]]));
    expect(state.byInstanceGuid).toEqual(new Map([['one', ref]]));
    const moved = apply(state, put(key, claimed(0, cellB, 'two', { state: 'RUNNING' })));
    expect(new Set(moved.assignments.keys())).toEqual(new Set([cellA, cellB]));
    expect([...state.claimsByCell.keys()]).toEqual([cellB]);
    expect([...state.byInstanceGuid.keys()]).toEqual(['two']);
    apply(state, put(key, claimed(0, cellB, 'two', { state: 'RUNNING', containerId: 'c' })));
    const held = [state.claimsByCell.get(cellB)?.get(key), state.byInstanceGuid.get(guidOf('two'))];
    expect(held.map((one) => one?.record)).toEqual(Array(2).fill(state.actual.get(web)?.get(0)?.ordinary));
    expect(held[0]?.record.value.containerId).toBe('c');
    expect(new Set(apply(state, put(key, actual(0))).assignments.keys())).toEqual(new Set([cellB]));
    expect([state.claimsByCell.size, state.byInstanceGuid.size]).toEqual([0, 0]);
    expect(apply(state, put(key, actual(0, { crashCount: 1 }))).assignments.size).toBe(0);
  });

  test.each(['put first', 'deletion first'])(
    'an instance that moves between the slots is found (%s)',
    (order) => {
      const state = new MutableState();
      apply(state, put(actualKey(web, 0), claimed(0, cellA, 'one')));
      const moves = [
        put(actualKey(web, 0, 'suspect'), claimed(0, cellA, 'one', { presence: 'SUSPECT' })),
        gone(actualKey(web, 0)),
      ];
      apply(state, ...(order === 'put first' ? moves : moves.toReversed()));
      expect(state.byInstanceGuid.get(guidOf('one'))).toMatchObject({ guid: web, index: 0, slot: 'suspect' });
      expect([...(state.claimsByCell.get(cellA)?.keys() ?? [])]).toEqual([actualKey(web, 0, 'suspect')]);
      const slots = state.actual.get(web)?.get(0);
      expect([slots?.ordinary, slots?.suspect?.value.instanceGuid]).toEqual([undefined, 'one']);
    },
  );

  test('a desired record touches the cells that run it, and no others', () => {
    const state = new MutableState();
    apply(
      state,
      put(actualKey(web, 0), claimed(0, cellA, 'one')),
      put(actualKey(web, 1, 'suspect'), claimed(1, cellB, 'two', { presence: 'SUSPECT' })),
      put(actualKey('other' as ProcessGuid, 0), {
        ...claimed(0, 'cell-c' as CellId, 'three'),
        guid: 'other' as ProcessGuid,
      }),
    );
    expect(new Set(apply(state, put(desiredKey(web), desired())).assignments.keys())).toEqual(
      new Set([cellA, cellB]),
    );
  });

  test('tasks count where they may start or run', () => {
    const state = new MutableState();
    const guid = 't' as TaskGuid;
    const key = taskKey(guid);
    expect(apply(state, put(key, task('t'))).assignments.size).toBe(0);
    expect(new Set(apply(state, put(key, task('t', { cellId: cellA }))).assignments.keys())).toEqual(
      new Set([cellA]),
    );
    apply(state, put(key, task('t', { cellId: cellA, state: 'RUNNING' })));
    expect(state.tasksByCell).toEqual(new Map([[cellA, new Set([guid])]]));
    const done = apply(state, put(key, task('t', { cellId: cellA, state: 'COMPLETED' })));
    expect(new Set(done.assignments.keys())).toEqual(new Set([cellA]));
    expect(state.tasksByCell.size).toBe(0);
    expect(apply(state, gone(key)).assignments.size).toBe(0);
  });
});

describe('corrupt records', () => {
  const key = actualKey(web, 0);

  test.each([
    ['{', 'is not JSON'],
    ['{"v":2}', 'v: '],
    [encode(actual(1)), 'index: is 1 under the key of 0'],
    [encode(actual(0, {}, 'other' as ProcessGuid)), 'guid: is "other" under the key of "web"'],
    [encode(actual(0, { presence: 'SUSPECT' })), 'presence: is "SUSPECT" under the key of "ORDINARY"'],
  ])('%s leaves the maps for `corrupt` with its reason', (text, reason) => {
    const state = new MutableState();
    apply(state, put(key, claimed(0, cellA, 'one')), put(actualKey(web, 1), actual(1)));
    const touched = apply(state, put(key, text));
    expect(state.corrupt.get(key)).toContain(reason);
    expect(state.actual.get(web)?.has(0)).toBe(false);
    expect([state.claimsByCell.size, state.byInstanceGuid.size]).toEqual([0, 0]);
    expect(touched.lrps.get(web)).toEqual(new Set([0]));
    expect(new Set(touched.assignments.keys())).toEqual(new Set([cellA]));
    expect(state.actual.get(web)?.has(1)).toBe(true);
  });

  test('stop being corrupt once they can be read again, or are gone', () => {
    const state = new MutableState();
    apply(state, put(key, '{'), put(leaderKey, '[]'));
    expect([...state.corrupt.keys()]).toEqual([key, leaderKey]);
    apply(state, put(key, actual(0)), gone(leaderKey));
    expect(state.corrupt.size).toBe(0);
    expect(state.actual.get(web)?.size).toBe(1);
  });
});

describe('the journal', () => {
  test('keeps the newest, oldest first, whatever the order they come in', () => {
    const state = new MutableState();
    const max = defaults.eventJournalMax;
    apply(state, ...Array.from({ length: max }, (_, i) => put(eventKey(1_000 + i, 'a'), event(1_000 + i))));
    const touched = apply(state, put(eventKey(1_500, 'b'), event(1_500)), put(eventKey(1, 'late'), event(1)));
    expect(touched.events).toEqual(['0000000001500-b']);
    expect(state.events.size).toBe(max);
    const ids = [...state.events.keys()];
    expect(ids).toEqual(ids.toSorted());
    expect(ids[0]).toBe('0000000001001-a');
    apply(state, gone(eventKey(1_500, 'a')), gone(eventKey(1, 'late')));
    expect(state.events.size).toBe(max - 1);
    apply(state, put(eventKey(1_500, 'a'), event(1_500)));
    expect([...state.events.keys()]).toEqual(ids);
  });
});

test('following changes gives what a snapshot of their result gives', () => {
  const cell = fc.constantFrom(cellA, cellB);
  const slot = fc.constantFrom('ordinary' as const, 'suspect' as const);
  const state = fc.constantFrom('UNCLAIMED' as const, 'CLAIMED' as const, 'RUNNING' as const);
  const index = fc.nat(2);
  const actualChange = fc
    .tuple(index, slot, state, cell, fc.nat(3))
    .map(([at, where, is, on, n]): [string, string] => [
      actualKey(web, at, where),
      encode(
        actual(at, {
          presence: where === 'suspect' ? 'SUSPECT' : 'ORDINARY',
          state: is,
          // One guid is in one place at a time, as the store's own transactions keep it.
          ...(is === 'UNCLAIMED' ? {} : { cellId: on, instanceGuid: guidOf(`${at}-${where}-${n}`) }),
        }),
      ),
    ]);
  const taskChange = fc
    .tuple(
      fc.constantFrom('t', 'u'),
      fc.constantFrom('PENDING' as const, 'RUNNING' as const, 'COMPLETED' as const),
      cell,
    )
    .map(([guid, is, cellId]): [string, string] => [
      taskKey(guid as TaskGuid),
      encode(task(guid, { state: is, cellId })),
    ]);
  const other = fc.constantFrom<[string, string]>(
    [desiredKey(web), encode(desired())],
    [presenceKey(cellA), encode(presence(cellA))],
    [actualKey(web, 0), 'corrupt'],
    [taskKey('t' as TaskGuid), '{}'],
    [eventKey(1, 'a'), encode(event(1))],
    [eventKey(2, 'b'), encode(event(2))],
    [leaderKey, encode({ v: 1, server: 's', raftTerm: 1, since: 1 })],
  );
  const step = fc.tuple(fc.oneof(actualChange, taskChange, other), fc.boolean());
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const followed = new MutableState();
      const store = new Map<string, NonNullable<Change['record']>>();
      for (const [[key, value], remove] of steps) {
        const change = remove ? gone(key) : put(key, value);
        if (change.record === undefined) store.delete(key);
        else store.set(key, change.record);
        apply(followed, change);
      }
      const loaded = new MutableState();
      loaded.replace({ revision, records: [...store.values()].toSorted((a, b) => (a.key < b.key ? -1 : 1)) });
      expect(contentOf(followed)).toEqual(contentOf(loaded));
      expect([...followed.events.keys()]).toEqual([...loaded.events.keys()]);
    }),
  );
});

/** Everything that a state holds, for comparing. */
function contentOf(state: MutableState): Record<string, unknown> {
  const { desired: d, actual: a, tasks, cells, domains, servers, leader, events, corrupt } = state;
  const { claimsByCell, tasksByCell, byInstanceGuid } = state;
  return {
    d,
    a: slotsOf(a),
    tasks,
    cells,
    domains,
    servers,
    leader,
    events,
    corrupt,
    claimsByCell,
    tasksByCell,
    byInstanceGuid,
  };
}

/** A slot that was never filled and one that was emptied are the same. */
function slotsOf(map: MutableState['actual']): unknown[] {
  return [...map].flatMap(([guid, indexes]) =>
    [...indexes]
      .map(([index, { ordinary, suspect }]) => ({ guid, index, ordinary, suspect }))
      .sort((x, y) => x.index - y.index),
  );
}
