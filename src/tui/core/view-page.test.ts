/** A list as an operator uses it: marks, orders, filters, what keys open and what is acted on; and what may go wrong. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { darkTheme, driveTui, type TuiApp } from '../../../test/kit/tui-app.ts';
import { now, viewData } from '../../../test/kit/tui-data.ts';
import { answerView } from '../../../test/kit/view-server.ts';
import { type ViewKind, type ViewRow, viewKinds } from '../../api/core/view-shapes.ts';
import type { Millis } from '../../model/ids.ts';
import { actionIds, actions } from './actions.ts';
import { wantsOf } from './app.ts';
import { frameText } from './frame.ts';
import type { Want } from './page.ts';
import type { ListRequest } from './pages.ts';
import { marksMax } from './view-state.ts';

const size = { columns: 80, rows: 24 };
interface Options {
  readonly rows?: (kind: ViewKind) => readonly ViewRow[];
  readonly settings?: Parameters<typeof driveTui>[0]['settings'];
}
const drive = (request: ListRequest | ViewKind, { rows, settings }: Options = {}): TuiApp =>
  driveTui({
    size,
    now,
    rows: rows ?? ((kind) => viewData[kind].slice(0, 300)),
    home: (pages) => pages.list(typeof request === 'string' ? { kind: request } : request),
    ...(settings === undefined ? {} : { settings }),
  });
const page = ({ model }: TuiApp) => model.stack.at(-1)?.page;
const screen = (app: TuiApp): string => frameText(app.draw());
const lineOf = (app: TuiApp, text: string): string =>
  screen(app)
    .split('\n')
    .find((line) => line.includes(text)) ?? '';
const queryOf = (app: TuiApp) => {
  const want = wantsOf(app.model)
    .map((each): Want => each.want)
    .find(({ kind }) => kind === 'view');
  return want?.kind === 'view' ? want.query : undefined;
};

describe('marks', () => {
  test('survive a filter and a refresh, and dialogs get all of them', () => {
    const app = drive('cells');
    app.press('space', 'space', '/');
    app.type('rack-1');
    app.press('enter');
    expect(page(app)?.title).toContain('2 marked');
    app.press('escape');
    expect(lineOf(app, 'host-02')).toMatch(/^\*/);
    app.press('r');
    expect(app.model.dialogs.at(-1)?.page.title).toContain('2');
    expect(app.model.dialogs.at(-1)?.page.lines).toBeDefined();
  });
  test('of a range: from the last marked row to here', () => {
    const app = drive('instances');
    app.press('space', 'down', 'down', 'V');
    expect(page(app)?.title).toContain('4 marked');
    app.press('M');
    expect(page(app)?.title).toBe('instances');
  });
  test('a range that is not all here is refused, with what to do', () => {
    const app = drive('instances', { rows: () => viewData.instances });
    app.press('space', 'G', 'V');
    expect(app.model.flash?.text).toContain('too far away');
    expect(app.model.flash?.hint).toContain('Space');
  });
  test('are bounded', () => {
    const app = drive('instances', { rows: () => viewData.instances });
    const rounds = Math.ceil(marksMax / 50) + 1;
    for (let round = 0; round < rounds; round += 1)
      app.press('space', ...Array<string>(3).fill('pagedown'), 'V');
    expect(app.model.flash?.text).toContain(`at most ${marksMax}`);
  });
  test('a second press unmarks', () => {
    const app = drive('cells');
    app.press('space', 'up', 'space');
    expect(page(app)?.title).toBe('cells');
  });
});

describe('order', () => {
  test('by name, age, state, and by the column beside; again turns it round', () => {
    const app = drive('cells');
    app.press('A');
    expect(queryOf(app)?.sort).toEqual({ column: 'since', descending: true });
    expect(screen(app)).toContain('AGE↑');
    app.press('A');
    expect(queryOf(app)?.sort).toEqual({ column: 'since', descending: false });
    app.press('P');
    expect(queryOf(app)?.sort).toEqual({ column: 'state', descending: false });
    app.press('>');
    expect(queryOf(app)?.sort).toEqual({ column: 'zone', descending: false });
    app.press('>');
    expect(queryOf(app)?.sort).toEqual({ column: 'instances', descending: true });
    app.press('<', '<', '<', '<');
    expect(queryOf(app)?.sort?.column).toBe('since');
    app.press('N', 'O');
    expect(queryOf(app)?.sort).toEqual({ column: 'cell', descending: true });
  });
  test('is remembered for later lists of the kind', () => {
    const app = drive('cells');
    app.press('A', ':');
    app.type('tasks');
    app.press('enter', ':');
    app.type('cells');
    app.press('enter');
    expect(app.model.stack).toHaveLength(3);
    expect(queryOf(app)?.sort).toEqual({ column: 'since', descending: true });
  });
  test('of an age, where there is none, says so', () => {
    const app = drive('routes');
    app.press('A');
    expect(app.model.flash?.text).toContain('no such column');
  });
});

