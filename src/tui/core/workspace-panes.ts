/** Panes come and go: where a new one is put, who gets the room of one that goes. Used by workspace.ts. */
import type { ConsoleRequest } from './page.ts';
import {
  depthOf,
  type PaneId,
  paneLeaf,
  panesOf,
  type SplitDirection,
  splitPane,
  withoutPane,
} from './workspace-layout.ts';
import { type PaneScreens, type Tab, tabOf, typing, type Workspace, withTab } from './workspace-model.ts';

/** Each holds an emulator here and a session on a cell. */
export const panesMax = 48;
/** Panes that come from the pages share a tab until there are so many; then a new one begins. */
const sharedMax = 4;

/**
 * A new pane beside the largest one, the focused one among equals, with the focus. Refused with a notice when there are
 * as many as may be.
 */
export function openPane(workspace: Workspace, request: ConsoleRequest): Workspace {
  const tab = tabOf(workspace);
  if (tab === undefined) return openTab(workspace, request);
  const all = panesOf(tab.layout);
  if (all.length >= sharedMax) return openTab(workspace, request);
  const depth = (id: PaneId): number => depthOf(tab.layout, id) ?? 0;
  const least = Math.min(...all.map(depth));
  const at = depth(tab.focus) === least ? tab.focus : (all.find((id) => depth(id) === least) ?? tab.focus);
  const beside = withTab(workspace, { focus: at });
  return openBeside(beside, request, least % 2 === 0 ? 'right' : 'below');
}

/** The tab that holds the pane is seen, with the focus on it; undefined when no pane holds the session. */
export function focusSession(
  workspace: Workspace,
  session: string,
  screens: PaneScreens,
): Workspace | undefined {
  const pane = workspace.panes.find(
    ({ id, request }) => (screens(id)?.session ?? request.session) === session,
  );
  if (pane === undefined) return undefined;
  const tab = workspace.tabs.findIndex(({ layout }) => panesOf(layout).includes(pane.id));
  return { ...withTab({ ...workspace, tab }, { focus: pane.id }), mode: typing };
}

export function openBeside(
  workspace: Workspace,
  request: ConsoleRequest,
  direction: SplitDirection,
): Workspace {
  const tab = tabOf(workspace);
  if (tab === undefined) return openTab(workspace, request);
  if (workspace.panes.length >= panesMax) return full(workspace);
  const id = String(workspace.nextPane);
  const layout = splitPane(tab.layout, tab.focus, id, direction);
  const tabs = workspace.tabs.map((each) =>
    each === tab ? { ...tab, layout, focus: id, zoomed: false } : each,
  );
  return added(workspace, id, request, { tabs });
}

export function openTab(workspace: Workspace, request: ConsoleRequest): Workspace {
  if (workspace.panes.length >= panesMax) return full(workspace);
  const id = String(workspace.nextPane);
  const tab: Tab = { layout: paneLeaf(id), focus: id, zoomed: false, typeToAll: [] };
  return added(workspace, id, request, { tabs: [...workspace.tabs, tab], tab: workspace.tabs.length });
}

function added(
  workspace: Workspace,
  id: PaneId,
  request: ConsoleRequest,
  change: Partial<Workspace>,
): Workspace {
  return {
    ...workspace,
    ...change,
    panes: [...workspace.panes, { id, request }],
    mode: typing,
    nextPane: workspace.nextPane + 1,
  };
}

function full(workspace: Workspace): Workspace {
  const text = `${panesMax} consoles are open, which is as many as may be: close one first`;
  return { ...workspace, mode: { kind: 'notice', text } };
}

/** The pane goes from the screen; its session is not ended by that. */
export function closePane(workspace: Workspace, pane: PaneId): Workspace {
  if (!workspace.panes.some(({ id }) => id === pane)) return workspace;
  const at = workspace.tabs.findIndex(({ layout }) => panesOf(layout).includes(pane));
  const tabs = workspace.tabs.flatMap((tab, each) => (each === at ? withoutIn(tab, pane) : [tab]));
  const gone = tabs.length < workspace.tabs.length && at < workspace.tab;
  const tab = Math.max(0, Math.min(gone ? workspace.tab - 1 : workspace.tab, tabs.length - 1));
  const wasFocused = tabOf(workspace)?.focus === pane;
  return {
    ...workspace,
    panes: workspace.panes.filter(({ id }) => id !== pane),
    tabs,
    tab,
    mode: wasFocused ? typing : workspace.mode,
  };
}

function withoutIn(tab: Tab, pane: PaneId): Tab[] {
  const layout = withoutPane(tab.layout, pane);
  if (layout === undefined) return [];
  const left = panesOf(layout);
  const before = panesOf(tab.layout).indexOf(pane);
  const focus = tab.focus === pane ? (left[Math.max(0, before - 1)] ?? tab.focus) : tab.focus;
  const typeToAll = tab.typeToAll.filter((id) => id !== pane);
  return [
    {
      layout,
      focus,
      zoomed: tab.zoomed && tab.focus !== pane && left.length > 1,
      typeToAll: typeToAll.length > 1 ? typeToAll : [],
    },
  ];
}
