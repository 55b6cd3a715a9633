/** Reading back in a pane: the keys of scroll mode and of its search. Used by workspace.ts. */
import type { Key } from './key.ts';
import { lineEditor, typeKey } from './line-editor.ts';
import {
  flashTurn,
  type Mode,
  type PaneScreen,
  typing,
  type Workspace,
  type WorkspaceTurn,
  withMode,
} from './workspace-model.ts';

type ScrollMode = Extract<Mode, { kind: 'scroll' }>;
type SearchMode = Extract<Mode, { kind: 'search' }>;

const only = (workspace: Workspace, mode: Mode): WorkspaceTurn => ({
  workspace: withMode(workspace, mode),
  effects: [],
});

export function scrollKey(
  workspace: Workspace,
  mode: ScrollMode,
  key: Key,
  screen: PaneScreen,
): WorkspaceTurn {
  const page = Math.max(1, screen.size.rows - 1);
  const by = (lines: number): WorkspaceTurn => {
    const top = Math.max(screen.firstLine, Math.min(screen.topLine, mode.top + lines));
    return only(workspace, { ...mode, top });
  };
  switch (key.name) {
    case 'up':
    case 'k':
      return by(-1);
    case 'down':
    case 'j':
      return by(1);
    case 'pageup':
    case 'ctrl-b':
      return by(-page);
    case 'pagedown':
    case 'ctrl-f':
    case 'space':
      return by(page);
    case 'home':
    case 'g':
      return by(Number.NEGATIVE_INFINITY);
    case 'end':
    case 'G':
      return by(Number.POSITIVE_INFINITY);
    case '/':
    case '?':
      return only(workspace, {
        ...mode,
        kind: 'search',
        editor: lineEditor(),
        step: key.name === '/' ? 1 : -1,
      });
    case 'n':
      return found(workspace, mode, screen, 1);
    case 'N':
      return found(workspace, mode, screen, -1);
    case 'q':
    case 'escape':
    case 'enter':
    case 'ctrl-c':
      return only(workspace, typing);
    default:
      return { workspace, effects: [] };
  }
}

/** The next line that holds the text comes to the top of the screen, or as near as the end allows. */
function found(workspace: Workspace, mode: ScrollMode, screen: PaneScreen, step: 1 | -1): WorkspaceTurn {
  if (mode.search === '') return flashTurn(workspace, '/ searches first', 'info');
  // Matches on the last screen cannot come to its top: from there the next one is looked for from the start.
  const next = screen.find(mode.search, mode.top + step, step);
  const line =
    next ??
    screen.find(mode.search, step === 1 ? screen.firstLine : screen.topLine + screen.size.rows - 1, step);
  if (line === undefined) return flashTurn(workspace, `"${mode.search}" is not there`, 'info');
  const top = Math.max(screen.firstLine, Math.min(screen.topLine, line));
  const turn = only(workspace, { ...mode, top });
  return next === undefined
    ? { ...turn, effects: [{ do: 'flash', level: 'info', text: 'searched on from the other end' }] }
    : turn;
}

export function searchKey(
  workspace: Workspace,
  mode: SearchMode,
  key: Key,
  screen: PaneScreen,
): WorkspaceTurn {
  const { top, editor, step } = mode;
  switch (key.name) {
    case 'escape':
    case 'ctrl-c':
      return only(workspace, { kind: 'scroll', top, search: mode.search });
    case 'enter': {
      const search = editor.text === '' ? mode.search : editor.text;
      const scroll: ScrollMode = { kind: 'scroll', top, search };
      return found(withMode(workspace, scroll), { ...scroll, top: top - step }, screen, step);
    }
    default: {
      if (key.name === 'backspace' && editor.text === '')
        return only(workspace, { kind: 'scroll', top, search: mode.search });
      const next = typeKey(editor, key);
      return next === undefined ? { workspace, effects: [] } : only(workspace, { ...mode, editor: next });
    }
  }
}