describe('filter', () => {
  test('holds while it is typed; one that is refused says why and keeps the rows', () => {
    const app = drive('cells');
    app.press('/');
    app.type('host-03');
    expect(queryOf(app)?.filter).toBe('host-03');
    expect(screen(app)).toContain('1-1 of 1 (28 in all)');
    for (let i = 0; i < 7; i += 1) app.press('backspace');
    app.type('(x');
    expect(page(app)?.title).toContain('filter not used: missing closing )');
    expect(screen(app)).toContain('host-03');
    app.press('escape');
    expect(queryOf(app)?.filter).toBe('');
  });
  test('Escape clears the filter, then faults, then marks, then goes back', () => {
    const app = drive('cells');
    app.press('down', 'enter', 'ctrl-z', '/');
    app.type('worker');
    app.press('enter', 'space', 'escape');
    expect([queryOf(app)?.filter, queryOf(app)?.faults]).toEqual(['', true]);
    app.press('escape');
    expect([queryOf(app)?.faults, page(app)?.title]).toEqual([false, 'instances on host-02 · 1 marked']);
    app.press('escape');
    expect(page(app)?.title).toBe('instances on host-02');
    app.press('escape');
    expect(page(app)?.kind).toBe('cells');
  });
});

describe('going back', () => {
  test('finds cursor, filter and marks as they were', () => {
    const app = drive('cells');
    app.press('down', 'down', 'space', 'enter', '[');
    expect(page(app)?.title).toBe('cells · 1 marked');
    app.press('enter');
    expect(page(app)?.title).toBe('instances on host-04');
    app.press('[', ']');
    expect(page(app)?.title).toBe('instances on host-04');
  });
});

describe('what keys open', () => {
  test.each([
    ['cells', 'enter', 'instances', 'instances on host-01'],
    ['cells', 'o', 'cell', undefined],
    ['lrps', 'enter', 'instances', 'instances of api'],
    ['lrps', 'o', 'routes', 'routes of api'],
    ['lrps', 'v', 'events', 'events of api'],
    ['lrps', 'l', 'logs', undefined],
    ['instances', 'enter', 'instance', undefined],
    ['instances', 'J', 'lrps', 'LRPs'],
    ['tasks', 'enter', 'task', undefined],
    ['routes', 'enter', 'instances', 'instances of api'],
    ['events', 'enter', 'instance', undefined],
    ['events', 'o', 'cell', undefined],
  ] as const)('on %s, %s opens %s', (kind, key, opened, title) => {
    const app = drive(kind);
    app.press(key);
    const top = app.model.stack.at(-1)?.page;
    expect(app.model.stack.length).toBe(2);
    // Pages that are not built yet stand in as dialogs.
    if (top?.kind !== 'dialog') expect(top?.kind).toBe(opened);
    if (title !== undefined) expect(top?.title).toBe(title);
  });
  test('J lands on the LRP', () => {
    const app = drive('instances');
    app.press('J', 'enter');
    expect(page(app)?.title).toBe('instances of payments-worker');
  });
  test('a shell of an instance, of a task, over the whole screen', () => {
    const app = drive('instances');
    app.press('s');
    expect(app.model.workspace.panes.length).toBe(1);
    expect(app.model.inPanes).toBe(true);
    const tasks = drive('tasks');
    tasks.press('S');
    const open = { target: 'nightly-000', kind: 'shell', task: true, full: true };
    expect(tasks.effects).toContainEqual({ page: 'p0', effect: { do: 'console', open } });
  });
  test('nothing is done to a row that is not here', () => {
    const app = drive('cells', { rows: () => [] });
    for (const key of ['enter', 'd', 'r', 'c', 'space', 'V', 'Y', 'W']) {
      app.press(key);
      expect(app.model.flash?.level).toBe('warn');
      expect([app.model.stack.length, app.model.dialogs.length]).toEqual([1, 0]);
    }
  });
  test('copies what is marked', () => {
    const app = drive('instances');
    app.press('space', 'space', 'c');
    const text = 'payments-worker/0\npayments-worker/1';
    expect(app.effects).toContainEqual({ page: 'p0', effect: { do: 'copy', text, what: '2 names' } });
  });
});

