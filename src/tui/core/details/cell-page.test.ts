/** The cell page: its instances with what they take, its drain, and what keys lead to. */
import { describe, expect, test } from 'vitest';
import { drivePage } from '../../../../test/kit/page-driver.ts';
import { leadsTo, stubPages } from '../../../../test/kit/stub-pages.ts';
import { now } from '../../../../test/kit/tui-data.ts';
import { cellViewOf, drainView } from '../../../../test/kit/tui-details-data.ts';
import { sampleOf } from '../../../../test/kit/tui-samples.ts';
import type { ViewRow } from '../../../api/core/view-shapes.ts';
import { cellPage } from './cell-page.ts';
import { historyMax } from './history.ts';

const row = (key: string, values: ViewRow['values'] = {}): ViewRow => ({
  key,
  values: { instance: key, state: 'RUNNING', instanceGuid: `g-${key}`, since: now - 60_000, ...values },
});
const rows = (...all: readonly ViewRow[]) => {
  const counted = { total: all.length, matched: all.length, counts: {} };
  const message = { type: 'rows', seq: 1, revision: 1, stale: '', start: 0, rows: all, ...counted } as const;
  return { kind: 'data', want: 'rows', data: { kind: 'view', message } } as const;
};
const answer = (want: string, value: unknown) =>
  ({ kind: 'data', want, data: { kind: 'answer', value } }) as const;

function open(id = 'host-05') {
  const driver = drivePage(cellPage(id, stubPages), { now });
  const act = (action: string) => leadsTo(driver.send({ kind: 'action', action: action as 'up' }));
  return { ...driver, driver, act };
}

describe('its instances', () => {
  test('the cursor stays on its instance when others come and go', () => {
    const { driver, act } = open();
    driver.send(rows(row('a/0'), row('b/0'), row('c/0')));
    act('down');
    driver.send(rows(row('0/0'), row('a/0'), row('a/1'), row('b/0')));
    expect(act('enter')).toEqual(['instance [{"kind":"instance","guid":"b","index":0}]']);
    driver.send(rows(row('a/0')));
    expect(act('enter')).toEqual(['instance [{"kind":"instance","guid":"a","index":0}]']);
  });
  test('an empty cell opens nothing and says so', () => {
    const { driver, act } = open();
    driver.send(answer('cell', cellViewOf('host-05')));
    driver.send(rows());
    expect(act('enter')).toEqual([]);
    expect(act('down')).toEqual([]);
    expect(driver.screen()).toContain('no instance is here');
  });
  test('each has its own measures, found by its guid and not by its name', () => {
    const { driver } = open();
    const [container] = sampleOf(1, true).containers;
    if (container === undefined) throw new Error('the sample has no container');
    const measured = { ...container, instanceGuid: 'g-web/1', name: 'web/0', memoryBytes: 77 * 1_048_576 };
    driver.send(rows(row('web/0'), row('web/1')));
    const sample = { ...sampleOf(1, true), containers: [measured] };
    driver.send({ kind: 'data', want: 'stats', data: { kind: 'stats', sample } });
    const lines = driver.screen().split('\n');
    expect(lines.find((line) => line.includes('web/1'))).toContain('77M');
    expect(lines.find((line) => line.includes('web/0'))).not.toContain('77M');
  });
  test('a filter is asked of the server', () => {
    const { driver, act } = open();
    driver.send({ kind: 'filter', text: 'web' });
    expect(driver.page.wants).toContainEqual(
      expect.objectContaining({ id: 'rows', query: expect.objectContaining({ filter: 'web' }) }),
    );
    expect(act('escape')).toEqual([]);
    expect(driver.page.filter).toBe('');
    expect(act('escape')).toEqual(['back']);
  });
});

