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
import type { ConsoleRequest, FlashLevel } from './core/page.ts';
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
  handOver(wire: TerminalWire, request: ConsoleRequest, prefix: string): Promise<void>;
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
export const createConsoles = (options: ConsolesOptions): Consoles => new PaneConsoles(options);

class PaneConsoles implements Consoles {
  readonly #options: ConsolesOptions;
  readonly #sessions = new Map<PaneId, PaneSession>();
  readonly #stop = new AbortController();
  #rangAt = Number.NEGATIVE_INFINITY;

  constructor(options: ConsolesOptions) {
    this.#options = options;
  }

  readonly screens: PaneScreens = (id) => this.#sessions.get(id);

  sync(workspace: Workspace, sizes: ReadonlyMap<PaneId, Size>): void {
    const wanted = new Set(workspace.panes.map(({ id }) => id));
    for (const [id, session] of this.#sessions) {
      if (wanted.has(id)) continue;
      this.#sessions.delete(id);
      session.leave();
    }
    for (const pane of workspace.panes) {
      const size = sizes.get(pane.id);
      const session = this.#sessions.get(pane.id) ?? this.#open(pane, size ?? unseenSize);
      session.isVisible = size !== undefined;
      if (size === undefined) continue;
      session.rang = false;
      session.resize(size);
    }
  }

  run(effect: Exclude<WorkspaceEffect, { do: 'flash' }>): void {
    switch (effect.do) {
      case 'input':
        for (const pane of effect.panes) this.#sessions.get(pane)?.type(effect.bytes);
        return;
      case 'paste':
        for (const pane of effect.panes) this.#sessions.get(pane)?.paste(effect.text);
        return;
      case 'reconnect':
        this.#sessions.get(effect.pane)?.reconnect();
        return;
      case 'end':
        this.#sessions.get(effect.pane)?.end();
        return;
      case 'savePane':
        this.#save(effect.pane);
    }
  }

  handOver(wire: TerminalWire, request: ConsoleRequest, prefix: string): Promise<void> {
    const { connection, clock, rng } = this.#options;
    const { signal } = this.#stop;
    return handOverConsole(wire, request, {
      connection,
      clock,
      rng,
      signal,
      prefix,
      flash: this.#flash,
    });
  }

  sessions(): readonly string[] {
    return Array.from(this.#sessions.values()).flatMap(({ session }) => session ?? []);
  }

  closeAll(): void {
    this.#stop.abort();
    for (const session of this.#sessions.values()) session.leave();
    this.#sessions.clear();
  }

  #open({ id, request }: Pane, size: Size): PaneSession {
    const { connection, clock, rng, createEmulator, onDirty, send } = this.#options;
    const session = new PaneSession({
      connection,
      clock,
      rng,
      createEmulator,
      request,
      size,
      onChange: onDirty,
      onBell: () => this.#ring(),
      flash: this.#flash,
      onGone: () => send({ kind: 'paneGone', pane: id }),
    });
    this.#sessions.set(id, session);
    return session;
  }

  #save(pane: PaneId): void {
    const session = this.#sessions.get(pane);
    if (session === undefined) return;
    this.#options.saveText(`console-${pane}`, `${session.text().join('\n')}\n`).then(
      (path) => this.#flash('info', `saved as ${path}`),
      (error: unknown) => this.#flash('error', messageOf(error)),
    );
  }

  readonly #flash = (level: FlashLevel, text: string): void =>
    this.#options.send({ kind: 'flash', level, text });

  #ring(): void {
    const { clock, bell } = this.#options;
    if (clock.now() - this.#rangAt < bellEveryMs) return;
    this.#rangAt = clock.now();
    bell();
  }
}
