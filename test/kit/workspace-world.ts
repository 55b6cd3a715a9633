/** The console panes' state with hands on it: keys, pastes, panes that a test sets the state of, and what is drawn. */
import { canvasOf, createFrame, frameText } from '../../src/tui/core/frame.ts';
import type { Key, Size } from '../../src/tui/core/key.ts';
import type { ConsoleRequest } from '../../src/tui/core/page.ts';
import { paletteOf } from '../../src/tui/core/palettes.ts';
import { asciiGlyphs, themeOf, unicodeGlyphs } from '../../src/tui/core/theme.ts';
import {
  drawWorkspace,
  emptyWorkspace,
  openPane,
  type PaneId,
  type PaneScreen,
  type Workspace,
  type WorkspaceEffect,
  workspaceKey,
  workspacePaste,
} from '../../src/tui/core/workspace.ts';

export const theme = themeOf('dark', paletteOf('dark', 256), unicodeGlyphs);
export const ascii = themeOf('mono', paletteOf('mono', 0), asciiGlyphs);
export const shell = (target: string): ConsoleRequest => ({ target, kind: 'shell' });

const special: Readonly<Record<string, string>> = {
  'ctrl-]': '\x1d',
  enter: '\r',
  escape: '\x1b',
  space: ' ',
  tab: '\t',
};
const key = (name: string): Key => ({
  name,
  text: name.length === 1 ? name : '',
  bytes: special[name] ?? (name.length === 1 ? name : `<${name}>`),
});

class Screen implements PaneScreen {
  state: PaneScreen['state'] = 'open';
  cell = 'cell-1';
  title = '';
  message = '';
  rang = false;
  size: Size = { columns: 78, rows: 22 };
  firstLine = 100;
  topLine = 1_000;
  drawn: { top: number | undefined; search: string; focused: boolean } | undefined;
  draw: PaneScreen['draw'] = (canvas, { top, search, focused }) => {
    this.drawn = { top, search, focused };
    canvas.fill({ x: 0, y: 0, columns: canvas.columns, rows: canvas.rows }, '#', theme.attr('text'));
  };
  find: PaneScreen['find'] = (search, from, step) => {
    const lines = [250, 500, 990].filter(
      (line) => search !== 'nothing' && (step === 1 ? line >= from : line <= from),
    );
    return step === 1 ? lines[0] : lines.at(-1);
  };
}

export class WorkspaceWorld {
  workspace: Workspace = emptyWorkspace;
  left = false;
  readonly all = new Map<PaneId, Screen>();
  readonly effects: WorkspaceEffect[] = [];
  readonly screens = (id: PaneId): Screen => {
    const screen = this.all.get(id) ?? new Screen();
    this.all.set(id, screen);
    return screen;
  };

  open(request: ConsoleRequest): this {
    this.workspace = openPane(this.workspace, request);
    return this;
  }
  press(...names: string[]): this {
    for (const name of names) {
      const turn = workspaceKey(this.workspace, key(name), this.screens);
      this.workspace = turn.workspace;
      this.left = turn.leave === true;
      this.effects.push(...turn.effects);
    }
    return this;
  }
  paste(text: string): this {
    const turn = workspacePaste(this.workspace, text);
    this.workspace = turn.workspace;
    this.effects.push(...turn.effects);
    return this;
  }
  get focus(): PaneId | undefined {
    return this.workspace.tabs[this.workspace.tab]?.focus;
  }
  get focused(): Screen {
    return this.screens(this.focus ?? '');
  }
  inputs(): string[] {
    return this.effects.flatMap((effect) =>
      effect.do === 'input' ? [`${effect.panes.join('+')}:${effect.bytes}`] : [],
    );
  }
  flashes(): string[] {
    return this.effects.flatMap((effect) => (effect.do === 'flash' ? [effect.text] : []));
  }
  text(columns = 80, rows = 24, look = theme): string {
    const frame = createFrame(columns, rows);
    drawWorkspace(this.workspace, canvasOf(frame), { theme: look, screens: this.screens });
    return frameText(frame);
  }
}
