/**
 * Runs the terminal UI: brings keys, data and answers to the model, keeps open what its pages want, does their effects
 * and draws. Everything that decides is in core/; everything that touches the world is passed in.
 */
import type { Client } from '../api/client.ts';
import type { Clock, Timer } from '../base/clock.ts';
import type { Rng } from '../base/core/rng.ts';
import { type ClusterConnection, startConnection } from './connection.ts';
import type { Consoles } from './consoles.ts';
import { startApp, updateApp, wantsOf } from './core/app.ts';
import { drawApp } from './core/app-draw.ts';
import { bodyOf } from './core/app-layout.ts';
import type { AppMessage, AppModel, AppParts, ShellEffect } from './core/app-model.ts';
import type { Charts, ConsoleRequest, Page, Settings } from './core/page.ts';
import type { Theme } from './core/theme.ts';
import { paneSizes } from './core/workspace.ts';
import { runPageEffect } from './effects.ts';
import { createFeeds, type FeedsOptions } from './feeds.ts';
import { createFrames } from './frames.ts';
import type { Terminal, TerminalEvent } from './terminal.ts';

/** At most 30 frames a second, half of that over SSH. */
const localFrameMs = 33;
const remoteFrameMs = 66;
const tickMs = 1_000;

export interface TuiOptions {
  readonly terminal: Terminal;
  readonly first: Client;
  connect(apiAddress: string): Client;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly home: Page;
  readonly context: string;
  readonly settings: Settings;
  readonly commandHistory: readonly string[];
  /** Told to the operator as soon as the UI is there. */
  readonly problems: readonly string[];
  readonly parts: Omit<AppParts, 'screens'>;
  themeOf(name: string): Theme;
  readonly charts?: Charts | undefined;
  readonly openLogs: FeedsOptions['openLogs'];
  /** Panes: what runs in them. */
  consoles(options: {
    readonly connection: ClusterConnection;
    onDirty(): void;
    bell(): void;
    send(message: AppMessage): void;
  }): Consoles;
  editText(text: string, suffix: string): Promise<string | undefined>;
  saveText(name: string, text: string): Promise<string>;
  /** What is to be found again the next time; what goes wrong with it is told. */
  remember(state: Pick<AppModel, 'settings' | 'commandHistory'>, onProblem: (text: string) => void): void;
}

/** Resolves with the exit status when the operator leaves or the line is closed. The terminal is restored by then. */
export async function runTui(options: TuiOptions): Promise<number> {
  const stop = new AbortController();
  try {
    return await new Promise<number>((resolve, reject) => {
      const end = (exit: number): void => resolve(exit);
      try {
        startTui(options, stop.signal, end);
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
  } finally {
    stop.abort();
    options.terminal.close();
  }
}

function startTui(options: TuiOptions, signal: AbortSignal, end: (exit: number) => void): void {
  const { terminal, clock, rng } = options;
  let model = startApp(
    {
      now: clock.now(),
      size: terminal.size,
      settings: options.settings,
      context: options.context,
      commandHistory: options.commandHistory,
      connection: { server: options.first.address, state: 'connecting', since: clock.now(), reason: '' },
    },
    options.home,
  );

  const connection = startConnection({
    first: options.first,
    connect: options.connect,
    clock,
    rng,
    signal,
    onStatus: (status, skewMs) => send({ kind: 'status', status, skewMs }),
    onConnection: (now) => send({ kind: 'connection', connection: now }),
    onMoved: (from, to, reason) =>
      send({ kind: 'flash', level: 'warn', text: `now on ${to}: ${from} does not answer`, hint: reason }),
  });
  const consoles = options.consoles({
    connection,
    onDirty: () => frames.dirty(),
    bell: () => terminal.bell(),
    send: (message) => send(message),
  });
  const parts: AppParts = { ...options.parts, screens: consoles.screens };
  const feeds = createFeeds({
    connection,
    clock,
    rng,
    openLogs: options.openLogs,
    ownConsoles: () => consoles.sessions(),
    deliver: (page, want, data) => send({ kind: 'data', page, want, data }),
  });
  const draw = (): boolean =>
    terminal.draw(
      drawApp(model, {
        theme: options.themeOf(model.settings.theme),
        keysOf: options.parts.keysOf,
        screens: consoles.screens,
        charts: options.charts,
      }),
    );
  const frames = createFrames({
    clock,
    everyMs: terminal.features.remote ? remoteFrameMs : localFrameMs,
    draw,
  });
  const effects = {
    connection,
    terminal,
    signal,
    editText: options.editText,
    saveText: options.saveText,
    fullConsole: (open: ConsoleRequest) => terminal.handOver((wire) => consoles.handOver(wire, open)),
    send: (message: AppMessage) => send(message),
    quit: () => end(0),
  };

  function send(message: AppMessage): void {
    if (signal.aborted) return;
    const before = model;
    const step = updateApp(model, message, parts);
    model = step.model;
    if (model !== before) sync(before);
    for (const effect of step.effects) run(effect);
    frames.dirty();
  }

  function sync(before: AppModel): void {
    feeds.sync(wantsOf(model));
    if (model.workspace !== before.workspace || model.size !== before.size)
      consoles.sync(model.workspace, paneSizes(model.workspace, model.size));
    if (model.settings !== before.settings || model.commandHistory !== before.commandHistory)
      options.remember(model, (text) => send({ kind: 'flash', level: 'warn', text }));
  }

  function run(effect: ShellEffect): void {
    if ('pane' in effect) {
      if (effect.pane.do === 'flash')
        send({ kind: 'flash', level: effect.pane.level, text: effect.pane.text });
      else consoles.run(effect.pane);
    } else if ('app' in effect) {
      if (effect.app === 'refresh') feeds.refresh();
      else terminal.invalidate();
    } else {
      runPageEffect(effects, effect);
    }
  }

  function heard(event: TerminalEvent): void {
    switch (event.kind) {
      case 'ended':
        end(event.exit);
        return;
      case 'drained':
        frames.drained();
        return;
      default:
        send(event);
        frames.dirty(true);
    }
  }

  let timer: Timer;
  const tick = (): void => {
    timer = clock.after(tickMs, tick);
    send({ kind: 'tick', now: clock.now() });
  };
  timer = clock.after(tickMs, tick);
  signal.addEventListener('abort', () => {
    timer.cancel();
    frames.stop();
    feeds.stop();
    consoles.closeAll();
  });
  terminal.listen(heard);
  for (const text of options.problems) send({ kind: 'flash', level: 'error', text });
  feeds.sync(wantsOf(model));
  frames.dirty();
}

/** Rows that a page has on a terminal of that size: for the first query, before any frame. */
export const pageRowsOf = (terminal: Terminal): number => bodyOf(terminal.size).rows;
