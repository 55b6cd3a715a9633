/** The window on a long list: the cursor stays on its row whatever the data does, and nothing is asked for key by key. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { answerView } from '../../../test/kit/view-server.ts';
import type { ViewRow } from '../../api/core/view-shapes.ts';
import type { Millis } from '../../model/ids.ts';
import type { ActionId } from './actions.ts';
import {
  aged,
  anchorOf,
  changeShownMs,
  cursorRow,
  emptyList,
  movedBy,
  reordered,
  resized,
  rowAt,
  rowsCame,
  type ViewList,
} from './view-list.ts';

const visible = 18;
const now = 1_000_000 as Millis;
const row = (at: number, values: ViewRow['values'] = {}): ViewRow => ({
  key: `web/${at}`,
  values: { instance: `web/${at}`, state: 'RUNNING', ...values },
});
const rowsOf = (count: number): ViewRow[] => Array.from({ length: count }, (_, at) => row(at));

const queryOf = (list: ViewList, descending = false) => {
  const anchor = anchorOf(list);
  return {
    kind: list.kind,
    window: list.asked,
    sort: { column: 'instance', descending },
    ...(anchor === undefined ? {} : { anchor }),
  };
};
const answered = (list: ViewList, rows: readonly ViewRow[], descending = false, at = now): ViewList => {
  const message = answerView(rows, queryOf(list, descending));
  return message.type === 'rows' ? rowsCame(list, message, visible, at) : list;
};
/** Until the server has nothing more to say. */
const caughtUp = (list: ViewList, rows: readonly ViewRow[], descending = false): ViewList => {
  let next = list;
  for (let round = 0; round < 4; round += 1) next = answered(next, rows, descending);
  return next;
};
const began = (rows: readonly ViewRow[]): ViewList => caughtUp(emptyList('instances'), rows);
const after = (list: ViewList, ...actions: ActionId[]): ViewList =>
  actions.reduce((each, action) => movedBy(each, action, visible), list);

describe('the cursor', () => {
  test('stays on its row, at its place on the screen, when rows come before it', () => {
    const list = after(began(rowsOf(100)), 'pageDown', 'down');
    const key = list.cursorKey;
    const more = [
      ...Array.from({ length: 7 }, (_, at) => ({
        ...row(0),
        key: `aa/${at}`,
        values: { instance: `aa/${at}` },
      })),
      ...rowsOf(100),
    ];
    const next = answered(list, more);
    expect(next.cursorKey).toBe(key);
    expect(next.at).toBe(list.at + 7);
    expect(next.at - next.top).toBe(list.at - list.top);
  });

  test('goes to the neighbour when its row goes', () => {
    const list = after(began(rowsOf(10)), 'down', 'down', 'down');
    expect(list.cursorKey).toBe('web/3');
    const next = caughtUp(
      list,
      rowsOf(10).filter(({ key }) => key !== 'web/3'),
    );
    expect(next.cursorKey).toBe('web/4');
  });

  test('goes to the last row when the last row goes', () => {
    const next = caughtUp(after(began(rowsOf(10)), 'bottom'), rowsOf(9));
    expect(next.cursorKey).toBe('web/8');
  });

  test('follows its row out of the window, and takes no other row for it meanwhile', () => {
    const list = after(began(rowsOf(5_000)), 'down', 'down');
    const turned = answered(reordered(list), rowsOf(5_000), true);
    expect(cursorRow(turned)?.key).toBe('web/2');
    expect(turned.at).toBe(4_997);
    expect(caughtUp(turned, rowsOf(5_000), true).cursorKey).toBe('web/2');
  });

  test('a row that has gone from the window without an order to: it is looked for, and what is shown stays', () => {
    const list = after(began(rowsOf(5_000)), 'down');
    const moved = rowsOf(5_000).map((each) =>
      each.key === 'web/1' ? { ...each, values: { instance: 'zz' } } : each,
    );
    const lost = answered(list, moved);
    expect(lost.rows).toBe(list.rows);
    expect(anchorOf(lost)).toEqual({ key: 'web/1', centre: true });
    const found = answered(lost, moved);
    expect([found.cursorKey, found.at]).toEqual(['web/1', 4_999]);
  });

  test('on the first row it stays on what is first when another order holds', () => {
    expect(caughtUp(reordered(began(rowsOf(100))), rowsOf(100), true).cursorKey).toBe('web/99');
  });

  test('at the newest event it stays at the newest', () => {
    const event = (at: number): ViewRow => ({ key: `${at}`, values: { at } });
    const ask = (list: ViewList, count: number): ViewList => {
      const message = answerView(
        Array.from({ length: count }, (_, at) => event(at)),
        { kind: 'events', window: list.asked },
      );
      return message.type === 'rows' ? rowsCame(list, message, visible, now) : list;
    };
    const list = ask(emptyList('events'), 30);
    expect(ask(list, 31).cursorKey).toBe('30');
    expect(ask(movedBy(list, 'down', visible), 31).cursorKey).toBe('28');
  });
});

