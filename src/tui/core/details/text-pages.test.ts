/** Describe, records, why, drain and task: what they say of records, and what keys lead to. */
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { drivePage } from '../../../../test/kit/page-driver.ts';
import { leadsTo, stubPages } from '../../../../test/kit/stub-pages.ts';
import { now } from '../../../../test/kit/tui-data.ts';
import { cellViewOf, detailData, drainView, lrpView } from '../../../../test/kit/tui-details-data.ts';
import type { CellView } from '../../../api/core/routes.ts';
import type { Page } from '../page.ts';
import type { Subject } from '../subject.ts';
import { describePage, rawPage, whyPage } from './describe-page.ts';
import { drainPage, progressOf } from './drain-page.ts';
import { taskPage } from './task-page.ts';

const yaml = { parse, stringify };
const lrp: Subject = { kind: 'lrp', guid: 'payments-worker' };
const cell = (id: string): Subject => ({ kind: 'cell', id });
const answer = (want: string, value: unknown) =>
  ({ kind: 'data', want, data: { kind: 'answer', value } }) as const;

/** Fed with the fixed data, on a screen that holds all of it. */
function fed(page: Page) {
  const driver = drivePage(page, { now, size: { columns: 120, rows: 100 } });
  for (const want of page.wants)
    for (const data of detailData(want)) driver.send({ kind: 'data', want: want.id, data });
  const act = (action: string) => leadsTo(driver.send({ kind: 'action', action: action as 'up' }));
  return { driver, act, screen: driver.screen() };
}

