/**
 * Golden screens of the lists, the brain page, help, messages and the prompt, drawn from fixed data. After a change:
 * `npm run golden -- -u`, then read the difference.
 */
import { describe, expect, test } from 'vitest';
import type { ViewKind } from '../../src/api/core/view-shapes.ts';
import { viewKinds } from '../../src/api/core/view-shapes.ts';
import { defaultBrainSettings } from '../../src/model/cell-spec.ts';
import type { Page } from '../../src/tui/core/page.ts';
import type { PageFactories } from '../../src/tui/core/pages.ts';
import { paletteOf } from '../../src/tui/core/palettes.ts';
import { asciiGlyphs, type Theme, themeOf, unicodeGlyphs } from '../../src/tui/core/theme.ts';
import { roleTheme, screenText } from '../kit/screen-text.ts';
import { driveTui, type TuiApp } from '../kit/tui-app.ts';
import { clusterStatus, now, viewData } from '../kit/tui-data.ts';

const sizes = [
  { columns: 80, rows: 24 },
  { columns: 120, rows: 40 },
  { columns: 200, rows: 60 },
] as const;
const [small] = sizes;
const byRole = roleTheme(unicodeGlyphs);
const looks: Readonly<Record<string, Theme>> = {
  mono: themeOf('mono', paletteOf('mono', 0), unicodeGlyphs),
  ascii: roleTheme(asciiGlyphs),
};

const drive = (
  home: (pages: PageFactories) => Page,
  size: { columns: number; rows: number } = small,
): TuiApp => {
  const app = driveTui({ size, now, rows: (kind) => viewData[kind], home });
  app.send({ kind: 'status', status: clusterStatus, skewMs: 0 });
  return app;
};
const list = (kind: ViewKind) => (pages: PageFactories) => pages.list({ kind });

async function golden(app: TuiApp, name: string, look = ''): Promise<void> {
  const theme = looks[look] ?? byRole;
  await expect(screenText(app.draw(theme), theme)).toMatchFileSnapshot(`screens/${name}.txt`);
}

describe.each(sizes)('at $columns by $rows', (size) => {
  const name = (what: string): string => `${what}-${size.columns}x${size.rows}`;
  test.each(viewKinds)('%s', async (kind) => {
    await golden(drive(list(kind), size), name(kind));
  });
  test('brain', async () => {
    const app = drive((pages) => pages.brain(), size);
    const value = { ...defaultBrainSettings, maxStarting: 40 };
    app.send({ kind: 'data', page: 'p0', want: 'settings', data: { kind: 'answer', value } });
    const etcd = { version: '3.4.23', dbBytes: 412e6, dbBytesInUse: 288e6, quotaBytes: 8.6e9, alarms: [] };
    const own = { ...etcd, fsyncP99Ms: 8, commitP99Ms: 32 };
    const members = ['host-01', 'host-02', 'host-03'].map((server, at) => ({
      server,
      dbBytes: 412e6 + at * 3e6,
    }));
    const store = { server: 'host-01', own, problem: '', members };
    app.send({ kind: 'data', page: 'p0', want: 'store', data: { kind: 'answer', value: store } });
    await golden(app, name('brain'));
  });
  test('help', async () => {
    const app = drive(list('instances'), size);
    app.press('?');
    await golden(app, name('help'));
  });
  test('instances at work: marked, changed, sorted, filtered', async () => {
    let rows = viewData.instances;
    const app = driveTui({ size, now, rows: () => rows, home: list('instances') });
    app.send({ kind: 'status', status: clusterStatus, skewMs: 0 });
    app.press('down', 'space', 'space', 'down', '/');
    app.type('worker');
    app.press('enter');
    rows = rows.map((row, at) =>
      at === 6 ? { ...row, values: { ...row.values, state: 'CRASHED', crashes: 4, ready: false } } : row,
    );
    app.feed();
    await golden(app, name('instances-work'));
  });
});

describe.each(['mono', 'ascii'])('in %s', (look) => {
  test.each(['cells', 'lrps', 'instances', 'events'] as const)('%s', async (kind) => {
    await golden(drive(list(kind)), `${kind}-${look}`, look);
  });
});

describe('what goes wrong', () => {
  test('no server, read-only, data that is old', async () => {
    const app = drive(list('cells'));
    const error = { code: 'Unavailable', message: 'no server answers' } as const;
    app.send({ kind: 'data', page: 'p0', want: 'rows', data: { kind: 'broken', error } });
    const connection = {
      server: 'host-01',
      state: 'lost',
      since: now,
      reason: 'connection refused',
    } as const;
    app.send({ kind: 'connection', connection });
    app.send({ kind: 'tick', now: (now + 42_000) as typeof now });
    await golden(app, 'no-server');
  });
  test('a filter that makes no sense', async () => {
    const app = drive(list('instances'));
    app.press('/');
    app.type('(wor');
    await golden(app, 'filter-refused');
  });
  test('a filter that matches nothing', async () => {
    const app = drive(list('instances'));
    app.press('/');
    app.type('nothing-like-it');
    app.press('enter');
    await golden(app, 'filter-empty');
  });
  test('rows that have not come yet', async () => {
    const app = drive(list('instances'));
    const late = driveTui({ size: small, now, rows: () => [], home: list('lrps'), answer: () => undefined });
    await golden(late, 'asking');
    app.press('G');
    app.send({ kind: 'key', key: { name: 'g', text: 'g', bytes: 'g' } });
    await golden(app, 'placeholders');
  });
  test('messages', async () => {
    const app = drive(list('cells'));
    app.send({ kind: 'flash', level: 'error', text: 'no server took the change', hint: 'try again' });
    app.send({ kind: 'flash', level: 'info', text: 'web is scaled to 5' });
    app.press(':');
    app.type('messages');
    app.press('enter');
    await golden(app, 'messages');
  });
});

describe('on top', () => {
  test('a command with its ghost, then completed', async () => {
    const app = drive(list('cells'));
    app.press(':');
    app.type('drain host-0');
    await golden(app, 'command');
    app.press('tab', 'tab');
    await golden(app, 'command-tab');
  });
  test('a command that is none', async () => {
    const app = drive(list('cells'));
    app.press(':');
    app.type('celsl');
    app.press('enter');
    await golden(app, 'command-wrong');
  });
  test('the chooser of columns', async () => {
    const app = drive(list('instances'));
    app.press('C', 'down', 'down', 'space');
    await golden(app, 'columns');
  });
  test('all columns, scrolled sideways, times in UTC', async () => {
    const app = drive(list('cells'));
    app.press('ctrl-w', 'T', 'T', 'right', 'right', 'right', 'right');
    await golden(app, 'wide');
  });
  test('crumbs, and a list in a list', async () => {
    const app = drive(list('cells'));
    app.press('down', 'enter');
    await golden(app, 'drill-down');
  });
  test('a screen of 40 by 10', async () => {
    await golden(drive(list('instances'), { columns: 40, rows: 10 }), 'smallest');
  });
});
