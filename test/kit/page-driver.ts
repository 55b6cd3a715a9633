/** Drives one page of the terminal UI: events in, effects and the drawn screen out. For tests of src/tui/core. */
import { canvasOf, createFrame, frameText } from '../../src/tui/core/frame.ts';
import type { Key } from '../../src/tui/core/key.ts';
import type { DrawContext, Effect, Page, PageContext, PageEvent } from '../../src/tui/core/page.ts';
import { paletteOf } from '../../src/tui/core/palettes.ts';
import { themeOf, unicodeGlyphs } from '../../src/tui/core/theme.ts';

export interface PageDriver {
  readonly page: Page;
  /** Every effect so far, oldest first. */
  readonly effects: readonly Effect[];
  /** Handles one event; returns the effects of it. */
  send(event: PageEvent): readonly Effect[];
  /** Presses keys by name; text of one character types itself. */
  press(...names: string[]): readonly Effect[];
  type(text: string): void;
  screen(): string;
}

/** A key as the terminal would report it. */
export function keyOf(name: string): Key {
  const text = name === 'space' ? ' ' : name.length === 1 ? name : '';
  return { name, text, bytes: text };
}

export function drivePage(start: Page, context: Partial<PageContext> = {}): PageDriver {
  const full: PageContext = {
    now: 1_000_000,
    cluster: 'test',
    size: { columns: 80, rows: 20 },
    settings: { readOnly: false, theme: 'dark', times: 'age', wide: false },
    ...context,
  };
  let page = start;
  const effects: Effect[] = [];
  const send = (event: PageEvent): readonly Effect[] => {
    const turn = page.on(event, full);
    page = turn.page;
    effects.push(...(turn.effects ?? []));
    return turn.effects ?? [];
  };
  return {
    get page() {
      return page;
    },
    effects,
    send,
    press: (...names) => names.flatMap((name) => send({ kind: 'key', key: keyOf(name) })),
    type(text) {
      for (const character of text) send({ kind: 'key', key: keyOf(character) });
    },
    screen() {
      const frame = createFrame(full.size.columns, full.size.rows);
      const theme = themeOf('dark', paletteOf('dark', 256), unicodeGlyphs);
      const drawing: DrawContext = { ...full, theme, skewMs: 0 };
      page.draw(canvasOf(frame), drawing);
      return frameText(frame);
    },
  };
}