describe('describe', () => {
  test('an LRP in words with units', () => {
    const { screen } = fed(describePage(lrp, stubPages));
    expect(screen).toContain('36 of 40 ready');
    expect(screen).toMatch(/memory: +512M\n/);
    expect(screen).toMatch(/all together: +20G of memory/);
    expect(screen).toMatch(/placement: +tags ssd, spread by rack, at most 4 on a cell/);
    expect(screen).not.toMatch(/memoryMb|isHere|\[object/);
  });
  test('what is unlimited is said to be so, and a removal is seen', () => {
    const { driver } = fed(describePage(lrp, stubPages));
    const desired = { ...lrpView.desired, memoryMb: 0, cpuMilli: 1_500, privileged: true, removedAt: now };
    driver.send(answer('lrp', { ...lrpView, desired }));
    expect(driver.screen()).toMatch(/memory: +no limit\n/);
    expect(driver.screen()).toContain('at most 1.5 cores');
    expect(driver.screen()).toContain('privileged');
    expect(driver.screen()).toContain('being removed');
  });
  test.each([
    ['cell', fed(describePage(cell('host-08'), stubPages)), 'What has not left in 51 min is stopped.'],
    ['task', fed(describePage({ kind: 'task', guid: 'nightly-003' }, stubPages)), 'COMPLETED: failed'],
    [
      'instance',
      fed(describePage({ kind: 'instance', guid: 'payments-worker', index: 18 }, stubPages)),
      'exited with status 137 (out of memory)',
    ],
  ])('a %s', (_kind, { screen }, text) => {
    expect(screen).toContain(text);
  });
  test('keys', () => {
    const { act } = fed(describePage(lrp, stubPages));
    expect(act('raw')).toEqual(['raw [{"kind":"lrp","guid":"payments-worker"}]']);
    expect(act('why')).toEqual(['why [{"kind":"lrp","guid":"payments-worker"}]']);
    expect(act('events')).toEqual(['events [{"kind":"lrp","guid":"payments-worker"}]']);
  });
});

describe('records', () => {
  const linesOf = (page: Page): string =>
    page.lines({ now, cluster: 'c', size: { columns: 80, rows: 20 }, settings: {} as never }).join('\n');
  test('are one document that reads back as what the API answered, in YAML and in JSON', () => {
    const first = fed(rawPage(lrp, yaml));
    expect(parse(linesOf(first.driver.page))).toEqual(JSON.parse(JSON.stringify(lrpView)));
    const [replace] = first.driver.send({ kind: 'action', action: 'raw' });
    if (replace?.do !== 'replace') throw new Error('there is no JSON');
    expect(replace.page.crumb).toBe('json(payments-worker)');
    expect(JSON.parse(linesOf(fed(replace.page).driver.page))).toEqual(JSON.parse(JSON.stringify(lrpView)));
  });
});

describe('why', () => {
  test('an instance is where it is: scores with the best first, its own cell told', () => {
    const { screen } = fed(whyPage({ kind: 'instance', guid: 'payments-worker', index: 0 }));
    expect(screen).toContain('21 of 27 cells would take it; the lower score wins:');
    expect(screen).toMatch(/host-11 +1000\.412/);
    expect(screen).toMatch(/host-05 \(here\) +2000\.881/);
  });
  test('what is said of one instance is not said twice', () => {
    const { screen } = fed(whyPage({ kind: 'instance', guid: 'payments-worker', index: 36 }));
    expect(screen.match(/nearest is cell host-03/g)).toHaveLength(1);
    expect(screen).toContain('24 of 27 cells: memory');
  });
  test('what cannot land on a cell: what is too large for it, and what stands against all', () => {
    const { driver } = fed(whyPage(cell('host-05')));
    const row = (key: string, memoryMb: number) => ({ key, values: { memoryMb } });
    const message = {
      type: 'rows',
      seq: 1,
      revision: 1,
      stale: '',
      total: 2,
      matched: 2,
      counts: {},
    } as const;
    const rows = [row('huge', 20_480), row('small', 128)];
    driver.send({
      kind: 'data',
      want: 'largest',
      data: { kind: 'view', message: { ...message, start: 0, rows } },
    });
    expect(driver.screen()).toContain('What fits lands here.');
    expect(driver.screen()).toMatch(/huge: +20G an instance/);
    expect(driver.screen()).not.toContain('small');
    driver.send(answer('cell', cellViewOf('host-04')));
    expect(driver.screen()).toContain('Nothing lands here: the engine does not answer: connect ECONNREFUSED');
    driver.send(answer('cell', cellViewOf('host-10')));
    expect(driver.screen()).toContain('Nothing lands here: cordoned, asked for 9m ago');
  });
  test('a cell that promised more than it has', () => {
    const view = cellViewOf('host-05');
    const over: CellView = {
      ...view,
      used: { ...view.used, memoryMb: view.presence.capacity.memoryMb + 1_024 },
    };
    const { driver } = fed(whyPage(cell('host-05')));
    driver.send(answer('cell', over));
    expect(driver.screen()).toContain('0M free of 64G, 1G too much is promised');
  });
});

describe('drain', () => {
  test('what is stuck first, with its reason, and how far it is', () => {
    const { screen } = fed(drainPage('host-08', stubPages));
    expect(screen).toContain('22 of 31 have left, about 4 min more');
    const places = ['crashed', 'waiting', 'not ready', 'starting', 'healthy', 'stopping', 'queued'].map(
      (state) => screen.indexOf(` ${state} `),
    );
    expect([...places].sort((a, b) => a - b)).toEqual(places);
    expect(screen).toContain('GET /ready answered 503');
  });
  test.each([
    ['nothing known of before', { instances: undefined }, 0],
    ['more there than before', { instances: 3 }, 0],
    ['half', { instances: 18 }, 0.5],
    ['done', { done: true, left: { ordinary: 0, evacuating: 0, suspect: 0, tasks: 0 } }, 1],
    ['none from the start', { instances: 0, left: { ordinary: 0, evacuating: 0, suspect: 0, tasks: 0 } }, 1],
  ])('progress of %s', (_what, change, part) => {
    const { instances: _instances, ...rest } = drainView;
    expect(progressOf({ ...rest, ...change } as typeof drainView).part).toBe(part);
  });
  test.each([
    [{ deadlineAt: undefined, force: false }, 'none: it waits for ever'],
    [{ deadlineAt: now - 60_000, force: false }, 'passed 1 min ago: what is left is being stopped'],
    [{ deadlineAt: undefined, force: true }, 'none: everything is stopped at once'],
  ])('the deadline %j', (change, text) => {
    const { driver } = fed(drainPage('host-08', stubPages));
    const spec = { ...drainView.spec, drain: { ...drainView.spec?.drain, ...change } };
    driver.send(answer('drain', { ...drainView, spec }));
    expect(driver.screen()).toContain(text);
  });
  test('over, called off, and of a cell that is away', () => {
    const { driver, act } = fed(drainPage('host-08', stubPages));
    driver.send(answer('drain', { ...drainView, done: true, rows: [], present: false }));
    expect(driver.screen()).toContain('drained: the host may be switched off');
    expect(driver.screen()).toContain('the cell is away');
    driver.send(answer('drain', { ...drainView, spec: undefined }));
    expect(driver.screen()).toContain('this cell is not drained');
    expect(act('uncordon')).toEqual([expect.stringContaining('uncordonDialog')]);
  });
});

describe('a task', () => {
  test('that has ended is deleted, with its state known', () => {
    const { act, screen } = fed(taskPage('nightly-003', stubPages));
    expect(screen).toMatch(/exit code: +2/);
    expect(screen).toMatch(/ran for: +36 min/);
    expect(act('delete')).toEqual([
      'deleteDialog [[{"subject":{"kind":"task","guid":"nightly-003"},"values":{"state":"FAILED"}}]]',
    ]);
  });
  test.each([
    ['logs', 'logs [{"target":{"task":"nightly-003"},"tail":500,"previous":false}]'],
    ['shell', 'shell nightly-003'],
    ['shellFull', 'shell nightly-003 full'],
    ['attach', 'attach nightly-003'],
    ['events', 'events [{"kind":"task","guid":"nightly-003"}]'],
    ['why', 'why [{"kind":"task","guid":"nightly-003"}]'],
    ['describe', 'describe [{"kind":"task","guid":"nightly-003"}]'],
    ['raw', 'raw [{"kind":"task","guid":"nightly-003"}]'],
  ])('%s leads to %s', (action, crumb) => {
    expect(fed(taskPage('nightly-003', stubPages)).act(action)).toEqual([crumb]);
  });
});
