/** Help lists what can be done here and does it; messages keep what was said; the brain page tells what presses. */
import { describe, expect, test } from 'vitest';
import { driveTui, type TuiApp } from '../../../test/kit/tui-app.ts';
import { clusterStatus, now, viewData } from '../../../test/kit/tui-data.ts';
import type { Status } from '../../api/core/routes.ts';
import { frameText } from './frame.ts';
import { helpPage } from './help-page.ts';
import { keyName, keyTitle } from './key-names.ts';
import type { PageFactories } from './pages.ts';

const drive = (home: (pages: PageFactories) => ReturnType<PageFactories['brain']>): TuiApp =>
  driveTui({ size: { columns: 100, rows: 40 }, now, rows: (kind) => viewData[kind].slice(0, 50), home });
const screen = (app: TuiApp): string => frameText(app.draw());
const cells = (pages: PageFactories) => pages.list({ kind: 'cells' });

describe('help', () => {
  test('lists the keys of the page it was asked on, and only those', () => {
    const app = drive(cells);
    app.press('?');
    expect(screen(app)).toContain('Move everything off the cell');
    expect(screen(app)).not.toContain('A shell in a pane');
  });
  test('is searched with /, and Enter does what is chosen on the page below', () => {
    const app = drive(cells);
    app.press('?', '/');
    app.type('nothing new');
    app.press('enter', 'enter');
    expect(app.model.stack.at(-1)?.page.kind).toBe('cells');
    expect(app.model.dialogs.at(-1)?.page.title).toContain('host-01');
  });
  test('Escape clears its filter, then goes back', () => {
    const app = drive(cells);
    app.press('?', '/');
    app.type('drain');
    app.press('enter', 'escape');
    expect(app.model.stack.at(-1)?.page.kind).toBe('help');
    app.press('escape');
    expect(app.model.stack.at(-1)?.page.kind).toBe('cells');
  });
  test('says what read-only mode keeps from being done, and shows keys as they are bound', () => {
    const subject = { kind: 'lrps', crumb: 'lrps', actions: ['scale'], readOnly: true } as const;
    const page = helpPage({ ...subject, keysOf: (id) => (id === 'scale' ? ['f5'] : []) });
    const context = { now, cluster: 'c', size: { columns: 80, rows: 20 } };
    const settings = { readOnly: true, theme: 'dark', times: 'age', wide: false } as const;
    const line = page.lines({ ...context, settings }).find((each) => each.includes('number of instances'));
    expect(line).toMatch(/^f5 .*not in read-only mode/);
  });
});

test.each([
  ['ctrl-d', '^D', 'Ctrl-D'],
  ['ctrl-]', '^]', 'Ctrl-]'],
  ['ctrl-space', 'Ctrl-Space', 'Ctrl-Space'],
  ['shift-left', 'Shift-Left', 'Shift-Left'],
  ['pageup', 'PgUp', 'PgUp'],
  ['G', 'G', 'G'],
])('%s is written %s, and %s in prose', (key, short, long) => {
  expect([keyName(key), keyTitle(key)]).toEqual([short, long]);
});

test('messages are kept, newest first, and can be copied', () => {
  const app = drive(cells);
  app.send({ kind: 'flash', level: 'error', text: 'first' });
  app.send({ kind: 'flash', level: 'warn', text: 'second', hint: 'do that' });
  app.press(':');
  app.type('messages');
  app.press('enter', 'c');
  const text = 'second: do that';
  expect(app.effects).toContainEqual({ page: 'p1', effect: { do: 'copy', text, what: 'the message' } });
  app.press('G', 'c');
  expect(app.effects).toContainEqual({
    page: 'p1',
    effect: { do: 'copy', text: 'first', what: 'the message' },
  });
});

describe('the brain', () => {
  const shown = (change: Partial<Status>): string => {
    const app = drive((pages) => pages.brain());
    app.send({ kind: 'status', status: { ...clusterStatus, ...change }, skewMs: 0 });
    return screen(app);
  };
  test('tells servers, leader, problems and what loss is survived', () => {
    const text = shown({});
    expect(text).toMatch(/✓ host-02 +leader/);
    expect(text).toMatch(/✗ host-03 +unknown/);
    expect(text).toContain('host-02 for 3 d, Raft term 7');
    expect(text).toContain('without rack-2 418 instances would find no place');
  });
  test('without a leader says what that means', () => {
    expect(shown({ leader: undefined })).toContain('nothing is placed or replaced until there is one');
    expect(shown({ leader: undefined })).toContain('NO LEADER');
  });
  test('before any answer says so', () => {
    expect(screen(drive((pages) => pages.brain()))).toContain('no server has answered yet');
  });
  test('shows an election once, however often the feed brings it', () => {
    const app = drive((pages) => pages.brain());
    app.send({ kind: 'status', status: clusterStatus, skewMs: 0 });
    const event = {
      v: 1,
      type: 'brain.elected',
      at: now - 5_000,
      subject: 'host-02',
      message: 'leads',
      id: 'e1',
    } as const;
    for (let i = 0; i < 2; i += 1)
      app.send({ kind: 'data', page: 'p0', want: 'events', data: { kind: 'events', events: [event] } });
    expect(screen(app).split('brain.elected').length).toBe(2);
  });
});