describe('its host', () => {
  test('the history of measures has an end', () => {
    const { driver } = open();
    for (let i = 0; i < 3 * historyMax; i += 1)
      driver.send({ kind: 'data', want: 'stats', data: { kind: 'stats', sample: sampleOf(i, true) } });
    const [line = ''] = driver
      .screen()
      .split('\n')
      .filter((each) => each.includes('CPU'));
    expect(line).toMatch(/[▁-█]/);
  });
  test('without measures there are no charts that say zero', () => {
    const { driver } = open();
    driver.send(answer('cell', cellViewOf('host-05')));
    expect(driver.screen()).not.toContain('0.0%');
  });
  test('a feed that broke is told, and the rest stays', () => {
    const { driver } = open();
    driver.send(answer('cell', cellViewOf('host-05')));
    const error = { code: 'Unavailable', message: 'the cell does not answer', hint: 'skep cells' } as const;
    driver.send({ kind: 'data', want: 'stats', data: { kind: 'broken', error } });
    expect(driver.screen()).toContain('the cell does not answer: skep cells');
    expect(driver.screen()).toContain('ready');
  });
});

describe('its drain', () => {
  test('is asked for and shown only while there is one', () => {
    const { driver } = open('host-08');
    expect(driver.page.wants.map(({ id }) => id)).not.toContain('drain');
    driver.send(answer('cell', cellViewOf('host-08')));
    expect(driver.page.wants.map(({ id }) => id)).toContain('drain');
    driver.send(rows(row('payments-worker/49'), row('web/3')));
    driver.send(answer('drain', drainView));
    expect(driver.screen()).toContain('22 of 31 have left, about 4 min more');
    expect(driver.screen()).toMatch(/payments-worker\/49 +RUNNING +starting on host-02/);
    driver.send(answer('cell', cellViewOf('host-05')));
    expect(driver.screen()).not.toContain('have left');
  });
});

test.each([
  ['cordon', 'cordonDialog [[{"subject":{"kind":"cell","id":"host-08"},"values":{"state":"draining"}}]]'],
  ['uncordon', 'uncordonDialog [[{"subject":{"kind":"cell","id":"host-08"},"values":{"state":"draining"}}]]'],
  ['drain', 'drainDialog [[{"subject":{"kind":"cell","id":"host-08"},"values":{"state":"draining"}}]]'],
  ['drainProgress', 'drainProgress ["host-08"]'],
  ['describe', 'describe [{"kind":"cell","id":"host-08"}]'],
  ['raw', 'raw [{"kind":"cell","id":"host-08"}]'],
  ['events', 'events [{"kind":"cell","id":"host-08"}]'],
  ['why', 'why [{"kind":"cell","id":"host-08"}]'],
  ['tree', 'tree [{"kind":"cell","id":"host-08"}]'],
  ['copy', 'copy'],
  ['escape', 'back'],
])('%s leads to %s', (action, crumb) => {
  const { driver, act } = open('host-08');
  driver.send(answer('cell', cellViewOf('host-08')));
  expect(act(action)).toEqual([crumb]);
});

describe('a shell on its host', () => {
  const cellWith = (hostShell: boolean) => {
    const view = cellViewOf('host-05');
    return { ...view, presence: { ...view.presence, hostShell } };
  };
  test('is hinted at and opened where the cell lets one have it', () => {
    const { driver } = open();
    driver.send(answer('cell', cellWith(true)));
    expect(driver.page.quiet).toEqual([]);
    expect(driver.send({ kind: 'action', action: 'hostShell' })).toEqual([
      { do: 'console', open: { target: 'host-05', host: true, kind: 'shell' } },
    ]);
  });
  test('says elsewhere why not and what to do, and is no hint', () => {
    const { driver } = open();
    driver.send(answer('cell', cellWith(false)));
    expect(driver.page.quiet).toEqual(['hostShell']);
    expect(driver.send({ kind: 'action', action: 'hostShell' })).toEqual([
      expect.objectContaining({ do: 'flash', hint: expect.stringContaining('hostShell: true') }),
    ]);
  });
});
