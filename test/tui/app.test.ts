/** The machine of the whole UI: where keys go, what pages ask for, what is kept and what is bounded. */
import { describe, expect, test } from 'vitest';
import type { Millis } from '../../src/model/ids.ts';
import { frameText } from '../../src/tui/core/frame.ts';
import type { PaneScreen } from '../../src/tui/core/workspace.ts';
import { driveTui, type TuiApp, type TuiAppOptions } from '../kit/tui-app.ts';
import { clusterStatus, now, viewData } from '../kit/tui-data.ts';

function open(options: Partial<TuiAppOptions> = {}): TuiApp {
  const app = driveTui({
    size: { columns: 100, rows: 30 },
    now,
    rows: (kind) => viewData[kind].slice(0, 100),
    home: (pages) => pages.list({ kind: 'lrps' }),
    ...options,
  });
  app.send({ kind: 'status', status: clusterStatus, skewMs: 0 });
  return app;
}

const consoleInfo = {
  instanceGuid: 'guid',
  args: [],
  by: 'uid 0',
  openedAt: now,
  clients: 1,
  columns: 80,
  rows: 24,
  title: '',
};
const screen = (app: TuiApp): string => frameText(app.draw());
const crumbs = (app: TuiApp): readonly string[] => app.model.stack.map(({ page }) => page.crumb);
function command(app: TuiApp, line: string): void {
  app.press(':');
  app.type(line);
  app.press('enter');
}

describe('pages', () => {
  test('back and forward keep filter and cursor', () => {
    const app = open();
    command(app, 'instances');
    app.press('/');
    app.type('worker/1');
    app.press('enter', 'down', 'down');
    const before = screen(app);
    command(app, 'cells');
    expect(crumbs(app)).toHaveLength(3);
    app.press('[');
    expect(screen(app)).toBe(before);
    app.press(']');
    expect(screen(app)).toContain('── cells');
    app.press('-', '-');
    expect(screen(app)).toContain('── cells');
  });

  test('the first page is not left by going back', () => {
    const app = open();
    app.press('q');
    expect(crumbs(app)).toEqual(['lrps']);
    expect(app.model.flash?.text).toBe('this is the first page');
  });

  test('a page with nothing to filter says so instead of asking for a filter', () => {
    const app = open({ home: (pages) => pages.pulses() });
    app.press('/');
    expect(app.model.prompt).toBeUndefined();
    expect(app.model.flash?.text).toBe('nothing here to filter');
    expect(screen(app)).toContain('Enter opens the list');
    app.press('enter', '/');
    expect(app.model.prompt?.kind).toBe('filter');
  });

  test('a session that a pane here holds is gone to: its tab is seen, its pane has the focus', () => {
    const screens = (id: string) => ({ session: `cell-1.s${id}` }) as unknown as PaneScreen;
    const app = open({ home: (pages) => pages.consoles(), screens: (id) => screens(id) });
    const { key } = app.model.stack[0] ?? { key: '' };
    for (const target of ['web/0', 'web/1', 'web/2', 'web/3', 'web/4']) {
      command(app, `shell ${target}`);
      app.press('ctrl-]', 'q');
    }
    expect(app.model.workspace.tab).toBe(1);
    const own = ['cell-1.s2'];
    const consoles = [{ ...consoleInfo, session: 'cell-1.s2', target: 'web/1' }];
    app.send({
      kind: 'data',
      page: key,
      want: 'consoles',
      data: { kind: 'consoles', consoles, silent: [], own },
    });
    app.press('enter');
    const { workspace, inPanes } = app.model;
    expect(inPanes).toBe(true);
    expect(workspace.tab).toBe(0);
    expect(workspace.tabs[0]?.focus).toBe('2');
  });

  test('no more than fifty are kept', () => {
    const app = open();
    for (let times = 0; times < 30; times += 1) {
      command(app, 'cells');
      command(app, 'tasks');
    }
    expect(app.model.stack).toHaveLength(50);
  });

  test('a page that is opened again while it is seen is there once', () => {
    const app = open();
    command(app, 'cells');
    command(app, 'cells');
    expect(crumbs(app)).toEqual(['lrps', 'cells']);
    command(app, 'instances web');
    command(app, 'instances api');
    expect(crumbs(app)).toEqual(['lrps', 'cells', 'instances(web)', 'instances(api)']);
  });

  test('what comes for a page that has gone does nothing', () => {
    const app = open();
    command(app, 'cells');
    const [, { key }] = app.model.stack as [unknown, { key: string }];
    app.press('q');
    const before = app.model;
    app.send({ kind: 'answer', page: key, id: 'x', value: 1 });
    expect(app.model).toBe(before);
  });
});

describe('dialogs', () => {
  test('have the keys, and give them back', () => {
    const app = open();
    app.press('s');
    expect(app.model.dialogs).toHaveLength(1);
    app.press('q', '7');
    expect(screen(app)).toMatch(/instances +q7/);
    app.press('escape');
    expect(app.model.dialogs).toEqual([]);
    expect(crumbs(app)).toEqual(['lrps']);
  });

  test('Ctrl-C closes a dialog and does not leave the UI', () => {
    const app = open();
    app.press('s', 'ctrl-c');
    expect(app.model.dialogs).toEqual([]);
    expect(app.effects.some((each) => 'effect' in each && each.effect.do === 'quit')).toBe(false);
    app.press('ctrl-c');
    expect(app.effects.at(-1)).toMatchObject({ effect: { do: 'quit' } });
  });
});

