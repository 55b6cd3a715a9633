/** Whatever comes in whatever order on whatever size: no page of details throws, and none draws outside of its canvas. */
import { expect, test } from 'vitest';
import { clusterStatus, now, viewData } from '../../../../test/kit/tui-data.ts';
import { detailData, planThatDoesNot } from '../../../../test/kit/tui-details-data.ts';
import { answerView } from '../../../../test/kit/view-server.ts';
import { seededRng } from '../../../base/core/rng.ts';
import { actionIds } from '../actions.ts';
import { allPages } from '../all-pages.ts';
import { canvasOf, createFrame } from '../frame.ts';
import type { Data, DrawContext, Effect, Page, PageEvent, Want } from '../page.ts';
import { palettes } from '../palettes.ts';
import { asciiGlyphs, themeOf, unicodeGlyphs } from '../theme.ts';

const eventsPerPage = 100;
const pages = allPages({ yaml: { stringify: (value) => JSON.stringify(value), parse: JSON.parse } });
const hostile = `\u001b]0;x\u0007${'メ'.repeat(5_000)}\u0301`;
const lrp = { kind: 'lrp', guid: 'payments-worker' } as const;
const instance = { kind: 'instance', guid: 'payments-worker', index: 18 } as const;
const cell = { kind: 'cell', id: 'host-08' } as const;
const targetOf = (subject: typeof lrp | typeof instance | typeof cell) => [
  { subject, values: { desired: 3, running: 3, state: 'draining' } },
];

const starts: Readonly<Record<string, () => Page>> = {
  pulses: () => pages.pulses(),
  cell: () => pages.cell('host-08'),
  instance: () => pages.instance(instance),
  task: () => pages.task('nightly-003'),
  tree: () => pages.tree(),
  'tree of a cell': () => pages.tree(cell),
  'describe an LRP': () => pages.describe(lrp),
  'describe a cell': () => pages.describe(cell),
  raw: () => pages.raw(instance),
  'why an instance': () => pages.why(instance),
  'why a cell': () => pages.why(cell),
  drain: () => pages.drainProgress('host-08'),
  'a hostile name': () => pages.instance({ ...instance, guid: hostile }),
  scale: () => pages.scaleDialog(targetOf(lrp)),
  stop: () => pages.stopDialog(targetOf(lrp)),
  delete: () => pages.deleteDialog(targetOf({ ...lrp, guid: hostile as 'payments-worker' })),
  'drain dialog': () => pages.drainDialog(targetOf(cell)),
  cordon: () => pages.cordonDialog(targetOf(cell)),
  restart: () => pages.restartDialog(targetOf(lrp)),
  edit: () => pages.editDialog({ subject: lrp, values: {} }),
};

test.each(Object.keys(starts))('%s', (name) => {
  const rng = seededRng(Object.keys(starts).indexOf(name));
  const pick = <T>(all: readonly T[]): T => all[Math.floor(rng.next() * all.length)] as T;
  let page = (starts[name] ?? starts['pulses'])?.() as Page;
  let done = 0;
  for (let n = 0; n < eventsPerPage; n += 1) {
    const size = { columns: 20 + Math.floor(rng.next() * 200), rows: 5 + Math.floor(rng.next() * 60) };
    const context = contextOf(size, rng.next() < 0.5);
    const turn = page.on(eventOf(page, pick, rng.next()), context);
    page = followed(turn.page, turn.effects ?? [], rng.next() < 0.1);
    // A margin of its own around the canvas: whatever is drawn on it was drawn outside.
    const frame = createFrame(size.columns + 4, size.rows + 4);
    page.draw(canvasOf(frame).within({ x: 2, y: 2, ...size }), context);
    expect(marginOf(frame.characters, size)).toBe('');
    expect(page.lines(context).every((line) => typeof line === 'string')).toBe(true);
    done += 1;
  }
  expect(done).toBe(eventsPerPage);
});

/** Dialogs go on to what they open; pages stay. */
function followed(page: Page, effects: readonly Effect[], replaces: boolean): Page {
  for (const effect of effects) {
    if (effect.do === 'dialog') return effect.dialog;
    if (effect.do === 'replace' && replaces) return effect.page;
  }
  return page;
}

function contextOf(size: { readonly columns: number; readonly rows: number }, unicode: boolean): DrawContext {
  return {
    now,
    cluster: hostile,
    size,
    settings: { readOnly: false, theme: 'dark', times: unicode ? 'age' : 'utc', wide: false },
    status: clusterStatus,
    skewMs: -5_000,
    theme: themeOf('dark', palettes.dark, unicode ? unicodeGlyphs : asciiGlyphs),
  };
}

function eventOf(page: Page, pick: <T>(all: readonly T[]) => T, chance: number): PageEvent {
  if (chance < 0.25) return { kind: 'action', action: pick(actionIds) };
  if (chance < 0.4) {
    const name = pick(['enter', 'escape', 'tab', 'up', 'down', 'backspace', 'x', '7', 'pagedown']);
    return { kind: 'key', key: { name, text: name.length === 1 ? name : '', bytes: '' } };
  }
  if (chance < 0.45) return { kind: 'filter', text: pick(['', 'w', 'メ', '(', hostile]) };
  if (chance < 0.5) return { kind: 'paste', text: hostile };
  if (chance < 0.55) return { kind: 'answer', id: pick(['plan', 'do0', 'edit']), value: planThatDoesNot };
  if (chance < 0.6)
    return {
      kind: 'failed',
      id: pick(['plan', 'do0', 'edit']),
      error: { code: 'Unavailable', message: hostile },
    };
  if (chance < 0.65) return pick<PageEvent>([{ kind: 'tick' }, { kind: 'shown' }, { kind: 'resized' }]);
  const want = page.wants.length === 0 ? undefined : pick(page.wants);
  if (want === undefined) return { kind: 'tick' };
  return { kind: 'data', want: want.id, data: chance < 0.7 ? broken : dataOf(want, pick) };
}

const broken: Data = { kind: 'broken', error: { code: 'Unavailable', message: hostile } };

function dataOf(want: Want, pick: <T>(all: readonly T[]) => T): Data {
  if (want.kind !== 'view') return pick([...detailData(want), broken]);
  const rows = viewData[want.query.kind].slice(0, pick([0, 1, 7, 600]));
  const named = rows.map((row, at) =>
    at === 3 ? { ...row, values: { ...row.values, reason: hostile } } : row,
  );
  return { kind: 'view', message: answerView(named, want.query) };
}

function marginOf(
  characters: readonly string[],
  size: { readonly columns: number; readonly rows: number },
): string {
  const columns = size.columns + 4;
  return characters
    .filter((_, at) => {
      const [x, y] = [at % columns, Math.floor(at / columns)];
      return x < 2 || y < 2 || x >= size.columns + 2 || y >= size.rows + 2;
    })
    .join('')
    .trim();
}
