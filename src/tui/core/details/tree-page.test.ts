/** The tree: what is unfolded is asked for, the cursor follows its node, and what keys lead to. */
import { describe, expect, test } from 'vitest';
import { drivePage } from '../../../../test/kit/page-driver.ts';
import { leadsTo, stubPages } from '../../../../test/kit/stub-pages.ts';
import type { ViewRow } from '../../../api/core/view-shapes.ts';
import type { Subject } from '../subject.ts';
import { treePage } from './tree-page.ts';
import { openMax } from './tree-state.ts';

const rows = (want: string, all: readonly ViewRow[], matched = all.length) => {
  const message = {
    type: 'rows',
    seq: 1,
    revision: 1,
    stale: '',
    total: matched,
    matched,
    counts: {},
  } as const;
  return {
    kind: 'data',
    want,
    data: { kind: 'view', message: { ...message, start: 0, rows: all } },
  } as const;
};
const lrp = (key: string, state = 'ok'): ViewRow => ({ key, values: { state, running: 2, desired: 2 } });
const instance = (key: string, state = 'RUNNING'): ViewRow => ({
  key,
  values: { state, cell: 'host-1', reason: state === 'RUNNING' ? '' : 'out of memory', ports: '80>2000' },
});

function open(subject?: Subject) {
  const driver = drivePage(treePage(subject, stubPages), { size: { columns: 70, rows: 12 } });
  const act = (...actions: readonly string[]) =>
    actions.flatMap((action) => leadsTo(driver.send({ kind: 'action', action: action as 'up' })));
  return { driver, act, wants: () => driver.page.wants.map(({ id }) => id) };
}

describe('of everything', () => {
  test('asks for instances only of what is unfolded, and forgets them when it folds', () => {
    const { driver, act, wants } = open();
    driver.send(rows('rows', [lrp('api'), lrp('web')]));
    expect(wants()).toEqual(['rows']);
    act('down', 'fold');
    expect(wants()).toEqual(['rows', 'lrp web']);
    expect(driver.screen()).toContain('asking the cluster');
    driver.send(rows('lrp web', [instance('web/0'), instance('web/1', 'CRASHED')]));
    expect(driver.screen()).toContain('web/1  CRASHED  host-1  out of memory');
    act('left');
    expect(wants()).toEqual(['rows']);
    expect(driver.screen()).not.toContain('web/1');
  });
  test('unfolds no more than a few at a time', () => {
    const { driver, act, wants } = open();
    driver.send(
      rows(
        'rows',
        Array.from({ length: 20 }, (_, i) => lrp(`lrp-${i}`)),
      ),
    );
    for (let i = 0; i < 12; i += 1) {
      act('right', 'down');
      // Below what is open now there is a line that says it is asked for.
      act('down');
    }
    expect(wants().length).toBe(openMax + 1);
  });
  test('says how much of a large LRP is not shown', () => {
    const { driver, act } = open();
    driver.send(rows('rows', [lrp('web')]));
    act('right');
    driver.send(rows('lrp web', [instance('web/0')], 100_000));
    expect(driver.screen()).toContain('the first 1 of 100,000: / narrows');
  });
  test('an empty cluster, and one that does not answer', () => {
    const { driver, act } = open();
    expect(driver.screen()).toContain('asking the cluster');
    driver.send(rows('rows', []));
    expect(driver.screen()).toContain('nothing is here');
    expect(act('enter', 'fold', 'down', 'logs')).toEqual([]);
    driver.send(rows('rows', [lrp('web')]));
    const error = { code: 'Unavailable', message: 'no server answers' } as const;
    driver.send({ kind: 'data', want: 'rows', data: { kind: 'broken', error } });
    expect(driver.screen()).toContain('web  2 of 2 running');
    expect(driver.screen()).toContain('no server answers');
  });
  test('a filter that makes no sense is told', () => {
    const { driver } = open();
    driver.send({ kind: 'filter', text: '(' });
    const refused = { type: 'refused', seq: 1, message: 'missing closing )' } as const;
    driver.send({ kind: 'data', want: 'rows', data: { kind: 'view', message: refused } });
    expect(driver.screen()).toContain('missing closing )');
  });
});

describe('of one thing', () => {
  test('of a cell: its LRPs and their instances, branches fold', () => {
    const { driver, act } = open({ kind: 'cell', id: 'host-1' });
    driver.send(rows('rows', [instance('api/0'), instance('web/0'), instance('web/4', 'CRASHED')]));
    expect(driver.screen()).toContain('host-1  2 of 3 running');
    expect(driver.screen()).toContain('web  1 of 2 running');
    act('left');
    expect(driver.screen()).not.toContain('api');
    act('fold');
    expect(driver.screen()).toContain('api');
  });
  test('the cursor follows its node', () => {
    const { driver, act } = open({ kind: 'lrp', guid: 'web' });
    driver.send(rows('rows', [instance('web/0'), instance('web/2')]));
    act('down', 'down');
    driver.send(rows('rows', [instance('web/0'), instance('web/1'), instance('web/2')]));
    expect(act('enter')).toEqual(['instance [{"kind":"instance","guid":"web","index":2}]']);
  });
  test('of an instance: the cursor begins on it', () => {
    const { driver, act } = open({ kind: 'instance', guid: 'web', index: 1 });
    driver.send(rows('rows', [instance('web/0'), instance('web/1')]));
    expect(act('why')).toEqual(['why [{"kind":"instance","guid":"web","index":1}]']);
  });
  test.each([
    ['enter', 'list [{"kind":"instances","scope":{"guid":"web"}}]'],
    ['describe', 'describe [{"kind":"lrp","guid":"web"}]'],
    ['events', 'events [{"kind":"lrp","guid":"web"}]'],
    ['logs', 'logs [{"target":{"lrp":"web"},"tail":200,"previous":false}]'],
    ['copy', 'copy'],
    ['escape', 'back'],
  ])('%s leads to %s', (action, crumb) => {
    const { driver, act } = open({ kind: 'lrp', guid: 'web' });
    driver.send(rows('rows', [instance('web/0')]));
    expect(act(action)).toEqual([crumb]);
  });
  test('a cell has no logs here', () => {
    const { driver, act } = open({ kind: 'cell', id: 'host-1' });
    driver.send(rows('rows', [instance('web/0')]));
    expect(act('logs')).toEqual(['flash']);
  });
});
