/** The instance page: what is asked for when, what belongs to which container, and what keys lead to. */
import { describe, expect, test } from 'vitest';
import { drivePage } from '../../../../test/kit/page-driver.ts';
import { leadsTo, stubPages } from '../../../../test/kit/stub-pages.ts';
import { now } from '../../../../test/kit/tui-data.ts';
import { actualOf } from '../../../../test/kit/tui-details-data.ts';
import { sampleOf } from '../../../../test/kit/tui-samples.ts';
import type { ActualLrp } from '../../../model/actual-lrp.ts';
import type { LogLine } from '../page.ts';
import { instancePage } from './instance-page.ts';

const subject = { kind: 'instance', guid: 'payments-worker', index: 18 } as const;
const records = (...rows: readonly ActualLrp[]) =>
  ({ kind: 'data', want: 'instance', data: { kind: 'answer', value: { rows } } }) as const;
const said = (want: string, ...texts: readonly string[]) => {
  const line = (text: string): LogLine => ({ at: now, source: 'web/0', cell: 'a', stream: 'stderr', text });
  return { kind: 'data', want, data: { kind: 'logs', lines: texts.map(line) } } as const;
};
const measured = (at: number) =>
  ({ kind: 'data', want: 'stats', data: { kind: 'stats', sample: sampleOf(at, false) } }) as const;

function open(size = { columns: 80, rows: 30 }) {
  const driver = drivePage(instancePage(subject, stubPages), { now, size });
  const act = (action: string) => leadsTo(driver.send({ kind: 'action', action: action as 'up' }));
  return { driver, act, ids: () => driver.page.wants.map(({ id }) => id) };
}

describe('what is asked for', () => {
  test('samples only of what runs, last lines only of what crashed', () => {
    const { driver, ids } = open();
    expect(ids()).toEqual(['instance', 'why', 'events']);
    driver.send(records(actualOf(0)));
    expect(ids()).toEqual(['instance', 'why', 'events', 'stats']);
    driver.send(records(actualOf(18)));
    expect(ids()).toEqual(['instance', 'why', 'events', 'last 3']);
  });

  test('why, more often while it starts: then its cell tells how far it is', () => {
    const { driver } = open();
    const whyWanted = (): unknown => driver.page.wants.find(({ id }) => id === 'why');
    driver.send(records(actualOf(0)));
    expect(whyWanted()).toMatchObject({ everyMs: 5_000 });
    driver.send(records({ ...actualOf(0), state: 'CLAIMED' }));
    expect(whyWanted()).toMatchObject({ everyMs: 2_000 });
  });
});

test('a filter shows only lines that match, and Escape ends it before it leaves', () => {
  const { driver } = open();
  driver.send(records(actualOf(0)));
  expect(driver.screen()).toContain('RUNNING');
  driver.send({ kind: 'filter', text: 'no such words' });
  expect(driver.screen()).toContain('no line matches');
  driver.send({ kind: 'filter', text: 'STATE' });
  expect(driver.screen()).toContain('RUNNING');
  expect(driver.screen()).not.toContain('no line matches');
  expect(driver.page.filter).toBe('STATE');
  expect(driver.send({ kind: 'action', action: 'escape' })).toEqual([]);
  expect(driver.page.filter).toBe('');
  expect(driver.send({ kind: 'action', action: 'escape' })).toEqual([{ do: 'back' }]);
});

describe('what belongs to a container that is gone', () => {
  test('its last lines give way to those of the next crash', () => {
    const { driver } = open();
    const crashed = actualOf(18);
    driver.send(records(crashed));
    driver.send(said('last 3', 'out of memory'));
    expect(driver.screen()).toContain('out of memory');
    driver.send(records({ ...crashed, crashCount: 4, crashReason: 'exited with status 1' }));
    expect(driver.screen()).not.toContain('Its last lines');
    driver.send(said('last 3', 'late words of the one before'));
    expect(driver.screen()).not.toContain('late words');
    driver.send(said('last 4', 'segmentation fault'));
    expect(driver.screen()).toContain('segmentation fault');
  });
  test('its measures are not its successor’s', () => {
    const { driver } = open();
    driver.send(records(actualOf(0)));
    driver.send(measured(1));
    expect(driver.screen()).toContain('CPU');
    driver.send(records({ ...actualOf(0), instanceGuid: 'another' as never }));
    expect(driver.screen()).not.toContain('CPU');
  });
});

