import { expect, test } from 'vitest';
import { buildActual, buildCell, buildDesired, clusterRecords } from '../../../test/kit/builders.ts';
import { dumpPages, loadDump } from '../../../test/kit/load-dump.ts';
import { virtualClock } from '../../../test/kit/virtual-clock.ts';
import { MutableState } from '../../store/core/fold.ts';
import { rebalanceKey } from '../../store/core/keys.ts';
import { MemoryStore } from '../../store/memory/memory-store.ts';
import type { ApiContext } from '../context.ts';
import { debugState } from './debug-state.ts';

const signal = new AbortController().signal;
const clock = virtualClock();

function stateOf(records: Iterable<readonly [string, string]>): MutableState {
  const state = new MutableState();
  const stored = [...records].map(([key, value], place) => ({ key, value, revision: place + 1 }));
  state.replace({ revision: 9, records: stored });
  return state;
}

async function dump(state: MutableState, limit: number): Promise<string> {
  const replica = { state, staleReason: '', waitFor: async () => undefined };
  const context = { replica, clock, clusterId: 'c', server: 'a' } as unknown as ApiContext;
  const pages: string[] = [];
  for (let after: string | undefined; ; ) {
    const query = { limit, ...(after === undefined ? {} : { after }) };
    const page = await debugState(context, { query }, { actor: 'test', signal });
    pages.push(JSON.stringify(page));
    if (page.next === undefined) return pages.join('\n');
    after = page.next;
  }
}

const records = clusterRecords({
  desired: [buildDesired()],
  actual: [buildActual(), buildActual({ index: 1, state: 'RUNNING', cellId: 'cell-1' })],
  cells: [buildCell('cell-1')],
});
const rebalance = { v: 1, by: 'uid 0', at: 1, asked: 1, moves: [] };

test('a rebalance that is under way is told too', async () => {
  const text = await dump(stateOf([...records, [rebalanceKey, JSON.stringify(rebalance)]]), 2);
  const rows = dumpPages(text).flatMap((page) => page.rows);
  expect(rows.find(({ key }) => key === rebalanceKey)?.value).toEqual(rebalance);
});

test.each([1, 2, 100])('pages of %i: what was dumped can be loaded, and is the same', async (limit) => {
  const store = new MemoryStore(clock);
  const text = await dump(stateOf(records), limit);
  expect(loadDump(store, text, { withLeased: true })).toBe([...records].length);
  const loaded = store.list('/').map(({ key, value }) => [key, JSON.parse(value)]);
  const wanted = [...records].map(([key, value]) => [key, JSON.parse(value)]);
  expect(new Map(loaded as [string, unknown][])).toEqual(new Map(wanted as [string, unknown][]));
});

test('what lived under a lease is left out unless asked for; what is no dump is refused', async () => {
  const store = new MemoryStore(clock);
  loadDump(store, await dump(stateOf(records), 100));
  expect(store.list('/').map(({ key }) => key)).not.toContainEqual(expect.stringContaining('presence'));
  expect(() => loadDump(store, '{"v":2,"rows":[]}')).toThrow('line 1 is no page of a dump');
  expect(() => loadDump(store, '{"v":1,"rows":[{"key":"/other","value":1}]}')).toThrow('/other');
});
