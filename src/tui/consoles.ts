/**
 * What runs in the console panes: an emulator and a stream for each pane that the workspace has. Level-triggered: `sync`
 * opens what is new and leaves what has gone.
 */
import type { Size } from './core/key.ts';
import type { ConsoleRequest } from './core/page.ts';
import type { PaneId, PaneScreens, Workspace, WorkspaceEffect } from './core/workspace.ts';
import type { TerminalWire } from './terminal.ts';

export interface Consoles {
  readonly screens: PaneScreens;
  sync(workspace: Workspace, sizes: ReadonlyMap<PaneId, Size>): void;
  run(effect: Exclude<WorkspaceEffect, { do: 'flash' }>): void;
  /** A console over the whole screen; resolves when it has ended or was left. */
  handOver(wire: TerminalWire, request: ConsoleRequest): Promise<void>;
  /** Leaves all sessions; they stay on their cells for their grace time. */
  closeAll(): void;
}
