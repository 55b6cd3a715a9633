/** The console panes as a value: which there are, how the screen is divided among them, which has the focus. */
import type { Canvas } from './frame.ts';
import type { Size } from './key.ts';
import type { LineEditor } from './line-editor.ts';
import type { ConsoleRequest } from './page.ts';
import type { Theme } from './theme.ts';
import type { Layout, PaneId } from './workspace-layout.ts';

export type { PaneId } from './workspace-layout.ts';

export interface Pane {
  readonly id: PaneId;
  readonly request: ConsoleRequest;
}

/** What an emulator shows. Lines are numbered from the first that the program ever wrote, and keep their number. */
export interface PaneView {
  readonly size: Size;
  /** The oldest line that is kept. */
  readonly firstLine: number;
  /** The line at the top of the screen as the program has it. */
  readonly topLine: number;
  draw(canvas: Canvas, drawing: PaneDrawing): void;
  /** The nearest line from `from` on, in that direction, that holds the text. */
  find(search: string, from: number, step: 1 | -1): number | undefined;
}

export interface PaneDrawing {
  readonly theme: Theme;
  /** The terminal's cursor is shown where the program has it. */
  readonly focused: boolean;
  /** The line to begin with; undefined follows the program. */
  readonly top: number | undefined;
  /** What is marked where it is found; '' marks nothing. */
  readonly search: string;
}

/** What a pane shows, as src/tui/consoles.ts knows it. */
export interface PaneScreen extends PaneView {
  readonly state: 'connecting' | 'open' | 'lost' | 'ended';
  /** The session on the cell; absent until it is known. */
  readonly session?: string | undefined;
  /** The cell it runs on; '' until it is known. */
  readonly cell: string;
  /** What the program called its window; as data. */
  readonly title: string;
  /** Why it is not open: how it ended, or what is tried again. Or what is still being pasted. */
  readonly message: string;
  /** It rang since it was last looked at. */
  readonly rang: boolean;
}
export type PaneScreens = (id: PaneId) => PaneScreen | undefined;

/** What the shell is to do for the panes. */
export type WorkspaceEffect =
  | { readonly do: 'input'; readonly panes: readonly PaneId[]; readonly bytes: string }
  | { readonly do: 'paste'; readonly panes: readonly PaneId[]; readonly text: string }
  | { readonly do: 'reconnect'; readonly pane: PaneId }
  | { readonly do: 'savePane'; readonly pane: PaneId }
  /** Ends the session and then the pane; a pane that merely goes from the workspace is detached. */
  | { readonly do: 'end'; readonly pane: PaneId }
  | { readonly do: 'flash'; readonly level: 'info' | 'warn' | 'error'; readonly text: string };

export interface Tab {
  readonly layout: Layout;
  readonly focus: PaneId;
  /** Only the focused pane is seen. */
  readonly zoomed: boolean;
  /** What is typed in one of these goes to all of them; none: only to the focused one. */
  readonly typeToAll: readonly PaneId[];
}

/** What a key means now. */
export type Mode =
  | { readonly kind: 'type' }
  /** The prefix was pressed. `since` is when a tick first saw it. */
  | { readonly kind: 'prefix'; readonly since?: number }
  /** A border was moved: the keys for it go on without the prefix. */
  | { readonly kind: 'resize'; readonly since?: number }
  | { readonly kind: 'scroll'; readonly top: number; readonly search: string }
  | {
      readonly kind: 'search';
      readonly top: number;
      readonly search: string;
      readonly editor: LineEditor;
      readonly step: 1 | -1;
    }
  | { readonly kind: 'ask'; readonly question: 'end' | 'typeToAll'; readonly text: string }
  /** Something was refused outside of a key's turn. */
  | { readonly kind: 'notice'; readonly text: string }
  | { readonly kind: 'help'; readonly from: number };

export interface Workspace {
  readonly panes: readonly Pane[];
  /** Every pane is in exactly one. */
  readonly tabs: readonly Tab[];
  /** Which of them is seen. */
  readonly tab: number;
  readonly mode: Mode;
  /** The key before every key of the panes' own. */
  readonly prefix: string;
  readonly nextPane: number;
}

export interface WorkspaceTurn {
  readonly workspace: Workspace;
  readonly effects: readonly WorkspaceEffect[];
  /** Back to the pages; the panes stay. */
  readonly leave?: boolean;
}

export const typing: Mode = { kind: 'type' };

export const emptyWorkspace: Workspace = {
  panes: [],
  tabs: [],
  tab: 0,
  mode: typing,
  prefix: 'ctrl-]',
  nextPane: 1,
};

export const tabOf = (workspace: Workspace): Tab | undefined => workspace.tabs[workspace.tab];

export function paneOf(workspace: Workspace, id: PaneId | undefined): Pane | undefined {
  return workspace.panes.find((pane) => pane.id === id);
}

export const focusedPane = (workspace: Workspace): Pane | undefined =>
  paneOf(workspace, tabOf(workspace)?.focus);

/** Nothing that is typed reaches it. */
export const isReadOnly = ({ request }: Pane): boolean => request.kind === 'attach' || request.watch === true;

export function withTab(workspace: Workspace, change: Partial<Tab>): Workspace {
  const tabs = workspace.tabs.map((tab, at) => (at === workspace.tab ? { ...tab, ...change } : tab));
  return { ...workspace, tabs };
}

export const withMode = (workspace: Workspace, mode: Mode): Workspace => ({ ...workspace, mode });

export function flashTurn(
  workspace: Workspace,
  text: string,
  level: 'info' | 'warn' | 'error' = 'warn',
): WorkspaceTurn {
  return { workspace, effects: [{ do: 'flash', level, text }] };
}