describe('read-only mode', () => {
  test('refuses keys, commands and calls that change something', () => {
    const app = open({ settings: { readOnly: true } });
    app.press('s');
    expect(app.model.dialogs).toEqual([]);
    expect(app.model.flash?.text).toMatch(/^read-only mode/);
    command(app, 'delete web');
    expect(app.model.dialogs).toEqual([]);
    expect(screen(app)).toContain('READ-ONLY');
  });

  test('is switched with :ro, and then nothing is changed from here', () => {
    const app = open();
    command(app, 'ro');
    command(app, 'cordon host-05');
    app.press('enter', 'enter', 'enter');
    expect(app.effects.filter((each) => 'effect' in each && each.effect.do === 'call')).toEqual([]);
    command(app, 'ro');
    command(app, 'cordon host-05');
    expect(app.model.dialogs).toHaveLength(1);
  });
});

describe('the prompt', () => {
  test('a filter holds while it is typed, Escape takes it back, Enter keeps it', () => {
    const app = open();
    app.press('/');
    app.type('web');
    expect(app.model.stack[0]?.page.filter).toBe('web');
    app.press('escape');
    expect(app.model.stack[0]?.page.filter).toBe('');
    app.press('/');
    app.type('api');
    app.press('enter');
    expect(app.model.prompt).toBeUndefined();
    expect(app.model.stack[0]?.page.filter).toBe('api');
  });

  test('what is pasted into it is typed, in one line', () => {
    const app = open();
    app.press('/');
    app.send({ kind: 'paste', text: 'a\nb\u001b[31m' });
    expect(app.model.prompt?.editor.text).not.toMatch(/\p{Cc}/u);
    expect(app.model.prompt?.editor.text).toMatch(/^a.?b/);
  });

  test('Right takes what is suggested, Tab goes through what there is', () => {
    const app = open();
    app.press(':');
    app.type('cel');
    expect(app.model.prompt?.ghost).not.toBe('');
    app.press('right');
    expect(app.model.prompt?.editor.text).toMatch(/^cell/);
    app.press('escape', ':');
    app.type('c');
    app.press('tab');
    const first = app.model.prompt?.editor.text;
    app.press('tab');
    expect(app.model.prompt?.editor.text).not.toBe(first);
    app.press('shift-tab');
    expect(app.model.prompt?.editor.text).toBe(first);
  });

  test('commands typed before are found with Up, each once', () => {
    const app = open();
    for (const line of ['cells', 'tasks', 'cells']) command(app, line);
    expect(app.model.commandHistory).toEqual(['tasks', 'cells']);
    app.press(':', 'up');
    expect(app.model.prompt?.editor.text).toBe('cells');
    app.press('up');
    expect(app.model.prompt?.editor.text).toBe('tasks');
  });

  test('Backspace in an empty prompt closes it', () => {
    const app = open();
    app.press(':', 'backspace');
    expect(app.model.prompt).toBeUndefined();
  });
});

describe('messages', () => {
  test('go after six seconds; an error stays until a key is pressed', () => {
    const app = open();
    const tick = (ms: number): void => app.send({ kind: 'tick', now: (now + ms) as Millis });
    app.send({ kind: 'flash', level: 'info', text: 'done' });
    tick(5_000);
    expect(app.model.flash?.text).toBe('done');
    tick(6_000);
    expect(app.model.flash).toBeUndefined();
    app.send({ kind: 'flash', level: 'error', text: 'no' });
    tick(60_000);
    expect(app.model.flash?.text).toBe('no');
    app.press('down');
    expect(app.model.flash).toBeUndefined();
  });

  test('can be read later, the last five hundred', () => {
    const app = open();
    for (let at = 0; at < 600; at += 1) app.send({ kind: 'flash', level: 'info', text: `message ${at}` });
    expect(app.model.messages).toHaveLength(500);
    command(app, 'messages');
    expect(screen(app)).toContain('message 599');
  });

  test('cannot move the cursor', () => {
    const app = open();
    app.send({ kind: 'flash', level: 'error', text: 'a\u001b[2J\u0007b' });
    expect(screen(app).replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });
});

describe('panes', () => {
  test('a console opens in them, Ctrl-] and q lead back, Ctrl-] leads there again', () => {
    const app = open();
    command(app, 'shell web/0');
    expect(app.model.inPanes).toBe(true);
    app.press('q');
    expect(app.effects.at(-1)).toMatchObject({ pane: { do: 'input' } });
    app.press('ctrl-]', 'q');
    expect(app.model.inPanes).toBe(false);
    expect(screen(app)).toContain('1 console');
    app.press('ctrl-]');
    expect(app.model.inPanes).toBe(true);
  });

  test('without any it is said how to open one', () => {
    const app = open();
    app.press('ctrl-]');
    expect(app.model.inPanes).toBe(false);
    expect(app.model.flash).toMatchObject({ text: 'no console is open' });
  });

  test('when the last one goes the pages are back', () => {
    const app = open();
    command(app, 'shell web/0');
    const [pane] = app.model.workspace.panes;
    app.send({ kind: 'paneGone', pane: pane?.id ?? '' });
    expect(app.model.inPanes).toBe(false);
    expect(screen(app)).toContain('── LRPs');
  });
});

test('a change of size reaches the page', () => {
  const app = open();
  app.send({ kind: 'resize', size: { columns: 40, rows: 10 } });
  app.feed();
  expect(screen(app).split('\n')).toHaveLength(10);
});
