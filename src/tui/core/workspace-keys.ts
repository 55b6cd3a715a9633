/** The keys after the prefix: each once, with what it does and what is said about it. Used by workspace.ts. */

import type { ConsoleRequest } from './page.ts';
import {
  neighbourOf,
  type PaneId,
  panesOf,
  resizeAround,
  type Side,
  type SplitDirection,
} from './workspace-layout.ts';
import {
  flashTurn,
  focusedPane,
  isReadOnly,
  type Pane,
  type PaneScreens,
  tabOf,
  typing,
  type Workspace,
  type WorkspaceTurn,
  withMode,
  withTab,
} from './workspace-model.ts';
import { closePane, openBeside, openTab } from './workspace-panes.ts';

export interface PaneCommand {
  readonly keys: readonly string[];
  readonly help: string;
  /** Goes on without the prefix as long as keys like it follow. */
  readonly repeats?: true;
  run(workspace: Workspace, pane: Pane, screens: PaneScreens): WorkspaceTurn;
}

const only = (workspace: Workspace): WorkspaceTurn => ({ workspace, effects: [] });

/** How much of the room a key moves a border by. */
const stepPercent = 5;
/** What a pane must have to be divided: two frames and two useful insides. */
const splitMin = { columns: 24, rows: 8 } as const;

export const paneCommands: readonly PaneCommand[] = [
  {
    keys: ['q'],
    help: 'back to the pages; the panes stay',
    run: (workspace) => ({ ...only(workspace), leave: true }),
  },
  { keys: ['d'], help: 'detach: the pane goes, its session stays for 10 minutes', run: detach },
  { keys: ['x'], help: 'end the session and close the pane; asks', run: askToEnd },
  {
    keys: ['|'],
    help: 'split: another shell of the same to the right',
    run: (w, p, s) => split(w, p, s, 'right'),
  },
  { keys: ['-'], help: 'split: another shell of the same below', run: (w, p, s) => split(w, p, s, 'below') },
  {
    keys: ['c'],
    help: 'another shell of the same in a new tab',
    run: (w, p) => only(openTab(w, fresh(p.request))),
  },
  { keys: ['o', 'tab'], help: 'next pane', run: (w) => only(nextPane(w)) },
  ...(['left', 'right', 'up', 'down'] as const).map(
    (side): PaneCommand => ({
      keys: [side],
      help: `pane ${sideWord(side)}`,
      run: (w) => only(focusTo(w, side)),
    }),
  ),
  { keys: ['n'], help: 'next tab', run: (w) => only(toTab(w, w.tab + 1)) },
  { keys: ['p'], help: 'tab before', run: (w) => only(toTab(w, w.tab - 1)) },
  ...Array.from(
    '123456789',
    (digit): PaneCommand => ({
      keys: [digit],
      help: `tab ${digit}`,
      run: (w) =>
        Number(digit) > w.tabs.length
          ? flashTurn(w, `there is no tab ${digit}`)
          : only(toTab(w, Number(digit) - 1)),
    }),
  ),
  { keys: ['z'], help: 'zoom: only this pane, and back', run: zoom },
  resize('H', 'left'),
  resize('L', 'right'),
  resize('K', 'up'),
  resize('J', 'down'),
  { keys: ['['], help: 'scroll and search: / n N; q leaves', run: scroll },
  { keys: ['='], help: 'type to all panes of the tab; asks; again: off', run: typeToAll },
  {
    keys: ['r'],
    help: 'connect again; a session that ended: begin a new one',
    run: (w, p) => ({ workspace: w, effects: [{ do: 'reconnect', pane: p.id }] }),
  },
  {
    keys: ['s'],
    help: 'save what the pane showed to a file',
    run: (w, p) => ({ workspace: w, effects: [{ do: 'savePane', pane: p.id }] }),
  },
  { keys: ['?'], help: 'these keys', run: (w) => only(withMode(w, { kind: 'help', from: 0 })) },
];

function sideWord(side: Side): string {
  return { left: 'to the left', right: 'to the right', up: 'above', down: 'below' }[side];
}

/** A new session of the same, not the one that was resumed or watched. */
function fresh({ target, task, host, args, kind }: ConsoleRequest): ConsoleRequest {
  return {
    target,
    kind,
    ...(task === undefined ? {} : { task }),
    ...(host === undefined ? {} : { host }),
    ...(args === undefined ? {} : { args }),
  };
}

function detach(workspace: Workspace, pane: Pane, screens: PaneScreens): WorkspaceTurn {
  const next = closePane(workspace, pane.id);
  const { target } = pane.request;
  const stays = !isReadOnly(pane) && screens(pane.id)?.state !== 'ended';
  const text = stays
    ? `${target} is left: its session stays for 10 minutes, :consoles has it`
    : `${target} is left`;
  return flashTurn(next, text, 'info');
}

