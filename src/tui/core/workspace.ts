/**
 * The console panes as a value: which key and which paste goes where, and what the panes' own keys do. What runs in the
 * panes is src/tui/consoles.ts; how they look is workspace-draw.ts. Used by app.ts.
 */
import type { Millis } from '../../model/ids.ts';
import type { Key } from './key.ts';
import { typeText } from './line-editor.ts';
import { commandKey, paneCommands, writablePanes } from './workspace-keys.ts';
import {
  flashTurn,
  focusedPane,
  isReadOnly,
  type PaneId,
  type PaneScreens,
  tabOf,
  typing,
  type Workspace,
  type WorkspaceTurn,
  withMode,
  withTab,
} from './workspace-model.ts';
import { closePane } from './workspace-panes.ts';
import { scrollKey, searchKey } from './workspace-scroll.ts';

export { drawWorkspace } from './workspace-draw.ts';
export {
  emptyWorkspace,
  type Pane,
  type PaneDrawing,
  type PaneId,
  type PaneScreen,
  type PaneScreens,
  type PaneView,
  type Workspace,
  type WorkspaceEffect,
  type WorkspaceTurn,
} from './workspace-model.ts';
export { closePane, focusSession, openPane } from './workspace-panes.ts';
export { paneSizes } from './workspace-tiles.ts';

/** A prefix that nothing follows is forgotten. */
const prefixMs = 2_000;

const only = (workspace: Workspace): WorkspaceTurn => ({ workspace, effects: [] });

/** What a key does while the panes have the screen. */
export function workspaceKey(workspace: Workspace, key: Key, screens: PaneScreens): WorkspaceTurn {
  const pane = focusedPane(workspace);
  if (pane === undefined) return { ...only(withMode(workspace, typing)), leave: true };
  const { mode } = workspace;
  switch (mode.kind) {
    case 'type':
      return typed(workspace, key, screens);
    case 'prefix':
      return afterPrefix(workspace, key, screens);
    case 'resize': {
      const moves = paneCommands.some(({ keys, repeats }) => repeats === true && keys.includes(key.name));
      return moves
        ? commandKey(workspace, key.name, screens)
        : typed(withMode(workspace, typing), key, screens);
    }
    case 'notice':
      return only(withMode(workspace, typing));
    case 'ask':
      return answered(workspace, mode.question, key, pane.id, screens);
    case 'help':
      // Who read that a key comes after the prefix types both: the second must not reach the program.
      if (key.name === workspace.prefix) return only(withMode(workspace, { kind: 'prefix' }));
      return helpKey(workspace, mode.from, key);
    case 'scroll':
    case 'search': {
      const screen = screens(pane.id);
      if (screen === undefined) return only(withMode(workspace, typing));
      if (key.name === workspace.prefix) return only(withMode(workspace, { kind: 'prefix' }));
      return mode.kind === 'scroll'
        ? scrollKey(workspace, mode, key, screen)
        : searchKey(workspace, mode, key, screen);
    }
  }
}

function typed(workspace: Workspace, key: Key, screens: PaneScreens): WorkspaceTurn {
  const pane = focusedPane(workspace);
  if (pane === undefined) return { ...only(workspace), leave: true };
  if (key.name === workspace.prefix) return only(withMode(workspace, { kind: 'prefix' }));
  const state = screens(pane.id)?.state;
  if (state === 'ended') {
    // Not any key: who types while the program ends wants to read how it ended.
    const closes = key.name === 'enter' || key.name === 'escape';
    return only(closes ? closePane(workspace, pane.id) : workspace);
  }
  const { target } = pane.request;
  if (isReadOnly(pane)) return flashTurn(workspace, `${target} is only looked at here: keys do not reach it`);
  if (state === 'lost') return flashTurn(workspace, `${target} is not connected: that key was not sent`);
  if (key.bytes === '') return only(workspace);
  return { workspace, effects: [{ do: 'input', panes: receivers(workspace), bytes: key.bytes }] };
}

function receivers(workspace: Workspace): readonly PaneId[] {
  const tab = tabOf(workspace);
  if (tab === undefined) return [];
  return tab.typeToAll.includes(tab.focus) ? tab.typeToAll : [tab.focus];
}

function afterPrefix(workspace: Workspace, key: Key, screens: PaneScreens): WorkspaceTurn {
  if (key.name === 'escape') return only(withMode(workspace, typing));
  if (key.name !== workspace.prefix) return commandKey(workspace, key.name, screens);
  const pane = focusedPane(workspace);
  const next = withMode(workspace, typing);
  if (pane === undefined || isReadOnly(pane) || screens(pane.id)?.state !== 'open') return only(next);
  return { workspace: next, effects: [{ do: 'input', panes: receivers(next), bytes: key.bytes }] };
}

function answered(
  workspace: Workspace,
  question: 'end' | 'typeToAll',
  key: Key,
  pane: PaneId,
  screens: PaneScreens,
): WorkspaceTurn {
  const next = withMode(workspace, typing);
  if (key.name === 'n' || key.name === 'escape' || key.name === 'ctrl-c') return only(next);
  // Any other key would be an accident in the middle of typing: it is asked on.
  if (key.name !== 'y') return only(workspace);
  if (question === 'end') return { workspace: next, effects: [{ do: 'end', pane }] };
  const all = writablePanes(workspace, screens);
  if (all.length < 2) return flashTurn(next, 'there is no second open console any more');
  return flashTurn(withTab(next, { typeToAll: all }), `what you type goes to ${all.length} panes`);
}

function helpKey(workspace: Workspace, from: number, key: Key): WorkspaceTurn {
  const to = (line: number): WorkspaceTurn =>
    only(withMode(workspace, { kind: 'help', from: Math.max(0, Math.min(line, paneCommands.length - 1)) }));
  if (key.name === 'down' || key.name === 'j') return to(from + 1);
  if (key.name === 'up' || key.name === 'k') return to(from - 1);
  if (key.name === 'pagedown' || key.name === 'space') return to(from + 5);
  if (key.name === 'pageup') return to(from - 5);
  return only(withMode(workspace, typing));
}

/** What is pasted goes where typing goes, as one piece. */
export function workspacePaste(workspace: Workspace, text: string): WorkspaceTurn {
  const pane = focusedPane(workspace);
  if (pane === undefined) return only(workspace);
  const { mode } = workspace;
  if (mode.kind === 'search')
    return only(withMode(workspace, { ...mode, editor: typeText(mode.editor, text) }));
  if (mode.kind !== 'type' && mode.kind !== 'resize')
    return flashTurn(workspace, 'nothing was pasted: finish this first, Escape leaves it');
  if (isReadOnly(pane))
    return flashTurn(workspace, `${pane.request.target} is only looked at here: nothing was pasted`);
  return {
    workspace: withMode(workspace, typing),
    effects: [{ do: 'paste', panes: receivers(workspace), text }],
  };
}

/** Once a second: forgets a prefix that nothing followed. */
export function workspaceTick(workspace: Workspace, now: Millis): Workspace {
  const { mode } = workspace;
  if (mode.kind !== 'prefix' && mode.kind !== 'resize') return workspace;
  if (mode.since === undefined) return withMode(workspace, { ...mode, since: now });
  return now - mode.since >= prefixMs ? withMode(workspace, typing) : workspace;
}
