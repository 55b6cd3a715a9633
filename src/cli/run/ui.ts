/**
 * Puts the terminal UI together: terminal, pages, panes, files, clients. The only place where its adapters are built;
 * loaded when the UI is opened and not before.
 */
import { hostname } from 'node:os';
import { lazyLinear } from '../../api/client/linear-expression.ts';
import { seededRng } from '../../base/core/rng.ts';
import { openCharts } from '../../tui/blessed/charts.ts';
import { openOperatorTerminal } from '../../tui/blessed/operator-terminal.ts';
import { createConsoles } from '../../tui/consoles.ts';
import { allPages } from '../../tui/core/all-pages.ts';
import { appParts } from '../../tui/core/app-parts.ts';
import type { Yaml } from '../../tui/core/dialogs/edit-dialog.ts';
import type { Keymap } from '../../tui/core/keymap.ts';
import type { Charts, Settings } from '../../tui/core/page.ts';
import { paletteOf } from '../../tui/core/palettes.ts';
import { asciiGlyphs, type Theme, themeOf, unicodeGlyphs } from '../../tui/core/theme.ts';
import { editorOf, editText } from '../../tui/editor.ts';
import { openLogs } from '../../tui/log-feed.ts';
import type { OperatorFiles } from '../../tui/operator-files.ts';
import { type ClusterPlace, runTui, type TuiOptions } from '../../tui/run.ts';
import { paneEmulator } from '../../tui/terminal/emulator.ts';
import type { Terminal } from '../../tui/terminal.ts';
import { tlsOf } from '../contexts.ts';
import { escapeText } from '../core/escape.ts';
import { loadContext } from '../load-context.ts';
import type { Session } from '../session.ts';
import { sessionPass } from '../session-pass.ts';
import { holdWarnings } from './held-warnings.ts';
import { UiClients } from './ui-clients.ts';

export interface UiOptions {
  readonly session: Session;
  readonly readOnly: boolean;
  readonly theme: string | undefined;
  readonly files: OperatorFiles;
  readonly keymap: Keymap;
  readonly yaml: Yaml;
  /** What was wrong with the operator's files: told in the UI. */
  readonly problems: readonly string[];
}

/** Resolves with the exit status. Throws `InvalidRequest` where there is no terminal to draw on, with what to use instead. */
export async function runUi(options: UiOptions): Promise<number> {
  const { session, files, keymap, yaml } = options;
  const { io } = session;
  const kept = await files.load();
  const terminal = openOperatorTerminal({ clock: io.clock, env: io.env });
  const { theme = 'dark', times = 'age', wide = false, views } = kept.settings;
  const settings: Settings = {
    readOnly: options.readOnly,
    theme: options.theme ?? theme,
    times,
    wide,
    ...(views === undefined ? {} : { views }),
  };
  const pages = allPages({ yaml, linear: lazyLinear() });
  // No secret: spreads retries of many terminals.
  const rng = seededRng(io.clock.now() ^ process.pid);
  // Not the session's: that one says on standard error, across the screen, when an answer may be old.
  const clients = new UiClients(io, session.signal);
  const named = session.context;
  const first = clients.client(session.address, named);
  const pass = sessionPass(session, first);
  const place: ClusterPlace = {
    first,
    connect: (apiAddress) => clients.client(pass.addressOf(apiAddress), named),
    context: contextName(session),
  };
  const warnings = holdWarnings();
  const running = runTui({
    terminal,
    ...place,
    contexts: otherContexts(session, clients, place),
    clock: io.clock,
    rng,
    home: pages.list({ kind: 'lrps' }),
    settings,
    problems: [kept.problem, ...options.problems].filter((text) => text !== ''),
    commandHistory: kept.commandHistory,
    parts: appParts(pages, keymap),
    themeOf: themes(terminal),
    charts: lazyCharts(),
    openLogs: (connection, request, signal) => openLogs({ connection, clock: io.clock, request, signal }),
    consoles: (shell) =>
      createConsoles({
        ...shell,
        clock: io.clock,
        rng,
        createEmulator: paneEmulator(terminal.features.colours),
        saveText: (name, text) => files.saveText(name, text),
      }),
    editText: (text, suffix) => editText(editorOf(io.env), text, suffix),
    saveText: (name, text) => files.saveText(name, text),
    remember: (state, onProblem) => {
      // Never rejects.
      void files.keep(state.settings, state.commandHistory, onProblem);
    },
  });
  return await running.finally(() => {
    clients.close();
    for (const warning of warnings.release()) io.stderr.write(`skep: ${escapeText(warning)}\n`);
  });
}

/** The contexts of this operator, and where it began. */
function otherContexts(session: Session, clients: UiClients, began: ClusterPlace): TuiOptions['contexts'] {
  const { contexts } = session.io;
  return {
    names: [...new Set([began.context, ...contexts.list()])],
    open(name) {
      if (name === began.context) return began;
      const named = loadContext(contexts, name);
      const tls = tlsOf(named.context);
      return {
        context: name,
        first: clients.client({ servers: named.context.servers, tls }, named),
        connect: (apiAddress) => clients.client({ servers: [apiAddress], tls }, named),
      };
    },
  };
}

/** What the operator calls the cluster: the context's name, or where the cluster is. */
function contextName({ client, address, context }: Session): string {
  return 'socketPath' in address ? hostname() : (context?.name ?? client.address);
}

/** Loaded when the first chart is to be drawn; until then, and where that fails, pages draw sparklines. */
function lazyCharts(): Charts {
  let charts: Charts | undefined;
  let isAsked = false;
  return {
    line(canvas, chart, theme) {
      if (!isAsked) {
        isAsked = true;
        openCharts().then(
          (opened) => (charts = opened),
          () => undefined,
        );
      }
      return charts?.line(canvas, chart, theme) ?? false;
    },
  };
}

/** A theme is made once for each name: a frame asks for it every time. */
function themes({ features }: Terminal): (name: string) => Theme {
  const made = new Map<string, Theme>();
  const glyphs = features.unicode ? unicodeGlyphs : asciiGlyphs;
  return (name) => {
    const theme = made.get(name) ?? themeOf(name, paletteOf(name, features.colours), glyphs);
    made.set(name, theme);
    return theme;
  };
}