describe('the chooser of columns', () => {
  test('hides, moves and restores; what is chosen is kept', () => {
    const app = drive('cells');
    expect(screen(app)).toContain('ZONE');
    app.press('C', 'down', 'down', 'space', 'enter');
    expect(app.model.dialogs).toHaveLength(0);
    expect(screen(app)).not.toContain('ZONE');
    expect(app.model.settings.views?.cells?.columns).not.toContain('zone');
    app.press('C', 'down', '>', 'enter');
    expect(app.model.settings.views?.cells?.columns?.slice(0, 3)).toEqual(['cell', 'instances', 'state']);
    app.press('C', 'D', 'escape');
    expect(screen(app)).toContain('ZONE');
  });
  test('never hides what names the row', () => {
    const app = drive('cells');
    app.press('C', 'space', 'enter');
    expect(screen(app)).toContain('host-01');
  });
});

describe('data that is old', () => {
  const broken = { kind: 'broken', error: { code: 'Unavailable', message: 'no server answers' } } as const;
  test('stays, with its age and the reason, until there is newer', () => {
    const app = drive('cells');
    app.send({ kind: 'data', page: 'p0', want: 'rows', data: broken });
    app.send({ kind: 'tick', now: (now + 42_000) as Millis });
    app.send({ kind: 'data', page: 'p0', want: 'rows', data: broken });
    expect(page(app)?.title).toBe('cells · data 42 s old: no server answers');
    expect(screen(app)).toContain('host-01');
    app.feed();
    expect(page(app)?.title).toBe('cells');
  });
  test('of a server that lags is said too', () => {
    const app = drive('cells');
    const message = answerView(
      viewData.cells,
      queryOf(app) ?? { kind: 'cells', window: { start: 0, count: 10 } },
    );
    const stale = { ...message, stale: 'etcd does not answer' } as typeof message;
    app.send({ kind: 'data', page: 'p0', want: 'rows', data: { kind: 'view', message: stale } });
    expect(page(app)?.title).toContain('etcd does not answer');
  });
  test('a long list that is being put in order says how far that is', () => {
    const app = drive('instances');
    const message = { type: 'building', seq: 2, done: 100_000, of: 250_000 } as const;
    app.send({ kind: 'data', page: 'p0', want: 'rows', data: { kind: 'view', message } });
    expect(page(app)?.title).toBe('instances · putting in order, 40 %');
  });
});

test('a value that has just changed has a sign, and loses it', () => {
  let crashes = 0;
  const row = (): ViewRow => ({ key: 'web/0', values: { instance: 'web/0', state: 'RUNNING', crashes } });
  const app = driveTui({
    size: { columns: 120, rows: 24 },
    now,
    rows: () => [row()],
    home: (pages) => pages.list({ kind: 'instances' }),
  });
  crashes = 12;
  app.feed();
  expect(screen(app)).toContain('↑12');
  app.send({ kind: 'tick', now: (now + 3_000) as Millis });
  expect(screen(app)).not.toContain('↑12');
});

test('what is saved has every loaded row, and says how much of the whole it is', () => {
  const app = drive('instances', { rows: () => viewData.instances });
  app.press('ctrl-s');
  const save = app.effects.find((each) => 'effect' in each && each.effect.do === 'save');
  const text = save !== undefined && 'effect' in save && save.effect.do === 'save' ? save.effect.text : '';
  expect(text.split('\n')[0]).toMatch(/^INSTANCE +STATE/);
  expect(text).toContain('1-150 of 12,000');
});

test('whatever is pressed and whatever comes, it draws a screen of the right size', () => {
  const keys = [...new Set(actionIds.flatMap((id) => actions[id].keys as readonly string[]))].filter(
    (key) => key !== 'ctrl-c',
  );
  const step = fc.oneof(
    { weight: 8, arbitrary: fc.record({ key: fc.constantFrom(...keys, 'a', '(', '5', 'backspace', 'z') }) },
    { weight: 2, arbitrary: fc.record({ keep: fc.func(fc.boolean()) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        columns: fc.integer({ min: 1, max: 200 }),
        rows: fc.integer({ min: 1, max: 60 }),
      }),
    },
  );
  fc.assert(
    fc.property(fc.constantFrom(...viewKinds), fc.array(step, { maxLength: 40 }), (kind, steps) => {
      let keep: (key: string) => boolean = () => true;
      const app = drive(kind, {
        rows: (each) => viewData[each].slice(0, 200).filter(({ key }) => keep(key)),
      });
      for (const each of steps) {
        if ('key' in each) app.press(each.key);
        else if ('keep' in each) keep = each.keep as (key: string) => boolean;
        else app.send({ kind: 'resize', size: each });
        const frame = app.draw(darkTheme);
        expect(frame.characters).toHaveLength(app.model.size.columns * app.model.size.rows);
      }
    }),
    { numRuns: 60 },
  );
});
