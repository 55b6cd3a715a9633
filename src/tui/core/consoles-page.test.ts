import { expect, test } from 'vitest';
import type { ConsoleInfo } from '../../api/core/console-shapes.ts';
import type { ActionId } from './actions.ts';
import { consolesPage } from './consoles-page.ts';
import { canvasOf, createFrame, frameText } from './frame.ts';
import type { Effect, Page, PageContext, PageEvent } from './page.ts';
import { palettes } from './palettes.ts';
import { themeOf, unicodeGlyphs } from './theme.ts';

const theme = themeOf('dark', palettes.dark, unicodeGlyphs);
const now = Date.UTC(2026, 10, 21);
const context: PageContext = {
  now,
  cluster: 'test',
  size: { columns: 110, rows: 10 },
  settings: { readOnly: false, theme: 'dark', times: 'age', wide: false },
};

const info = (session: string, change: Partial<ConsoleInfo> = {}): ConsoleInfo => ({
  session,
  target: 'web/0',
  instanceGuid: 'guid',
  args: [],
  by: 'uid 1000',
  openedAt: now - 120_000,
  clients: 1,
  columns: 80,
  rows: 24,
  title: '',
  ...change,
});
const answer = (...consoles: ConsoleInfo[]): PageEvent => ({
  kind: 'data',
  want: 'consoles',
  data: {
    kind: 'consoles',
    consoles,
    silent: [{ cell: 'cell-9', reason: 'no answer' }],
    own: ['cell-1.mine'],
  },
});

class World {
  page: Page = consolesPage();
  effects: readonly Effect[] = [];
  on(...events: PageEvent[]): this {
    for (const event of events) {
      const { page, effects = [] } = this.page.on(event, context);
      this.page = page;
      this.effects = effects;
    }
    return this;
  }
  act(...actions: ActionId[]): this {
    return this.on(...actions.map((action): PageEvent => ({ kind: 'action', action })));
  }
  key(name: string): this {
    return this.on({ kind: 'key', key: { name, text: '', bytes: '' } });
  }
  text(): string {
    const frame = createFrame(context.size.columns, context.size.rows);
    this.page.draw(canvasOf(frame), { ...context, theme, skewMs: 0 });
    return frameText(frame);
  }
}

test('lists sessions, those of panes here marked, and which cell did not answer', () => {
  const world = new World();
  expect(world.text()).toContain('Asking the cells');
  world.on(answer());
  expect(world.text()).toContain('No console session is kept');
  world.on(
    answer(
      info('cell-1.mine'),
      info('cell-2.left', { clients: 0, detachedAt: now - 60_000, target: 'night' }),
    ),
  );
  expect(world.text()).toMatch(/web\/0 +here/);
  expect(world.text()).toMatch(/night +detached/);
  expect(world.page.title).toContain('no answer from cell-9: no answer');
});

test('Enter takes a session up, a watches it, one that is here is gone to; the same as a command', () => {
  const world = new World().on(
    answer(info('cell-1.other'), info('cell-2.left', { target: 'night' }), info('cell-1.mine')),
  );
  expect(world.act('enter').effects).toEqual([
    { do: 'console', open: { target: 'web/0', kind: 'shell', session: 'cell-1.other' } },
  ]);
  expect(world.act('down', 'attach').effects).toEqual([
    {
      do: 'console',
      open: { target: 'night', task: true, kind: 'shell', session: 'cell-2.left', watch: true },
    },
  ]);
  expect(world.page.command(context)).toBe('skep console --session cell-2.left');
  expect(world.act('down', 'enter').effects).toEqual([{ do: 'focusConsole', session: 'cell-1.mine' }]);
});

test('ending asks, with Cancel focused, and waits for the cell', () => {
  const world = new World().on(answer(info('cell-1.mine'))).act('delete');
  const [effect] = world.effects;
  if (effect?.do !== 'dialog') throw new Error('no dialog was opened');
  const dialog = new World();
  dialog.page = effect.dialog;
  expect(dialog.text()).toContain('[ Cancel ]');
  expect(dialog.key('enter').effects).toEqual([{ do: 'close' }]);
  expect(dialog.key('right').key('enter').effects).toEqual([
    { do: 'endConsole', id: 'end', session: 'cell-1.mine' },
  ]);
  expect(dialog.text()).toContain('waiting for the cell');
  expect(dialog.key('enter').effects).toEqual([]);
  dialog.on({ kind: 'failed', id: 'end', error: { code: 'ResourceNotFound', message: 'there is none' } });
  expect(dialog.effects).toMatchObject([
    { do: 'close' },
    { do: 'flash', level: 'error', text: 'there is none' },
  ]);
});

test('without a row nothing is done; Escape clears the filter, then goes back', () => {
  const world = new World().on(answer(info('cell-1.mine')), { kind: 'filter', text: 'nothing like it' });
  expect(world.act('enter').effects).toEqual([]);
  expect(world.act('escape').page.filter).toBe('');
  expect(world.act('escape').effects).toEqual([{ do: 'back' }]);
});
