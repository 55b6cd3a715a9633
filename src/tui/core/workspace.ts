/**
 * The console panes as a value: which there are, how the screen is divided among them, which has the focus. What runs
 * in them is src/tui/consoles.ts; here is where they are and which key goes where.
 */
import type { Canvas } from './frame.ts';
import type { Key, Size } from './key.ts';
import type { ConsoleRequest } from './page.ts';
import type { Theme } from './theme.ts';

export type PaneId = string;

export interface Pane {
  readonly id: PaneId;
  readonly request: ConsoleRequest;
}

/** What a pane shows, as src/tui/consoles.ts knows it. */
export interface PaneScreen {
  readonly state: 'connecting' | 'open' | 'lost' | 'ended';
  /** What the program called its window; as data. */
  readonly title: string;
  /** Why it is not open: how it ended, or what is tried again. */
  readonly message: string;
  /** Lines that have scrolled out above. */
  readonly scrollback: number;
  /** Draws the emulator's cells; `scroll` lines back from the end, matches of `search` highlighted. */
  draw(canvas: Canvas, options: PaneDrawing): void;
}
export interface PaneDrawing {
  readonly theme: Theme;
  readonly focused: boolean;
  readonly scroll: number;
  readonly search: string;
}
export type PaneScreens = (id: PaneId) => PaneScreen | undefined;

/** What the shell is to do for the panes. */
export type WorkspaceEffect =
  | { readonly do: 'input'; readonly panes: readonly PaneId[]; readonly bytes: string }
  | { readonly do: 'paste'; readonly panes: readonly PaneId[]; readonly text: string }
  | { readonly do: 'reconnect'; readonly pane: PaneId }
  | { readonly do: 'savePane'; readonly pane: PaneId }
  /** Ends the session; a pane that merely goes from the workspace is detached. */
  | { readonly do: 'end'; readonly pane: PaneId }
  | { readonly do: 'flash'; readonly level: 'info' | 'warn' | 'error'; readonly text: string };

export interface Workspace {
  readonly panes: readonly Pane[];
  readonly nextPane: number;
}

export interface WorkspaceTurn {
  readonly workspace: Workspace;
  readonly effects: readonly WorkspaceEffect[];
  /** Back to the pages; the panes stay. */
  readonly leave?: boolean;
}

export const emptyWorkspace: Workspace = { panes: [], nextPane: 1 };

/** A new pane beside the focused one, with the focus. */
export function openPane(workspace: Workspace, request: ConsoleRequest): Workspace {
  const pane = { id: String(workspace.nextPane), request };
  return { panes: [...workspace.panes, pane], nextPane: workspace.nextPane + 1 };
}

export function workspaceKey(workspace: Workspace, key: Key, _screens: PaneScreens): WorkspaceTurn {
  const pane = workspace.panes.at(-1);
  if (key.name === 'ctrl-]' || pane === undefined) return { workspace, effects: [], leave: true };
  return { workspace, effects: [{ do: 'input', panes: [pane.id], bytes: key.bytes }] };
}

export function workspacePaste(workspace: Workspace, text: string): WorkspaceTurn {
  const pane = workspace.panes.at(-1);
  return { workspace, effects: pane === undefined ? [] : [{ do: 'paste', panes: [pane.id], text }] };
}

/** What each pane that is seen has room for. The shell tells the emulators and the cells. */
export function paneSizes(workspace: Workspace, size: Size): ReadonlyMap<PaneId, Size> {
  return new Map(workspace.panes.slice(-1).map(({ id }) => [id, size]));
}

export function drawWorkspace(
  workspace: Workspace,
  canvas: Canvas,
  { theme, screens }: { readonly theme: Theme; readonly screens: PaneScreens },
): void {
  const pane = workspace.panes.at(-1);
  if (pane === undefined) return;
  screens(pane.id)?.draw(canvas, { theme, focused: true, scroll: 0, search: '' });
}

/** The pane goes from the screen; its session is not ended by that. */
export function closePane(workspace: Workspace, pane: PaneId): Workspace {
  return { ...workspace, panes: workspace.panes.filter(({ id }) => id !== pane) };
}
