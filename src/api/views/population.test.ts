import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type ActualChange,
  buildActual,
  buildCell,
  buildDesired,
  buildDrained,
  buildTask,
  builtAt,
} from '../../../test/kit/builders.ts';
import { type StateReplica, stateReplica } from '../../../test/kit/state-replica.ts';
import type { CellId } from '../../model/ids.ts';
import type { Noun } from '../../store/core/codec.ts';
import {
  actualKey,
  cellSpecKey,
  desiredKey,
  eventKey,
  presenceKey,
  rosterKey,
  taskKey,
} from '../../store/core/keys.ts';
import { viewColumns } from '../core/view-columns.ts';
import { parseFilter } from '../core/view-filter.ts';
import { type ViewKind, viewKinds } from '../core/view-shapes.ts';
import { LrpCounter } from './lrp-counts.ts';
import type { Order, OrderSpec } from './order.ts';
import { Population } from './population.ts';
import { compileRegex } from './regex.ts';
import type { Scope } from './source.ts';
import { createSource } from './sources.ts';

const now = builtAt + 60_000;

function specOf(
  kind: ViewKind,
  change: Partial<Omit<OrderSpec, 'filter'>> & { filter?: string } = {},
): OrderSpec {
  const { filter = '', ...rest } = change;
  const parsed = parseFilter(kind, filter, compileRegex);
  if (!parsed.ok) throw new Error(parsed.refusal.message);
  const [first] = viewColumns[kind];
  if (first === undefined) throw new Error(`${kind} have no columns`);
  return { kind, faults: false, descending: false, column: first, ...rest, filter: parsed.filter };
}

const fresh = (replica: StateReplica, kind: ViewKind, scope: Scope = {}): Population =>
  new Population(kind, scope, createSource(kind, new LrpCounter()), replica.state);

function finish(population: Population): void {
  while (population.hasWork) population.step(now);
}

/** Everything that clients can see of an order. */
function seen(replica: StateReplica, population: Population, order: Order) {
  const keys = order.keys(0, 10_000);
  return {
    keys,
    places: keys.map((key) => population.placeOf(order, key)),
    rows: keys.map((key) => population.source.values(replica.state, key)),
    total: population.size,
    counts: population.counts,
  };
}

const guids = ['web', 'api', 'db-2', 'db-10'];
const cells = ['cell-1', 'cell-2', 'cell-10'];
const slots = ['ordinary', 'suspect', 'evacuating'] as const;
const states: readonly ActualChange[] = [
  { state: 'UNCLAIMED' },
  { state: 'UNCLAIMED', placementError: { message: 'insufficient resources', cells: 0, counts: {} } },
  { state: 'CLAIMED', cellId: 'cell-1' },
  { state: 'RUNNING', cellId: 'cell-2', routable: true },
  { state: 'RUNNING', cellId: 'cell-10', routable: false },
  { state: 'CRASHED', crashCount: 3, crashReason: 'exited' },
  { state: 'RUNNING', cellId: 'cell-1', retire: { reason: 'scaled down', since: builtAt } },
];

/** A record that comes, changes or goes. */
const writes: fc.Arbitrary<readonly [string, Noun | undefined]> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.constantFrom(...guids), fc.nat(12), fc.constantFrom(...slots), fc.nat(states.length))
      .map(([guid, index, slot, at]) => {
        const change = states[at];
        const presence = slot.toUpperCase() as 'ORDINARY';
        const lrp = buildActual({ ...change, guid, index, presence, since: builtAt + ((index * 7) % 5) });
        return [actualKey(lrp.guid, index, slot), change === undefined ? undefined : lrp] as const;
      }),
  },
  fc.tuple(fc.constantFrom(...guids), fc.nat(4)).map(([guid, instances]) => {
    const routes = {
      router: Array.from({ length: instances }, (_, at) => ({ hostname: `${guid}-${at}.example` })),
    };
    const lrp = buildDesired({
      guid,
      instances: Math.max(1, instances),
      routes,
      labels: { n: String(instances) },
    });
    return [desiredKey(lrp.guid), instances === 0 ? undefined : lrp] as const;
  }),
  fc.tuple(fc.nat(20), fc.nat(4)).map(([at, state]) => {
    const task = buildTask({
      guid: `job-${at}`,
      state: (['PENDING', 'RUNNING', 'COMPLETED', 'RESOLVING'] as const)[state] ?? 'PENDING',
      cellId: cells[at % 3] ?? '',
    });
    return [taskKey(task.guid), state === 4 ? undefined : task] as const;
  }),
  fc.tuple(fc.constantFrom(...cells), fc.nat(3)).map(([id, how]) => {
    const cell = buildCell(id, { zone: `zone-${how}`, engine: { ok: how !== 1, name: 'docker' } });
    return [presenceKey(cell.cellId), how === 3 ? undefined : cell] as const;
  }),
  fc.tuple(fc.constantFrom(...cells), fc.boolean()).map(([id, isDrained]) => {
    return [cellSpecKey(id as CellId), isDrained ? buildDrained(id) : undefined] as const;
  }),
  fc.subarray([...cells, 'cell-11']).map((ids) => {
    const members = ids.map((id, at) => [id, at === 0 ? { zone: 'z', lostAt: builtAt } : { zone: 'z' }]);
    return [
      rosterKey,
      { v: 1, cells: Object.fromEntries(members) as Record<CellId, { zone: string }> },
    ] as const;
  }),
  fc.nat(1_000).map((at) => {
    const event = {
      v: 1,
      type: 'lrp.changed',
      at,
      subject: guids[at % 4] ?? '',
      message: `message ${at}`,
    } as const;
    return [eventKey(at, 'x'), event] as const;
  }),
);
const batches = fc.array(fc.tuple(fc.array(writes, { maxLength: 20 }), fc.nat(60)), { maxLength: 12 });