/** The same of so many rows that none is made but those of the window. */
function answeredOf(list: ViewList, count: number): ViewList {
  const { start, count: wanted } = list.asked;
  const rows = Array.from({ length: Math.min(wanted, count - start) }, (_, at) => row(start + at));
  const base = { type: 'rows', seq: 1, revision: 1, stale: '', counts: {} } as const;
  return rowsCame(list, { ...base, total: count, matched: count, start, rows }, visible, now);
}

describe('the window', () => {
  test('is moved only when what is seen comes near its edge', () => {
    let list = answeredOf(emptyList('instances'), 250_000);
    let asks = 0;
    for (let step = 0; step < 300; step += 1) {
      const before = list.asked;
      list = movedBy(list, 'down', visible);
      expect(cursorRow(list)?.key).toBe(`web/${step + 1}`);
      if (list.asked !== before) {
        asks += 1;
        list = answeredOf(list, 250_000);
      }
    }
    expect(asks).toBeLessThan(8);
  });

  test('the end of 250,000 rows is one question away', () => {
    const list = after(answeredOf(emptyList('instances'), 250_000), 'bottom');
    expect(list.cursorKey).toBeUndefined();
    expect(rowAt(list, list.at)).toBeUndefined();
    const next = answeredOf(list, 250_000);
    expect([next.at, next.cursorKey]).toEqual([249_999, 'web/249999']);
  });
});

describe('changes', () => {
  test('are marked with their direction, and forgotten after a while', () => {
    const list = began([row(0, { crashes: 1 }), row(1, { since: 5 })]);
    const next = answered(list, [row(0, { crashes: 2, state: 'CRASHED' }), row(1, { since: 9 })]);
    expect(next.changes.get('web/0')?.signs).toEqual({ crashes: 'up', state: 'other' });
    expect(next.changes.has('web/1')).toBe(false);
    expect(aged(next, (now + changeShownMs - 1) as Millis).changes.size).toBe(1);
    expect(aged(next, (now + changeShownMs) as Millis).changes.size).toBe(0);
  });
});

test('whatever keys are pressed and whatever the data does, the cursor is on a row that is there', () => {
  const moves = ['up', 'down', 'pageUp', 'pageDown', 'top', 'bottom'] as const;
  const step = fc.oneof(
    fc.record({ move: fc.constantFrom(...moves) }),
    fc.record({ keep: fc.func(fc.boolean()), count: fc.nat(600) }),
    fc.record({ rows: fc.integer({ min: 1, max: 60 }) }),
    fc.constant({ turn: true }),
    fc.constant({ answer: true }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let rows: readonly ViewRow[] = rowsOf(300);
      let list = began(rows);
      let seen = visible;
      let descending = false;
      for (const each of steps) {
        if ('move' in each) list = movedBy(list, each.move, seen);
        if ('keep' in each) rows = rowsOf(each.count).filter(({ key }) => each.keep(key));
        if ('rows' in each) {
          seen = each.rows;
          list = resized(list, seen);
        }
        if ('turn' in each) {
          descending = !descending;
          list = reordered(list);
        }
        if ('answer' in each || 'keep' in each) {
          const message = answerView(rows, queryOf(list, descending));
          if (message.type === 'rows') list = rowsCame(list, message, seen, now);
        }
        expect(list.at).toBeGreaterThanOrEqual(0);
        expect(list.at).toBeLessThanOrEqual(Math.max(0, list.matched - 1));
        expect(list.top).toBeLessThanOrEqual(list.at);
        expect(list.at).toBeLessThan(list.top + Math.max(1, seen));
        const under = rowAt(list, list.at);
        // Not known yet is right: nothing is done to a row then.
        if (under !== undefined && list.cursorKey !== undefined && !list.seeking)
          expect(under.key).toBe(list.cursorKey);
      }
      list = caughtUp(list, rows, descending);
      expect(cursorRow(list) === undefined).toBe(rows.length === 0);
    }),
    { numRuns: 100 },
  );
});
