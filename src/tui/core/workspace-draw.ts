/**
 * How the console panes look: a title line each, frames where there are several, a foot with tabs, questions and
 * hints. Used by app-draw.ts through workspace.ts.
 */
import type { Attr, Canvas, Rect } from './frame.ts';
import { drawLine } from './line-editor.ts';
import { clip, widthOf, wrap } from './text.ts';
import type { Role, Theme } from './theme.ts';
import { paneCommands, prefixName } from './workspace-keys.ts';
import { panesOf } from './workspace-layout.ts';
import {
  isReadOnly,
  type Pane,
  type PaneScreen,
  type PaneScreens,
  paneOf,
  type Tab,
  tabOf,
  type Workspace,
} from './workspace-model.ts';
import { type Tile, visibleTiles } from './workspace-tiles.ts';

export interface WorkspaceParts {
  readonly theme: Theme;
  readonly screens: PaneScreens;
  /** What the app has to say just now; shown in the foot. */
  readonly flash?: { readonly level: 'info' | 'warn' | 'error'; readonly text: string } | undefined;
}

export function drawWorkspace(workspace: Workspace, canvas: Canvas, parts: WorkspaceParts): void {
  const tab = tabOf(workspace);
  if (tab === undefined) return;
  const tiles = visibleTiles(workspace, canvas);
  const hidden = panesOf(tab.layout).length - tiles.size;
  for (const [id, tile] of tiles) {
    const pane = paneOf(workspace, id);
    if (pane !== undefined) drawPane({ workspace, tab, hidden }, pane, tile, canvas, parts);
  }
  if (workspace.mode.kind === 'help') drawHelp(workspace, workspace.mode.from, canvas, parts.theme);
  drawFoot(workspace, canvas, parts);
}

interface TabSeen {
  readonly workspace: Workspace;
  readonly tab: Tab;
  /** Panes of the tab that are not seen. */
  readonly hidden: number;
}

function drawPane(
  seen: TabSeen,
  pane: Pane,
  tile: Tile,
  canvas: Canvas,
  { theme, screens }: WorkspaceParts,
): void {
  const { workspace, tab } = seen;
  const screen = screens(pane.id);
  const focused = tab.focus === pane.id;
  const border = theme.attr(frameRole(tab, pane, focused));
  if (tile.framed) drawFrame(canvas, tile.outer, theme, border);
  else canvas.fill({ ...tile.outer, rows: 1 }, theme.glyphs.horizontal, border);
  drawTitle(seen, pane, screen, canvas.within({ ...tile.outer, rows: 1 }), theme, border);
  if (screen === undefined) return;
  const { mode } = workspace;
  const scrolls = focused && (mode.kind === 'scroll' || mode.kind === 'search');
  const inner = canvas.within(tile.inner);
  screen.draw(inner, {
    theme,
    focused:
      focused &&
      (mode.kind === 'type' || mode.kind === 'prefix' || mode.kind === 'resize') &&
      screen.state === 'open',
    top: scrolls ? mode.top : undefined,
    search: scrolls ? mode.search : '',
  });
  drawMessage(workspace, screen, inner, theme);
}

function frameRole(tab: Tab, pane: Pane, focused: boolean): Role {
  if (tab.typeToAll.includes(pane.id)) return 'danger';
  return focused ? 'borderFocused' : 'border';
}

function drawFrame(canvas: Canvas, { x, y, columns, rows }: Rect, theme: Theme, attr: Attr): void {
  const { horizontal, vertical, topLeft, topRight, bottomLeft, bottomRight } = theme.glyphs;
  const right = x + columns - 1;
  const bottom = y + rows - 1;
  for (const row of [y, bottom]) canvas.fill({ x, y: row, columns, rows: 1 }, horizontal, attr);
  for (const column of [x, right]) canvas.fill({ x: column, y, columns: 1, rows }, vertical, attr);
  canvas.text(x, y, topLeft, attr);
  canvas.text(right, y, topRight, attr);
  canvas.text(x, bottom, bottomLeft, attr);
  canvas.text(right, bottom, bottomRight, attr);
}

/** Name first, then what is not as usual, then cell and title as far as there is room. */
function drawTitle(
  { tab, hidden }: TabSeen,
  pane: Pane,
  screen: PaneScreen | undefined,
  canvas: Canvas,
  theme: Theme,
  border: Attr,
): void {
  const room = canvas.columns - 2;
  let x = 1;
  const put = (text: string, attr: Attr): void => {
    const left = room - x;
    if (left < 4 || text === '') return;
    x = canvas.text(x, 0, ` ${clip(text, left - 2, theme.glyphs.more)} `, attr);
  };
  if (pane.request.host === true) put('host', theme.attr('badgeDanger'));
  put(pane.request.target, tab.focus === pane.id ? theme.attr('title') : border);
  if (tab.typeToAll.includes(pane.id)) put('TYPE-TO-ALL', theme.attr('badgeDanger'));
  if (isReadOnly(pane)) put('read only', theme.attr('warn'));
  if (screen === undefined || screen.state !== 'open') put(screen?.state ?? 'connecting', theme.attr('bad'));
  if (hidden > 0) put(`${hidden} hidden: ${tab.zoomed ? 'zoomed' : 'no room'}`, theme.attr('warn'));
  put(screen?.cell ?? '', theme.attr('dim'));
  put(screen?.title ?? '', theme.attr('dim'));
}

