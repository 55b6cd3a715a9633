/** What happens to the console panes apart from keys: one whose session has ended goes. */
import type { AppModel } from './app-model.ts';
import { closePane, type PaneId } from './workspace.ts';

export function clampWorkspace(model: AppModel, pane: PaneId): AppModel {
  const workspace = closePane(model.workspace, pane);
  return { ...model, workspace, inPanes: model.inPanes && workspace.panes.length > 0 };
}
