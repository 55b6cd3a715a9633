/** The whole terminal UI without a terminal: keys in, screens out, views answered from fixed rows. */

import { parse, stringify } from 'yaml';
import type { ViewKind, ViewMessage, ViewQuery, ViewRow } from '../../src/api/core/view-shapes.ts';
import type { Millis } from '../../src/model/ids.ts';
import { allPages } from '../../src/tui/core/all-pages.ts';
import { startApp, updateApp, wantsOf } from '../../src/tui/core/app.ts';
import { drawApp } from '../../src/tui/core/app-draw.ts';
import type { AppMessage, AppModel, AppParts, ShellEffect } from '../../src/tui/core/app-model.ts';
import { appParts } from '../../src/tui/core/app-parts.ts';
import type { Frame } from '../../src/tui/core/frame.ts';
import { keymapOf } from '../../src/tui/core/keymap.ts';
import type { Page } from '../../src/tui/core/page.ts';
import type { PageFactories } from '../../src/tui/core/pages.ts';
import { paletteOf } from '../../src/tui/core/palettes.ts';
import { type Theme, themeOf, unicodeGlyphs } from '../../src/tui/core/theme.ts';
import type { PaneScreens } from '../../src/tui/core/workspace.ts';
import { keyOf } from './page-driver.ts';
import { answerView } from './view-server.ts';

export interface TuiApp {
  readonly model: AppModel;
  readonly pages: PageFactories;
  /** What the shell was asked to do, oldest first. */
  readonly effects: readonly ShellEffect[];
  /** Presses keys one after another, each followed by what the server answers. */
  press(...names: string[]): void;
  /** Types characters one by one. */
  type(text: string): void;
  send(message: AppMessage): void;
  /** Answers what is wanted now, from rows that may have changed since. */
  feed(): void;
  draw(theme?: Theme): Frame;
}

export interface TuiAppOptions {
  readonly size: AppModel['size'];
  readonly now: Millis;
  readonly rows: (kind: ViewKind) => readonly ViewRow[];
  readonly home: (pages: PageFactories) => Page;
  /** Instead of answering at once: for tests of what is late. */
  readonly answer?: (query: ViewQuery) => ViewMessage | undefined;
  readonly settings?: Partial<AppModel['settings']>;
  /** What the console panes show; without it they are not connected yet. */
  readonly screens?: PaneScreens;
}

export const darkTheme = themeOf('dark', paletteOf('dark', 256), unicodeGlyphs);

export function driveTui(options: TuiAppOptions): TuiApp {
  const { size, now, rows, home, answer, settings, screens = () => undefined } = options;
  const { keymap } = keymapOf();
  const pages = allPages({ yaml: { parse, stringify } });
  const parts: AppParts = { ...appParts(pages, keymap), screens };
  let model = startApp(
    {
      now,
      size,
      settings: { readOnly: false, theme: 'dark', times: 'age', wide: false, ...settings },
      context: 'prod',
      contexts: ['prod', 'staging'],
      connection: { server: 'host-01', state: 'connected', since: now, reason: '' },
      commandHistory: [],
    },
    home(pages),
  );
  const effects: ShellEffect[] = [];
  const send = (message: AppMessage): void => {
    const step = updateApp(model, message, parts);
    model = step.model;
    effects.push(...step.effects);
  };
  const feedOnce = (): void => {
    for (const { page, want } of wantsOf(model)) {
      if (want.kind !== 'view') continue;
      const message =
        answer === undefined ? answerView(rows(want.query.kind), want.query) : answer(want.query);
      if (message !== undefined) send({ kind: 'data', page, want: want.id, data: { kind: 'view', message } });
    }
  };
  const feed = (): void => {
    // Until what is wanted stays the same: a moved window is asked for again.
    for (let round = 0; round < 4; round += 1) {
      const before = JSON.stringify(wantsOf(model).map(({ want }) => want));
      feedOnce();
      if (JSON.stringify(wantsOf(model).map(({ want }) => want)) === before) return;
    }
  };
  const press = (...names: string[]): void => {
    for (const name of names) {
      send({ kind: 'key', key: keyOf(name) });
      feed();
    }
  };
  feed();
  return {
    get model() {
      return model;
    },
    pages,
    effects,
    press,
    type: (text) => press(...Array.from(text, (character) => (character === ' ' ? 'space' : character))),
    send,
    feed,
    draw: (theme = darkTheme) => drawApp(model, { keysOf: keymap.keysOf, screens, theme }),
  };
}