/** Over the last line inside, or lines: why it is not open, and what can be done. */
function drawMessage(workspace: Workspace, screen: PaneScreen, canvas: Canvas, theme: Theme): void {
  const { state, message } = screen;
  if (message === '') return;
  const keys = state === 'ended' ? `Enter closes, ${prefixName(workspace)} r begins anew` : '';
  const role: Role = state === 'open' ? 'badge' : state === 'ended' ? 'badge' : 'badgeDanger';
  const room = Math.max(1, canvas.columns - 1);
  const lines = [...wrap(message, room), ...wrap(keys, room)].slice(0, canvas.rows);
  for (const [at, line] of lines.entries()) {
    const y = canvas.rows - lines.length + at;
    canvas.fill({ x: 0, y, columns: canvas.columns, rows: 1 }, ' ', theme.attr(role));
    canvas.text(0, y, line, theme.attr(role));
  }
}

function drawFoot(workspace: Workspace, canvas: Canvas, parts: WorkspaceParts): void {
  const y = canvas.rows - 1;
  const { mode } = workspace;
  const { theme } = parts;
  const say = (text: string, role: Role): void => {
    canvas.text(0, y, clip(` ${text}`, canvas.columns, theme.glyphs.more), theme.attr(role));
  };
  switch (mode.kind) {
    case 'search':
      drawLine(
        mode.editor,
        canvas,
        canvas.text(0, y, mode.step === 1 ? '/' : '?', theme.attr('key')),
        y,
        theme,
      );
      return;
    case 'ask':
      return say(`${mode.text} y/n`, mode.question === 'typeToAll' ? 'badgeDanger' : 'flashWarn');
    case 'notice':
      return say(mode.text, 'flashWarn');
    case 'prefix':
      return say(
        `${prefixName(workspace)}  q pages  d detach  x end  | - split  z zoom  [ scroll  ? all keys`,
        'key',
      );
    case 'resize':
      return say('H J K L move the border; any other key goes on', 'key');
    case 'help':
      return say('up and down; any other key closes', 'key');
    case 'scroll':
      if (parts.flash === undefined) return say(scrollLine(workspace, mode.top, parts.screens), 'key');
      break;
    case 'type':
  }
  if (parts.flash === undefined) return drawTabs(workspace, canvas, y, theme, parts.screens);
  const { level, text } = parts.flash;
  say(text, level === 'error' ? 'flashError' : level === 'warn' ? 'flashWarn' : 'flashInfo');
}

function scrollLine(workspace: Workspace, top: number, screens: PaneScreens): string {
  const screen = screens(tabOf(workspace)?.focus ?? '');
  const back = screen === undefined ? 0 : Math.max(0, screen.topLine - Math.max(top, screen.firstLine));
  const all = screen === undefined ? 0 : screen.topLine - screen.firstLine;
  return `SCROLL ${back} of ${all} lines back  / ? search  n N next  g G ends  q leaves`;
}

function drawTabs(workspace: Workspace, canvas: Canvas, y: number, theme: Theme, screens: PaneScreens): void {
  const name = prefixName(workspace);
  const hints = `${name} ? keys  ${name} q pages`;
  const end = canvas.columns - hints.length - 1;
  if (end > 20) canvas.text(end, y, hints, theme.attr('hint'));
  const room = (end > 20 ? end : canvas.columns) - 2;
  let x = 0;
  const first = Math.max(0, workspace.tab - 2);
  for (const [at, tab] of workspace.tabs.entries()) {
    if (at < first) continue;
    const rang = panesOf(tab.layout).some((id) => screens(id)?.rang);
    const request = paneOf(workspace, tab.focus)?.request;
    const target = `${request?.host === true ? 'host ' : ''}${request?.target ?? ''}`;
    const text = ` ${at + 1}:${clip(target, 16, theme.glyphs.more)}${rang ? '!' : ''} `;
    if (x + widthOf(text) > room) {
      canvas.text(x, y, theme.glyphs.more, theme.attr('dim'));
      return;
    }
    x = canvas.text(x, y, text, theme.attr(at === workspace.tab ? 'badge' : rang ? 'warn' : 'dim'));
  }
}

/** The keys of the panes over the panes. */
function drawHelp(workspace: Workspace, from: number, canvas: Canvas, theme: Theme): void {
  const name = prefixName(workspace);
  const lines = [
    ...paneCommands
      .filter(({ keys }) => !/^[2-9]$/.test(keys[0] ?? ''))
      .map(
        ({ keys, help }) =>
          [keys[0] === '1' ? '1-9' : keys.join(' '), keys[0] === '1' ? 'that tab' : help] as const,
      ),
    [name, `send ${name} to the program`] as const,
  ];
  const columns = Math.min(canvas.columns, 72);
  const rows = Math.min(canvas.rows - 1, lines.length + 2);
  const area: Rect = {
    x: Math.floor((canvas.columns - columns) / 2),
    y: Math.floor((canvas.rows - 1 - rows) / 2),
    columns,
    rows,
  };
  const box = canvas.within(area);
  box.fill({ x: 0, y: 0, columns, rows }, ' ', theme.attr('text'));
  drawFrame(box, { x: 0, y: 0, columns, rows }, theme, theme.attr('borderFocused'));
  box.text(2, 0, ` ${name} and then `, theme.attr('title'));
  const start = Math.max(0, Math.min(from, lines.length - (rows - 2)));
  for (const [at, [key, help]] of lines.slice(start, start + rows - 2).entries()) {
    box.text(2, at + 1, clip(key, 8), theme.attr('key'));
    box.text(11, at + 1, clip(help, columns - 13, theme.glyphs.more), theme.attr('text'));
  }
}
