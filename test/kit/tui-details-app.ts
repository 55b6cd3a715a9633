/** The whole terminal UI on one page of details, fed from tui-details-data.ts, and its golden screens. */
import { expect } from 'vitest';
import type { Status } from '../../src/api/core/routes.ts';
import type { ViewQuery, ViewRow } from '../../src/api/core/view-shapes.ts';
import type { ErrorCode } from '../../src/base/core/errors.ts';
import { wantsOf } from '../../src/tui/core/app.ts';
import type { Frame } from '../../src/tui/core/frame.ts';
import type { Size } from '../../src/tui/core/key.ts';
import type { Data, Page } from '../../src/tui/core/page.ts';
import type { PageFactories } from '../../src/tui/core/pages.ts';
import { palettes } from '../../src/tui/core/palettes.ts';
import { asciiGlyphs, type Theme, themeOf, unicodeGlyphs } from '../../src/tui/core/theme.ts';
import { screenText } from './screen-text.ts';
import { darkTheme, driveTui } from './tui-app.ts';
import { clusterStatus, now, viewData } from './tui-data.ts';
import { detailData } from './tui-details-data.ts';
import { answerView } from './view-server.ts';

// Times that are said beside ages are on this host's clock.
process.env['TZ'] = 'UTC';

export const screenSizes = [
  { columns: 80, rows: 24 },
  { columns: 120, rows: 40 },
  { columns: 200, rows: 60 },
] as const satisfies readonly Size[];

const looks = {
  dark: darkTheme,
  mono: themeOf('mono', palettes.mono, unicodeGlyphs),
  ascii: themeOf('dark', palettes.dark, asciiGlyphs),
} as const satisfies Readonly<Record<string, Theme>>;
export type Look = keyof typeof looks;

export interface DetailApp {
  /** Presses keys one after another, each followed by what the cluster answers to what is wanted then. */
  press(...names: string[]): void;
  type(text: string): void;
  /** What came of the call that a dialog made last, or of the one with that id. */
  answer(id: string, value: unknown): void;
  fail(id: string, message: string): void;
  failAs(id: string, code: ErrorCode, message: string): void;
  /** Opens a dialog as an action of the page would. */
  dialog(make: (pages: PageFactories) => Page): void;
  /** Brings something to the page or the dialog on top. */
  data(want: string, data: Data): void;
  /** Every feed of the page says that it is broken. */
  breakFeeds(message: string): void;
  status(status: Status): void;
  text(look?: Look): string;
  /** As it looks in the theme that the UI begins with. */
  draw(): Frame;
}

export interface DetailOptions {
  /** The cluster answers nothing. */
  readonly silent?: boolean;
}

export function driveDetails(
  home: (pages: PageFactories) => Page,
  size: Size,
  { silent = false }: DetailOptions = {},
): DetailApp {
  let asked: ((pages: PageFactories) => Page) | undefined;
  /** The same page, which opens the dialog that is asked for when it is ticked. */
  const opening = (page: Page, pages: PageFactories): Page => ({
    ...page,
    on(event, context) {
      if (event.kind === 'tick' && asked !== undefined) {
        const dialog = asked(pages);
        asked = undefined;
        return { page: opening(page, pages), effects: [{ do: 'dialog', dialog }] };
      }
      const turn = page.on(event, context);
      return { ...turn, page: opening(turn.page, pages) };
    },
  });
  const app = driveTui({
    size,
    now,
    rows: () => [],
    home: (pages) => opening(home(pages), pages),
    answer: (query) => (silent ? undefined : answerView(rowsInScope(query), query)),
  });
  const fed = new Set<string>();
  /** Each want is answered once; those that an answer brought about are too. */
  const feed = (): void => {
    for (let round = 0; round < 3 && !silent; round += 1)
      for (const { page, want } of wantsOf(app.model)) {
        const key = `${page} ${JSON.stringify(want)}`;
        if (fed.has(key)) continue;
        fed.add(key);
        for (const data of detailData(want)) app.send({ kind: 'data', page, want: want.id, data });
      }
    app.feed();
  };
  const press = (...names: string[]): void => {
    for (const name of names) {
      app.press(name);
      feed();
    }
  };
  const top = (): string => (app.model.dialogs.at(-1) ?? app.model.stack.at(-1))?.key ?? '';
  const failAs = (id: string, code: ErrorCode, message: string): void =>
    app.send({ kind: 'failed', page: top(), id, error: { code, message } });
  if (!silent) app.send({ kind: 'status', status: clusterStatus, skewMs: 0 });
  feed();
  return {
    press,
    type: (text) => press(...Array.from(text)),
    answer: (id, value) => app.send({ kind: 'answer', page: top(), id, value }),
    fail: (id, message) => failAs(id, 'Unavailable', message),
    failAs,
    dialog(make) {
      asked = make;
      app.send({ kind: 'tick', now });
      feed();
    },
    data: (want, data) => app.send({ kind: 'data', page: top(), want, data }),
    breakFeeds(message) {
      const error = { code: 'Unavailable', message } as const;
      for (const { page, want } of wantsOf(app.model))
        app.send({ kind: 'data', page, want: want.id, data: { kind: 'broken', error } });
    },
    status: (status) => app.send({ kind: 'status', status, skewMs: 0 }),
    draw: () => app.draw(looks.dark),
    text: (look = 'dark') => screenText(app.draw(looks[look]), looks[look]),
  };
}

/** Instances of the fixed data are all of one LRP; those of a cell are few enough for one. */
function rowsInScope({ kind, scope }: ViewQuery): readonly ViewRow[] {
  const rows = viewData[kind];
  if (kind !== 'instances') return rows;
  if (scope?.cell !== undefined)
    return rows.filter(({ values }) => values['cell'] === scope.cell).slice(0, 34);
  if (scope?.guid === undefined) return rows;
  return scope.guid === 'payments-worker' ? rows.slice(0, 40) : [];
}

/** Compares the screen with the file of that name in test/golden/screens. */
export async function goldenScreen(app: DetailApp, name: string, look: Look = 'dark'): Promise<void> {
  await expect(app.text(look)).toMatchFileSnapshot(`screens/${name}.txt`);
}
