/**
 * What runs in the console panes: an emulator and a stream for each pane that the workspace has. Level-triggered: `sync`
 * opens what is new and leaves what has gone. Used by run.ts.
 */
import type { Clock } from '../base/clock.ts';
import { messageOf } from '../base/core/errors.ts';
import type { Rng } from '../base/core/rng.ts';
import type { ClusterConnection } from './connection.ts';
import type { AppMessage } from './core/app-model.ts';
import type { Size } from './core/key.ts';
import type { ConsoleRequest } from './core/page.ts';
import type { Pane, PaneId, PaneScreens, Workspace, WorkspaceEffect } from './core/workspace.ts';
import { handOverConsole } from './hand-over.ts';
import type { CreatePaneEmulator } from './pane-emulator.ts';
import { PaneSession } from './pane-session.ts';
import type { TerminalWire } from './terminal.ts';

/** Of a pane that opens where it is not seen. */
const unseenSize: Size = { columns: 80, rows: 24 };
/** However often programs ring. */
const bellEveryMs = 1_000;

export interface Consoles {
  readonly screens: PaneScreens;
  sync(workspace: Workspace, sizes: ReadonlyMap<PaneId, Size>): void;
  run(effect: Exclude<WorkspaceEffect, { do: 'flash' }>): void;
  /** A console over the whole screen; resolves when it has ended or was left. */
  handOver(wire: TerminalWire, request: ConsoleRequest): Promise<void>;
  /** The sessions that panes hold: the list of consoles marks them. */
  sessions(): readonly string[];
  /** Leaves all sessions; they stay on their cells for their grace time. */
  closeAll(): void;
}

export interface ConsolesOptions {
  readonly connection: ClusterConnection;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly createEmulator: CreatePaneEmulator;
  /** Writes a file of that name's stem; resolves with its path. */
  saveText(name: string, text: string): Promise<string>;
  /** A pane that is seen looks different. */
  onDirty(): void;
  /** Rings at the operator's terminal. */
  bell(): void;
  send(message: AppMessage): void;
}

/** No pane is open until the first `sync`. */
export function createConsoles(options: ConsolesOptions): Consoles {
  const { connection, clock, rng, createEmulator, onDirty, send } = options;
  const sessions = new Map<PaneId, PaneSession>();
  const stop = new AbortController();

  const flash = (level: 'info' | 'warn' | 'error', text: string): void =>
    send({ kind: 'flash', level, text });

  let rangAt = Number.NEGATIVE_INFINITY;
  function ring(): void {
    if (clock.now() - rangAt < bellEveryMs) return;
    rangAt = clock.now();
    options.bell();
  }

  function open({ id, request }: Pane, size: Size): PaneSession {
    const session = new PaneSession({
      connection,
      clock,
      rng,
      createEmulator,
      request,
      size,
      onChange: onDirty,
      onBell: ring,
      flash,
      onGone: () => send({ kind: 'paneGone', pane: id }),
    });
    sessions.set(id, session);
    return session;
  }

  function save(pane: PaneId, session: PaneSession): void {
    options.saveText(`console-${pane}`, `${session.text().join('\n')}\n`).then(
      (path) => flash('info', `saved as ${path}`),
      (error: unknown) => flash('error', messageOf(error)),
    );
  }

  return {
    screens: (id) => sessions.get(id),
    sync(workspace, sizes) {
      const wanted = new Set(workspace.panes.map(({ id }) => id));
      for (const [id, session] of sessions) {
        if (wanted.has(id)) continue;
        sessions.delete(id);
        session.leave();
      }
      for (const pane of workspace.panes) {
        const size = sizes.get(pane.id);
        const session = sessions.get(pane.id) ?? open(pane, size ?? unseenSize);
        session.isVisible = size !== undefined;
        if (size === undefined) continue;
        session.rang = false;
        session.resize(size);
      }
    },
    run(effect) {
      switch (effect.do) {
        case 'input':
          for (const pane of effect.panes) sessions.get(pane)?.type(effect.bytes);
          return;
        case 'paste':
          for (const pane of effect.panes) sessions.get(pane)?.paste(effect.text);
          return;
        case 'reconnect':
          sessions.get(effect.pane)?.reconnect();
          return;
        case 'end':
          sessions.get(effect.pane)?.end();
          return;
        case 'savePane': {
          const session = sessions.get(effect.pane);
          if (session !== undefined) save(effect.pane, session);
        }
      }
    },
    handOver: (wire, request) =>
      handOverConsole(wire, request, { connection, clock, rng, signal: stop.signal, flash }),
    sessions: () => [...sessions.values()].flatMap(({ session }) => session ?? []),
    closeAll() {
      stop.abort();
      for (const session of sessions.values()) session.leave();
      sessions.clear();
    },
  };
}
