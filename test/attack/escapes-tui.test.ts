/**
 * What the cluster says reaches the terminal of an operator through the terminal UI: every string of every row, record,
 * event, log line and error holds what a terminal would obey, and no frame of any page holds anything of it.
 */
import { expect, test } from 'vitest';
import { type ViewRow, viewKinds } from '../../src/api/core/view-shapes.ts';
import { wantsOf } from '../../src/tui/core/app.ts';
import type { Data, Page, Want } from '../../src/tui/core/page.ts';
import { pageKinds } from '../../src/tui/core/page-kind.ts';
import type { PageFactories } from '../../src/tui/core/pages.ts';
import { keyOf } from '../kit/page-driver.ts';
import { driveTui } from '../kit/tui-app.ts';
import { clusterStatus, now, viewData } from '../kit/tui-data.ts';
import { detailData } from '../kit/tui-details-data.ts';
import { obeyed, trick } from './poison.ts';

/** Words of our own, which tell pages what kind of thing they are given. */
const structural = new Set([
  'kind',
  'type',
  'state',
  'presence',
  'health',
  'do',
  'id',
  'key',
  'stream',
  'channel',
  'code',
]);

/** Of each list. */
const rowsMax = 8;

/** Every other string holds the tricks, in front where columns are narrow. */
function spoil<T>(value: T, field = ''): T {
  if (typeof value === 'string') return (structural.has(field) ? value : `${trick}${value}${trick}`) as T;
  if (Array.isArray(value)) return value.map((one) => spoil<unknown>(one, field)) as T;
  if (typeof value !== 'object' || value === null || value instanceof Map || ArrayBuffer.isView(value))
    return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, spoil(child, key)])) as T;
}

const instance = { kind: 'instance', guid: 'payments-worker', index: 18 } as const;
const cell = { kind: 'cell', id: 'host-05' } as const;
const lrp = { kind: 'lrp', guid: 'payments-worker' } as const;
const targetsOf = (pages: PageFactories): Page[] => {
  const lrps = [{ subject: lrp, values: {} }];
  const cells = [{ subject: cell, values: {} }];
  return [
    pages.scaleDialog(lrps, '+2'),
    pages.restartDialog(lrps),
    pages.stopDialog(lrps),
    pages.deleteDialog(lrps),
    pages.drainDialog(cells),
    pages.cordonDialog(cells),
    pages.uncordonDialog(cells),
  ];
};
const pagesOf = (pages: PageFactories): Page[] => [
  ...viewKinds.map((kind) => pages.list({ kind })),
  pages.events(),
  pages.brain(),
  pages.pulses(),
  pages.cell('host-05'),
  pages.instance(instance),
  pages.task('nightly-001'),
  ...[instance, cell, lrp].flatMap((subject) => [
    pages.describe(subject),
    pages.raw(subject),
    pages.tree(subject),
    pages.why(subject),
  ]),
  pages.drainProgress('host-05'),
  pages.logs({ target: { lrp: 'payments-worker' }, tail: 100, previous: false }),
  pages.consoles(),
];

const rows = (kind: keyof typeof viewData): readonly ViewRow[] =>
  viewData[kind].slice(0, rowsMax).map((row) => spoil(row));

function dataOf(want: Want): readonly Data[] {
  return detailData(want)
    .slice(-20)
    .map((data) => spoil(data));
}

function framesOf(home: (pages: PageFactories) => Page): string {
  const app = driveTui({ size: { columns: 200, rows: 60 }, now, rows, home });
  app.send({ kind: 'status', status: spoil(clusterStatus), skewMs: 0 });
  const connection = { server: `host-02${trick}`, state: 'lost', since: now, reason: trick } as const;
  const error = { code: 'Unavailable', message: trick, hint: trick } as const;
  const feed = (): void => {
    app.feed();
    for (const { page, want } of wantsOf(app.model))
      for (const data of dataOf(want)) app.send({ kind: 'data', page, want: want.id, data });
  };
  feed();
  const frames = [app.draw()];
  for (const name of ['j', 'w', 'end']) {
    app.send({ kind: 'key', key: keyOf(name) });
    feed();
    frames.push(app.draw());
  }
  for (const { page, want } of wantsOf(app.model))
    app.send({ kind: 'data', page, want: want.id, data: { kind: 'broken', error } });
  app.send({ kind: 'connection', connection });
  frames.push(app.draw());
  return frames.map(({ characters }) => characters.join('')).join('');
}

const kinds = driveTui({ size: { columns: 80, rows: 24 }, now, rows, home: (pages) => pages.pulses() }).pages;
const count = pagesOf(kinds).length;
/** By title, whether something of the tricks was to be seen. */
const drawn = new Map<string, boolean>();

test.each(Array.from({ length: count }, (_, i) => [pagesOf(kinds)[i]?.title ?? '', i] as const))(
  'page %s',
  (title, i) => {
    const text = framesOf((pages) => pagesOf(pages)[i] as Page);
    expect(obeyed.exec(text)?.[0]).toBeUndefined();
    drawn.set(title, text.includes('X^['));
  },
);

test.each(Array.from({ length: targetsOf(kinds).length }, (_, i) => i))('dialog %i', (i) => {
  const text = framesOf((pages) => targetsOf(pages)[i] as Page);
  expect(obeyed.exec(text)?.[0]).toBeUndefined();
});

test('the tricks are drawn, made visible', () => {
  expect([...drawn.values()].filter(Boolean).length).toBeGreaterThan(10);
});

test('every kind of page was drawn', () => {
  const made = new Set([...pagesOf(kinds), ...targetsOf(kinds)].map(({ kind }) => kind));
  // Not of the cluster: the messages of this very program, and the help.
  const own = ['messages', 'help'];
  expect(pageKinds.filter((kind) => !made.has(kind) && !own.includes(kind))).toEqual([]);
});