function askToEnd(workspace: Workspace, pane: Pane, screens: PaneScreens): WorkspaceTurn {
  const state = screens(pane.id)?.state;
  if (state === 'ended' || isReadOnly(pane)) return only(closePane(workspace, pane.id));
  const text = `End the session of ${pane.request.target}, and what runs in it?`;
  return only(withMode(workspace, { kind: 'ask', question: 'end', text }));
}

function split(
  workspace: Workspace,
  pane: Pane,
  screens: PaneScreens,
  direction: SplitDirection,
): WorkspaceTurn {
  const size = screens(pane.id)?.size;
  const room = direction === 'right' ? size?.columns : size?.rows;
  const least = direction === 'right' ? splitMin.columns : splitMin.rows;
  if (room !== undefined && room < least - 2)
    return flashTurn(workspace, 'this pane is too small to be divided: c opens a tab instead');
  return only(openBeside(workspace, fresh(pane.request), direction));
}

function nextPane(workspace: Workspace): Workspace {
  const tab = tabOf(workspace);
  if (tab === undefined) return workspace;
  const all = panesOf(tab.layout);
  return withTab(workspace, { focus: all[(all.indexOf(tab.focus) + 1) % all.length] ?? tab.focus });
}

/** The pane on that side; at the edge the focus stays. */
function focusTo(workspace: Workspace, side: Side): Workspace {
  const tab = tabOf(workspace);
  if (tab === undefined) return workspace;
  return withTab(workspace, { focus: neighbourOf(tab.layout, tab.focus, side) ?? tab.focus });
}

function toTab(workspace: Workspace, tab: number): Workspace {
  return { ...workspace, tab: (tab + workspace.tabs.length) % workspace.tabs.length };
}

function zoom(workspace: Workspace): WorkspaceTurn {
  const tab = tabOf(workspace);
  if (tab === undefined || panesOf(tab.layout).length < 2)
    return flashTurn(workspace, 'there is only this pane', 'info');
  return only(withTab(workspace, { zoomed: !tab.zoomed }));
}

function resize(key: string, side: Side): PaneCommand {
  return {
    keys: [key],
    repeats: true,
    help: `move the border ${{ left: 'left', right: 'right', up: 'up', down: 'down' }[side]}; again without the prefix`,
    run(workspace, pane) {
      const tab = tabOf(workspace);
      if (tab === undefined) return only(workspace);
      const layout = resizeAround(tab.layout, pane.id, side, stepPercent);
      return only(withMode(withTab(workspace, { layout }), { kind: 'resize' }));
    },
  };
}

function scroll(workspace: Workspace, pane: Pane, screens: PaneScreens): WorkspaceTurn {
  const screen = screens(pane.id);
  if (screen === undefined) return only(workspace);
  return only(withMode(workspace, { kind: 'scroll', top: screen.topLine, search: '' }));
}

/** The panes that what is typed would go to. */
export function writablePanes(workspace: Workspace, screens: PaneScreens): readonly PaneId[] {
  const inTab = panesOf(tabOf(workspace)?.layout ?? { kind: 'pane', id: '' });
  return workspace.panes
    .filter((pane) => inTab.includes(pane.id) && !isReadOnly(pane) && screens(pane.id)?.state === 'open')
    .map(({ id }) => id);
}

function typeToAll(workspace: Workspace, _pane: Pane, screens: PaneScreens): WorkspaceTurn {
  if ((tabOf(workspace)?.typeToAll.length ?? 0) > 0)
    return flashTurn(withTab(workspace, { typeToAll: [] }), 'what you type goes to one pane again', 'info');
  const count = writablePanes(workspace, screens).length;
  if (count < 2) return flashTurn(workspace, 'this tab has no second open console to type to');
  const text = `Send everything you type to all ${count} open panes of this tab?`;
  return only(withMode(workspace, { kind: 'ask', question: 'typeToAll', text }));
}

/** What a key after the prefix does. `Ctrl-] Ctrl-]` is sent to the program by workspace.ts. */
export function commandKey(workspace: Workspace, key: string, screens: PaneScreens): WorkspaceTurn {
  const pane = focusedPane(workspace);
  const next = withMode(workspace, typing);
  const command = paneCommands.find(({ keys }) => keys.includes(key));
  if (pane === undefined) return { ...only(next), leave: true };
  if (command === undefined)
    return flashTurn(
      next,
      `${prefixName(workspace)} ${key} does nothing: ${prefixName(workspace)} ? shows the keys`,
    );
  return command.run(next, pane, screens);
}

/** As people write it: `^]`. */
export function prefixName({ prefix }: Workspace): string {
  const control = /^ctrl-(.)$/.exec(prefix)?.[1];
  return control === undefined ? prefix : `^${control.toUpperCase()}`;
}