const orders: readonly (readonly [ViewKind, Scope, Parameters<typeof specOf>[1]])[] = [
  ...viewKinds.flatMap((kind) =>
    viewColumns[kind].flatMap((column) =>
      [false, true].map((descending) => [kind, {}, { column, descending }] as const),
    ),
  ),
  ['instances', {}, { filter: 'db & !10', faults: true }],
  ['instances', {}, { filter: 'crashes:>2' }],
  ['instances', {}, { filter: '-l n=2' }],
  ['instances', { cell: 'cell-1' }, {}],
  ['instances', { guid: 'web' }, { filter: 'state:running' }],
  ['lrps', { cell: 'cell-2' }, {}],
  ['lrps', { domain: 'default' }, { faults: true }],
  ['tasks', { cell: 'cell-2' }, { filter: 'job' }],
  ['routes', { guid: 'api' }, {}],
  ['events', { subject: 'web' }, {}],
  ['cells', { cell: 'cell-1' }, {}],
];

test('whatever is touched, an order that was kept current equals one that is made anew', () => {
  fc.assert(
    fc.property(fc.constantFrom(...orders), batches, ([kind, scope, change], steps) => {
      const replica = stateReplica();
      const counter = new LrpCounter();
      const kept = new Population(kind, scope, createSource(kind, counter), replica.state);
      const order = kept.addOrder(specOf(kind, change));
      replica.subscribe((touched, state) => {
        counter.touch(touched, state);
        kept.touch(touched);
      });
      for (const [written, work] of steps) {
        replica.write(Object.fromEntries(written));
        for (let done = 0; done < work && kept.hasWork; done++) kept.step(now);
      }
      finish(kept);
      const anew = fresh(replica, kind, scope);
      const expected = anew.addOrder(specOf(kind, change));
      finish(anew);
      expect(seen(replica, kept, order)).toEqual(seen(replica, anew, expected));
      expect(kept.revision).toBe(replica.state.revision);
    }),
    { numRuns: 200 },
  );
});

describe('orders', () => {
  const lrps = [buildDesired({ guid: 'a', memoryMb: 5 }), buildDesired({ guid: 'b', memoryMb: 9 })];
  const shown = (
    kind: ViewKind,
    replica: StateReplica,
    change: Parameters<typeof specOf>[1],
    scope: Scope = {},
  ) => {
    const population = fresh(replica, kind, scope);
    const order = population.addOrder(specOf(kind, change));
    finish(population);
    return order.keys(0, 100);
  };
  const columnOf = (kind: ViewKind, id: string) => {
    const column = viewColumns[kind].find((each) => each.id === id);
    if (column === undefined) throw new Error(`there is no column ${id}`);
    return column;
  };

  test('by number, either way, equals by name', () => {
    const replica = stateReplica({ desired: [...lrps, buildDesired({ guid: 'c', memoryMb: 5 })] });
    const column = columnOf('lrps', 'memoryMb');
    expect(shown('lrps', replica, { column })).toEqual(['a', 'c', 'b']);
    expect(shown('lrps', replica, { column, descending: true })).toEqual(['b', 'a', 'c']);
  });

  test('what has no value is last, either way', () => {
    const actual = [
      buildActual({ index: 0 }),
      buildActual({ index: 1, state: 'CLAIMED', cellId: 'cell-2' }),
      buildActual({ index: 2, state: 'CLAIMED', cellId: 'cell-10' }),
    ];
    const replica = stateReplica({ actual });
    const column = columnOf('instances', 'cell');
    expect(shown('instances', replica, { column })).toEqual(['web/1', 'web/2', 'web/0']);
    expect(shown('instances', replica, { column, descending: true })).toEqual(['web/2', 'web/1', 'web/0']);
  });

  test('the youngest first by age', () => {
    const actual = [1, 3, 2].map((age, index) => buildActual({ index, since: builtAt - age }));
    const column = columnOf('instances', 'since');
    expect(shown('instances', stateReplica({ actual }), { column })).toEqual(['web/0', 'web/2', 'web/1']);
  });

  test('every record of an index is a row', () => {
    const running = { state: 'RUNNING', cellId: 'c', routable: true } as const;
    const actual = [
      buildActual({ state: 'CLAIMED', cellId: 'd' }),
      buildActual({ ...running, presence: 'SUSPECT' }),
      buildActual({ ...running, presence: 'EVACUATING' }),
    ];
    const replica = stateReplica({ actual });
    expect(shown('instances', replica, {})).toEqual(['web/0', 'web/0/evacuating', 'web/0/suspect']);
    expect(shown('instances', replica, {}, { cell: 'c' })).toEqual(['web/0/evacuating', 'web/0/suspect']);
  });
});

test('the progress of an order that is made', () => {
  const replica = stateReplica({ desired: guids.map((guid) => buildDesired({ guid })) });
  const population = fresh(replica, 'lrps');
  const order = population.addOrder(specOf('lrps'));
  expect(population.progress(order)).toEqual({ done: 0, of: 4 });
  population.step(now);
  expect(population.progress(order)).toEqual({ done: 1, of: 4 });
  finish(population);
  expect(population.progress(order)).toBeUndefined();
  const second = population.addOrder(specOf('lrps', { filter: 'db' }));
  expect(population.progress(second)).toEqual({ done: 0, of: 4 });
  finish(population);
  expect(second.keys(0, 9)).toEqual(['db-2', 'db-10']);
  // What is looked at again because time goes by stays there meanwhile.
  population.refill(second);
  expect(population.progress(second)).toBeUndefined();
  expect(second.size).toBe(2);
});
