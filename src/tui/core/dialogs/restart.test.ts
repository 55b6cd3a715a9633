/** A rolling restart: what is counted, what is skipped, what it waits for, and what stops it. */
import { describe, expect, test } from 'vitest';
import { type ActualChange, buildActual, buildDesired } from '../../../../test/kit/builders.ts';
import { drivePage } from '../../../../test/kit/page-driver.ts';
import type { Effect, Page, PageContext } from '../page.ts';
import type { Target } from '../subject.ts';
import { restartDialog } from './restart-dialog.ts';
import { counted, rangesOf, takeItems, totalOf, uncounted } from './restart-queue.ts';

const shown = { kind: 'shown' } as const;
const lrp = (guid: string, desired?: number): Target => ({
  subject: { kind: 'lrp', guid },
  values: desired === undefined ? {} : { desired },
});
const looked = (want: string, ...rows: readonly ActualChange[]) =>
  ({
    kind: 'data',
    want,
    data: { kind: 'answer', value: { rows: rows.map((row) => buildActual({ routable: true, ...row })) } },
  }) as const;
const brokenFeed = (want: string, code: 'ResourceNotFound' | 'Unavailable', message: string) =>
  ({ kind: 'data', want, data: { kind: 'broken', error: { code, message } } }) as const;
const lrpAnswer = (guid: string, instances: number) =>
  ({
    kind: 'data',
    want: `lrp ${guid}`,
    data: { kind: 'answer', value: { desired: buildDesired({ guid, instances }) } },
  }) as const;
const running = { state: 'RUNNING', cellId: 'a' } as const;

function progressOf(targets: readonly Target[], parallel = '1'): Page {
  const start = drivePage(restartDialog(targets));
  start.press('ctrl-u');
  start.type(parallel);
  start.press('enter');
  const dialog = start.press('enter').find((effect) => effect.do === 'dialog');
  if (dialog?.do !== 'dialog') throw new Error('the restart has no progress');
  return dialog.dialog;
}

function begun(targets: readonly Target[], parallel = '1', context: Partial<PageContext> = {}) {
  const driver = drivePage(progressOf(targets, parallel), context);
  driver.send(shown);
  return driver;
}

const stops = (effects: readonly Effect[]) =>
  effects.flatMap((effect) => (effect.do === 'call' && effect.route === 'retireInstance' ? [effect.id] : []));
const wantIds = (page: Page) => page.wants.map(({ id }) => id);

