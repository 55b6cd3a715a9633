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
import type { AppMessage, AppModel, AppParts, ShellEffect } from './core/app-model.ts';
import type { Charts, Page, Settings } from './core/page.ts';
import type { Theme } from './core/theme.ts';
import { paneSizes } from './core/workspace.ts';
import { type EffectsOptions, runPageEffect } from './effects.ts';
import { createFeeds, type Feeds, type FeedsOptions } from './feeds.ts';
import { createFrames, type Frames } from './frames.ts';
import type { Terminal, TerminalEvent } from './terminal.ts';

/** At most 30 frames a second, half of that over SSH. */
const localFrameMs = 33;
const remoteFrameMs = 66;
const tickMs = 1_000;

/** A cluster, and how it is reached. */
export interface ClusterPlace {
  readonly first: Client;
  connect(apiAddress: string): Client;
  /** What the operator calls it. */
  readonly context: string;
}

export interface TuiOptions extends ClusterPlace {
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly home: Page;
  /** The clusters that `:ctx` leads to. `open` throws for one that there is not, or that cannot be read. */
  readonly contexts: { readonly names: readonly string[]; open(name: string): ClusterPlace };
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

/** What goes along to another cluster. */
type Kept = Pick<AppModel, 'settings' | 'commandHistory' | 'messages'>;

type End =
  | { readonly kind: 'exit'; readonly status: number }
  | { readonly kind: 'goes'; readonly to: ClusterPlace; readonly kept: Kept };

/** Resolves with the exit status when the operator leaves or the line is closed. The terminal is restored by then. */
export async function runTui(options: TuiOptions): Promise<number> {
  try {
    let { problems } = options;
    let next: TuiOptions & Partial<Kept> = options;
    for (;;) {
      const end = await runAt({ ...next, problems });
      if (end.kind === 'exit') return end.status;
      next = { ...options, ...end.to, ...end.kept };
      problems = [];
    }
  } finally {
    options.terminal.close();
  }
}

/** One cluster, until it is left; everything of it is closed then. */
async function runAt(options: TuiOptions & Partial<Kept>): Promise<End> {
  const stop = new AbortController();
  try {
    return await new Promise<End>((resolve, reject) => {
      try {
        new Tui(options, stop.signal, resolve).start();
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
  } finally {
    stop.abort();
  }
}

class Tui {
  readonly #options: TuiOptions;
  readonly #signal: AbortSignal;
  readonly #end: (end: End) => void;
  readonly #consoles: Consoles;
  readonly #feeds: Feeds;
  readonly #frames: Frames;
  readonly #effects: EffectsOptions;
  readonly #parts: AppParts;
  #model: AppModel;
  #timer: Timer | undefined;

  /** Begins nothing but the connection, which tells only in later turns. */
  constructor(options: TuiOptions & Partial<Kept>, signal: AbortSignal, end: (end: End) => void) {
    const { terminal, clock, rng, openLogs, editText, saveText } = options;
    const send = (message: AppMessage): void => this.#send(message);
    this.#options = options;
    this.#signal = signal;
    this.#end = end;
    this.#model = startModel(options);
    const connection = connect(options, signal, send);
    const consoles = options.consoles({
      connection,
      onDirty: () => this.#frames.dirty(),
      bell: () => terminal.bell(),
      send,
    });
    this.#consoles = consoles;
    this.#parts = { ...options.parts, screens: consoles.screens };
    this.#feeds = createFeeds({
      connection,
      clock,
      rng,
      openLogs,
      ownConsoles: () => consoles.sessions(),
      deliver: (page, want, data) => send({ kind: 'data', page, want, data }),
    });
    this.#frames = createFrames({
      clock,
      everyMs: terminal.features.remote ? remoteFrameMs : localFrameMs,
      draw: () => this.#draw(),
    });
    this.#effects = {
      connection,
      terminal,
      signal,
      editText,
      saveText,
      fullConsole: (open) =>
        terminal.handOver((wire) => consoles.handOver(wire, open, this.#model.workspace.prefix)),
      send,
      switchContext: (name) => this.#goTo(name),
      quit: () => end({ kind: 'exit', status: 0 }),
    };
  }

  start(): void {
    const { terminal, clock, problems, context } = this.#options;
    const tick = (): void => {
      this.#timer = clock.after(tickMs, tick);
      this.#send({ kind: 'tick', now: clock.now() });
    };
    this.#timer = clock.after(tickMs, tick);
    this.#signal.addEventListener('abort', () => this.#stop());
    terminal.listen((event) => this.#heard(event));
    terminal.title(`skep ${context}`);
    for (const text of problems) this.#send({ kind: 'flash', level: 'error', text });
    this.#feeds.sync(wantsOf(this.#model));
    this.#frames.dirty();
  }

  #stop(): void {
    this.#timer?.cancel();
    this.#frames.stop();
    this.#feeds.stop();
    this.#consoles.closeAll();
  }

  #draw(): boolean {
    const { terminal, themeOf, parts, charts } = this.#options;
    const { screens } = this.#parts;
    const theme = themeOf(this.#model.settings.theme);
    return terminal.draw(drawApp(this.#model, { theme, keysOf: parts.keysOf, screens, charts }));
  }

  #send(message: AppMessage): void {
    if (this.#signal.aborted) return;
    const before = this.#model;
    const step = updateApp(before, message, this.#parts);
    this.#model = step.model;
    if (step.model !== before) this.#sync(before);
    for (const effect of step.effects) this.#run(effect);
    this.#frames.dirty();
  }

  #sync(before: AppModel): void {
    const model = this.#model;
    this.#feeds.sync(wantsOf(model));
    if (model.workspace !== before.workspace || model.size !== before.size)
      this.#consoles.sync(model.workspace, paneSizes(model.workspace, model.size));
    if (model.settings !== before.settings || model.commandHistory !== before.commandHistory)
      this.#options.remember(model, (text) => this.#send({ kind: 'flash', level: 'warn', text }));
  }

  #run(effect: ShellEffect): void {
    if ('pane' in effect) {
      if (effect.pane.do === 'flash')
        this.#send({ kind: 'flash', level: effect.pane.level, text: effect.pane.text });
      else this.#consoles.run(effect.pane);
    } else if ('app' in effect) {
      if (effect.app === 'refresh') this.#feeds.refresh();
      else this.#options.terminal.invalidate();
    } else {
      runPageEffect(this.#effects, effect);
    }
  }

  #goTo(name: string): void {
    const to = this.#options.contexts.open(name);
    const { settings, commandHistory, messages } = this.#model;
    this.#end({ kind: 'goes', to, kept: { settings, commandHistory, messages } });
  }

  #heard(event: TerminalEvent): void {
    switch (event.kind) {
      case 'ended':
        this.#end({ kind: 'exit', status: event.exit });
        return;
      case 'drained':
        this.#frames.drained();
        return;
      default:
        this.#send(event);
        this.#frames.dirty(true);
    }
  }
}

const startModel = ({
  clock,
  terminal,
  first,
  home,
  parts,
  contexts,
  ...more
}: TuiOptions & Partial<Kept>) => {
  const { settings, context, commandHistory, messages = [] } = more;
  const connection = { server: first.address, state: 'connecting', since: clock.now(), reason: '' } as const;
  const start = { now: clock.now(), size: terminal.size, settings, context, commandHistory, messages };
  return startApp({ ...start, contexts: contexts.names, connection }, home, parts.keysOf('panes')[0]);
};

function connect(
  { first, connect: clientOf, clock, rng }: TuiOptions,
  signal: AbortSignal,
  send: (message: AppMessage) => void,
): ClusterConnection {
  return startConnection({
    first,
    connect: clientOf,
    clock,
    rng,
    signal,
    onStatus: (status, skewMs) => send({ kind: 'status', status, skewMs }),
    onConnection: (connection) => send({ kind: 'connection', connection }),
    onMoved: (from, to, reason) =>
      send({ kind: 'flash', level: 'warn', text: `now on ${to}: ${from} does not answer`, hint: reason }),
  });
}