describe('what it says', () => {
  test('an instance that is not there, and one that was not answered yet', () => {
    const { driver } = open();
    expect(driver.screen()).toContain('asking the cluster');
    driver.send(records());
    expect(driver.screen()).toContain('there is no instance payments-worker/18 now');
  });
  test('the suspect one beside its replacement', () => {
    const { driver } = open();
    driver.send(records({ ...actualOf(0), presence: 'SUSPECT' }, actualOf(36)));
    expect(driver.screen()).toContain('RUNNING, SUSPECT since');
    expect(driver.screen()).toContain('UNCLAIMED since');
  });
  test('what a check said, as text and nothing else', () => {
    const { driver } = open();
    driver.send(records({ ...actualOf(4), checkOutput: `\u001b[2J${'メ'.repeat(5_000)}` }));
    expect(driver.screen()).toContain('^[[2J');
    expect(driver.screen()).not.toContain('\u001b');
  });
  test('a feed that broke, above what is still shown', () => {
    const { driver } = open();
    driver.send(records(actualOf(0)));
    const error = { code: 'Unavailable', message: 'no server answers' } as const;
    for (const want of ['why', 'instance'])
      driver.send({ kind: 'data', want, data: { kind: 'broken', error } });
    expect(driver.screen().match(/no server answers/g)).toHaveLength(1);
    expect(driver.screen()).toContain('RUNNING since');
  });
  test('how long it ran each time', () => {
    const { driver } = open();
    const event = (id: string, ago: number, type: 'instance.running' | 'instance.crashed', message: string) =>
      ({ v: 1, id, at: now - ago, type, subject: 'payments-worker/18', message, cellId: 'a' }) as const;
    const events = [
      event('1', 600_000, 'instance.running', 'running on a'),
      event('2', 300_000, 'instance.crashed', 'exited with status 1'),
    ];
    driver.send({ kind: 'data', want: 'events', data: { kind: 'events', events } });
    expect(driver.screen()).toMatch(/5m ago: +crashed: exited with status 1 \(on a\)/);
    expect(driver.screen()).toMatch(/10m ago: +running on a, for 5 min/);
  });
});

describe('keys', () => {
  const instance = '{"kind":"instance","guid":"payments-worker","index":18}';
  test.each([
    ['shell', 'shell payments-worker/18'],
    ['shellFull', 'shell payments-worker/18 full'],
    ['attach', 'attach payments-worker/18'],
    ['logs', 'logs [{"target":{"instance":"payments-worker/18"},"tail":500,"previous":false}]'],
    ['previousLogs', 'logs [{"target":{"instance":"payments-worker/18"},"tail":500,"previous":true}]'],
    ['restart', `restartDialog [[{"subject":${instance},"values":{}}]]`],
    ['delete', `deleteDialog [[{"subject":${instance},"values":{}}]]`],
    ['owner', 'list [{"kind":"lrps","cursor":"payments-worker"}]'],
    ['events', `events [${instance}]`],
    ['why', `why [${instance}]`],
    ['describe', `describe [${instance}]`],
    ['raw', `raw [${instance}]`],
    ['tree', 'tree [{"kind":"lrp","guid":"payments-worker"}]'],
    ['copy', 'copy'],
    ['escape', 'back'],
    ['cellOf', 'flash'],
  ])('%s leads to %s', (action, crumb) => {
    const { driver, act } = open();
    driver.send(records(actualOf(18)));
    expect(act(action)).toEqual([crumb]);
  });
  test('its cell, when it has one; the text scrolls to its end and no further', () => {
    const { driver, act } = open({ columns: 80, rows: 14 });
    driver.send(records(actualOf(0)));
    driver.send(measured(1));
    expect(act('cellOf')).toEqual(['cell ["host-05"]']);
    act('bottom');
    const end = driver.screen();
    expect(end).toContain('guid:');
    act('down');
    expect(driver.screen()).toBe(end);
  });
});