describe('the queue', () => {
  test('of 100,000 instances is one range, and only what is taken is made', () => {
    const ranges = rangesOf([lrp('web', 100_000)]);
    expect(ranges).toHaveLength(1);
    const { items, rest } = takeItems(ranges, 3);
    expect(items.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(rest).toEqual([{ guid: 'web', from: 3, to: 100_000 }]);
    expect(totalOf(rest)).toBe(99_997);
  });
  test('goes on with the next LRP, and passes one without instances', () => {
    const { items, rest } = takeItems(rangesOf([lrp('a', 0), lrp('b', 1), lrp('c', 2)]), 2);
    expect(items.map(({ guid, index }) => `${guid}/${index}`)).toEqual(['b/0', 'c/0']);
    expect(totalOf(rest)).toBe(1);
  });
  test('of an LRP that nobody counted waits until it is', () => {
    const ranges = rangesOf([lrp('web')]);
    expect([uncounted(ranges), totalOf(ranges), takeItems(ranges, 9).items]).toEqual(['web', undefined, []]);
    const known = counted(ranges, rangesOf([lrp('web')])[0]?.guid as never, 2);
    expect([uncounted(known), totalOf(known)]).toEqual([undefined, 2]);
  });
});

describe('what is restarted', () => {
  test('an LRP without instances is over at once and says so', () => {
    const driver = begun([lrp('web', 0)]);
    expect(driver.effects).toMatchObject([
      { do: 'close' },
      { do: 'flash', text: 'web: there are no instances to restart' },
    ]);
  });
  test('an LRP that was named in a command is counted first', () => {
    const driver = begun([lrp('web')]);
    expect(driver.page.wants).toMatchObject([{ id: 'lrp web', route: 'getLrp' }]);
    driver.send(lrpAnswer('web', 2));
    expect(wantIds(driver.page)).toEqual(['web/0']);
    expect(driver.screen()).toContain('0 of 2 restarted');
  });
  test('an LRP that is not there is nothing to restart', () => {
    const driver = begun([lrp('web')]);
    driver.send(brokenFeed('lrp web', 'ResourceNotFound', 'there is no LRP "web"'));
    expect(driver.effects).toMatchObject([
      { do: 'close' },
      { text: 'web: there are no instances to restart' },
    ]);
  });
  test('as many at a time as were asked for, whichever is first', () => {
    const driver = begun([lrp('web', 5)], '2');
    expect(wantIds(driver.page)).toEqual(['web/0', 'web/1']);
    driver.send(looked('web/1', { ...running, index: 1, instanceGuid: 'old' }));
    driver.send(looked('web/1', { ...running, index: 1, instanceGuid: 'new' }));
    expect(wantIds(driver.page)).toEqual(['web/0', 'web/2']);
  });
  test('one without a place has nothing to restart', () => {
    const driver = begun([lrp('web', 2)]);
    driver.send(looked('web/0', { state: 'UNCLAIMED' }));
    expect(stops(driver.effects)).toEqual([]);
    expect(driver.screen()).toContain('0 of 2 restarted, 1 had nothing to restart');
    expect(wantIds(driver.page)).toEqual(['web/1']);
  });
  test('one that crashed is started anew, and its successor is left to the crash policy', () => {
    const driver = begun([lrp('web', 1)]);
    driver.send(looked('web/0', { state: 'CRASHED', crashCount: 4 }));
    driver.send(looked('web/0', { state: 'CRASHED', crashCount: 1 }));
    expect(stops(driver.effects)).toEqual(['web/0']);
    driver.send(looked('web/0', { ...running, instanceGuid: 'new' }));
    expect(driver.effects.at(-1)).toMatchObject({ text: 'web: 1 of 1 restarted' });
  });
});

describe('what happens meanwhile', () => {
  test('while the record is away between the two it is waited for, as long as it is wanted', () => {
    const driver = begun([lrp('web', 2)]);
    driver.send(looked('web/0', { ...running, instanceGuid: 'old' }));
    driver.send(looked('web/0'));
    expect(wantIds(driver.page)).toEqual(['lrp web', 'web/0']);
    driver.send(lrpAnswer('web', 2));
    expect(wantIds(driver.page)).toEqual(['lrp web', 'web/0']);
    driver.send(looked('web/0', { ...running, instanceGuid: 'new' }));
    expect(wantIds(driver.page)).toEqual(['web/1']);
  });
  test.each([
    ['was scaled down', lrpAnswer('web', 0)],
    ['was removed', brokenFeed('lrp web', 'ResourceNotFound', 'there is no LRP "web"')],
  ])('an LRP that %s leaves nothing to wait for', (_what, answer) => {
    const driver = begun([lrp('web', 1)]);
    driver.send(looked('web/0', { ...running, instanceGuid: 'old' }));
    driver.send(looked('web/0'));
    driver.send(answer);
    expect(driver.effects.at(-1)).toMatchObject({
      do: 'flash',
      text: 'web: 0 of 1 restarted, 1 had nothing to restart',
    });
  });
  test('a cluster that is away for a while is waited for and said', () => {
    const driver = begun([lrp('web', 1)]);
    driver.send(looked('web/0', { ...running, instanceGuid: 'old' }));
    driver.send(brokenFeed('web/0', 'Unavailable', 'no server answers'));
    expect(driver.screen()).toContain('no server answers');
    expect(wantIds(driver.page)).toEqual(['web/0']);
    driver.send(looked('web/0', { ...running, instanceGuid: 'new' }));
    expect(driver.effects.at(-1)).toMatchObject({ do: 'flash', level: 'info' });
  });
  test('a stop that found no quorum is asked for again; one whose answer only was lost is not', () => {
    const driver = begun([lrp('web', 1)]);
    const error = { code: 'Unavailable', message: 'no quorum' } as const;
    driver.send(looked('web/0', { ...running, instanceGuid: 'old' }));
    driver.send({ kind: 'failed', id: 'web/0', error });
    driver.send(looked('web/0', { ...running, instanceGuid: 'old' }));
    expect(stops(driver.effects)).toEqual(['web/0', 'web/0']);
    driver.send({ kind: 'failed', id: 'web/0', error });
    driver.send(looked('web/0', { state: 'CLAIMED', cellId: 'a', instanceGuid: 'new' }));
    expect(stops(driver.effects)).toEqual(['web/0', 'web/0']);
  });
  test('after five minutes without its successor it stops and says why', () => {
    const start = progressOf([lrp('web', 3)]);
    const context = (now: number): PageContext => ({
      now,
      cluster: 'test',
      size: { columns: 80, rows: 20 },
      settings: { readOnly: false, theme: 'dark', times: 'age', wide: false },
    });
    let page = start.on(shown, context(0)).page;
    page = page.on(looked('web/0', { ...running, instanceGuid: 'old' }), context(1_000)).page;
    page = page.on({ kind: 'tick' }, context(300_000)).page;
    expect(wantIds(page)).toEqual(['web/0']);
    page = page.on({ kind: 'tick' }, context(300_001)).page;
    expect(page.wants).toEqual([]);
    expect(page.lines(context(300_001)).join()).toContain('web/0 does not run again after 5 minutes');
  });
});
