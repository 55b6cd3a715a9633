/**
 * What the terminal UI is made of. A page is a value: it says which data it wants, answers events with its next value
 * and with effects, and draws itself. Nothing here does I/O: src/tui/app.ts opens what is wanted, runs the effects and
 * brings what comes of them back as events. Dialogs are pages that are drawn over another.
 */

import type { ConsoleInfo } from '../../api/core/console-shapes.ts';
import type { RouteInput, RouteName, Status } from '../../api/core/routes.ts';
import type { StatsSample } from '../../api/core/stats-shapes.ts';
import type { ViewKind, ViewMessage, ViewQuery } from '../../api/core/view-shapes.ts';
import type { ErrorBody } from '../../base/core/errors.ts';
import type { JournalEvent } from '../../model/event.ts';
import type { Millis } from '../../model/ids.ts';
import type { ActionId } from './actions.ts';
import type { Canvas } from './frame.ts';
import type { Key, Size } from './key.ts';
import type { LogRequest } from './log-request.ts';
import type { PageKind } from './page-kind.ts';
import type { Subject } from './subject.ts';
import type { Theme } from './theme.ts';

/**
 * A feed that a page wants for as long as it says so. `id` is the page's own name for it; what arrives carries it. A
 * want that has changed under the same id is adapted (a view's window moves) or begun anew.
 */
export type Want =
  | { readonly kind: 'view'; readonly id: string; readonly query: ViewQuery }
  | {
      /** A route asked again and again: at once, then `everyMs` after each answer. */
      readonly kind: 'poll';
      readonly id: string;
      readonly route: RouteName;
      readonly input: unknown;
      readonly everyMs: number;
    }
  | { readonly kind: 'stats'; readonly id: string; readonly target: StatsTarget }
  | { readonly kind: 'logs'; readonly id: string; readonly request: LogRequest }
  /** Journal events as they happen, of one subject or of all; the last 50 come first. */
  | { readonly kind: 'events'; readonly id: string; readonly subject?: string | undefined }
  /** The console sessions on the cells that hold the subject, or on all; asked again and again. */
  | { readonly kind: 'consoles'; readonly id: string; readonly subject?: Subject | undefined };

export type StatsTarget =
  | { readonly cell: string }
  | { readonly instance: string }
  | { readonly task: string };

/** One line of a container's output. */
export interface LogLine {
  readonly at: Millis;
  /** `web/0`, or a task's guid. */
  readonly source: string;
  readonly cell: string;
  readonly stream: 'stdout' | 'stderr' | 'note';
  /** As the workload wrote it: not safe to print. */
  readonly text: string;
}

export type Data =
  | { readonly kind: 'view'; readonly message: ViewMessage }
  | { readonly kind: 'answer'; readonly value: unknown }
  | { readonly kind: 'stats'; readonly sample: StatsSample }
  /** `anew`: it was begun again, and what came before comes once more. */
  | { readonly kind: 'logs'; readonly lines: readonly LogLine[]; readonly anew?: boolean }
  | { readonly kind: 'events'; readonly events: readonly (JournalEvent & { readonly id: string })[] }
  | {
      readonly kind: 'consoles';
      readonly consoles: readonly ConsoleInfo[];
      /** Cells that did not answer, and why. */
      readonly silent: readonly { readonly cell: string; readonly reason: string }[];
      /** Sessions that panes here hold. */
      readonly own: readonly string[];
    }
  /** The feed is broken: it is begun again by itself; what was shown stays, with its age. */
  | { readonly kind: 'broken'; readonly error: ErrorBody };

export type PageEvent =
  /** A bound key or a command, as an action; the page says in `actions` which of them it takes. */
  | { readonly kind: 'action'; readonly action: ActionId }
  /** A key that is bound to nothing here: what a dialog types. */
  | { readonly kind: 'key'; readonly key: Key }
  | { readonly kind: 'paste'; readonly text: string }
  | { readonly kind: 'data'; readonly want: string; readonly data: Data }
  /** What came of the effect with that id. */
  | { readonly kind: 'answer'; readonly id: string; readonly value: unknown }
  | { readonly kind: 'failed'; readonly id: string; readonly error: ErrorBody }
  /** A filter typed after `/` and confirmed, or changed while it is typed. */
  | { readonly kind: 'filter'; readonly text: string }
  | { readonly kind: 'resized' }
  /** It is on top again: a dialog closed, or the page above went. */
  | { readonly kind: 'shown' }
  /** Once a second while it is on top. */
  | { readonly kind: 'tick' };

/** Something to be done once. `id`s are the page's own; the answer comes back to the page that asked, if it is still there. */
export type Effect =
  | { readonly do: 'open'; readonly page: Page }
  | { readonly do: 'replace'; readonly page: Page }
  | { readonly do: 'back' }
  | { readonly do: 'dialog'; readonly dialog: Page }
  /** Closes the dialog that says it. */
  | { readonly do: 'close' }
  | CallEffect
  | {
      readonly do: 'flash';
      readonly level: FlashLevel;
      readonly text: string;
      readonly hint?: string | undefined;
    }
  /** To the clipboard of the operator's own terminal, by OSC 52; `what` is said in the flash. */
  | { readonly do: 'copy'; readonly text: string; readonly what: string }
  /** A shell (or `args`) of an instance as a pane, or over the whole screen. */
  | { readonly do: 'console'; readonly open: ConsoleRequest }
  /** To the pane here that holds the session. */
  | { readonly do: 'focusConsole'; readonly session: string }
  /** Ends a console session on its cell; the answer comes when it has ended. */
  | { readonly do: 'endConsole'; readonly id: string; readonly session: string }
  /** Text in the operator's editor; the answer is the text as saved, or `undefined` when it was not changed. */
  | { readonly do: 'edit'; readonly id: string; readonly text: string; readonly suffix: string }
  /** Writes a file in the folder of dumps; the answer is its path. */
  | { readonly do: 'save'; readonly id: string; readonly name: string; readonly text: string }
  | { readonly do: 'setting'; readonly change: Partial<Settings> }
  /** Runs a command line of the UI, as typed after `:`. */
  | { readonly do: 'command'; readonly line: string }
  /** Does an action as its key would: the help page runs what is chosen. */
  | { readonly do: 'action'; readonly action: ActionId }
  /** To the cluster of another context: everything of this one is closed. */
  | { readonly do: 'context'; readonly name: string }
  | { readonly do: 'suspend' }
  | { readonly do: 'quit' };

export type FlashLevel = 'info' | 'warn' | 'error';

/** One call of the API. */
export interface CallEffect {
  readonly do: 'call';
  readonly id: string;
  readonly route: RouteName;
  readonly input: unknown;
  /** It changes something: refused in read-only mode. */
  readonly changes: boolean;
}

/** A call with its input checked against the route. */
export function call<N extends RouteName>(
  id: string,
  route: N,
  input: RouteInput<N>,
  changes = false,
): CallEffect {
  return { do: 'call', id, route, input, changes };
}

/** A route asked again and again, its input checked against the route. */
export function poll<N extends RouteName>(id: string, route: N, input: RouteInput<N>, everyMs: number): Want {
  return { kind: 'poll', id, route, input, everyMs };
}

export interface ConsoleRequest {
  /** `web/0`, a task's guid with `task`, or a cell with `host`. */
  readonly target: string;
  readonly task?: boolean | undefined;
  /** On the host of the cell `target`, and not in a container. */
  readonly host?: boolean | undefined;
  /** Nothing: the best shell that there is. */
  readonly args?: readonly string[] | undefined;
  readonly kind: 'shell' | 'attach';
  /** A session that was left, to be taken up again; with `watch` only looked at. */
  readonly session?: string | undefined;
  readonly watch?: boolean | undefined;
  /** The whole screen is handed over instead of a pane. */
  readonly full?: boolean | undefined;
}

/** What the operator can change while it runs; kept in the state file where it says so. */
export interface Settings {
  readonly readOnly: boolean;
  readonly theme: string;
  /** How times are written: how long ago, on this host's clock, in UTC. */
  readonly times: 'age' | 'local' | 'utc';
  /** All columns there are room for or not: the table scrolls sideways. */
  readonly wide: boolean;
  /** Which columns each list shows and what it is sorted by, where the operator has said so. Kept. */
  readonly views?: Readonly<Partial<Record<ViewKind, ViewSettings>>> | undefined;
}

export interface ViewSettings {
  /** Ids, in order; absent: as api/core/view-columns.ts has them. */
  readonly columns?: readonly string[] | undefined;
  readonly sort?: { readonly column: string; readonly descending: boolean } | undefined;
}

/** What a page knows of the world when it answers an event. */
export interface PageContext {
  readonly now: Millis;
  /** What the operator calls the cluster. */
  readonly cluster: string;
  /** Of the page's own canvas. */
  readonly size: Size;
  readonly settings: Settings;
  /** The newest that is known; absent before the first answer. */
  readonly status?: Status | undefined;
}

export interface DrawContext extends PageContext {
  readonly theme: Theme;
  /** Milliseconds that the local clock is behind the cluster's (negative: ahead): added to `now` for ages. */
  readonly skewMs: number;
  /** Charts that need more than text; absent where the terminal cannot show them. */
  readonly charts?: Charts | undefined;
}

/** Line charts of blessed-contrib behind one wrapper (src/tui/blessed/charts.ts). */
export interface Charts {
  /**
   * Draws within the canvas, but for the title; false when it is too small or there is nothing to draw, then the page
   * draws a sparkline itself.
   */
  line(canvas: Canvas, chart: LineChart, theme: Theme): boolean;
}

export interface LineChart {
  readonly title: string;
  /** Oldest first; all of one length. */
  readonly series: readonly {
    readonly name: string;
    readonly values: readonly number[];
    readonly colour: 1 | 2 | 3 | 4;
  }[];
  /** Labels of the first and the last value: `-2m`, `now`. */
  readonly from: string;
  readonly to: string;
  readonly max?: number | undefined;
  /** How a value on the y axis is written. */
  readonly format: (value: number) => string;
}

/** The next value of a page and what is to be done. */
export interface Turn {
  readonly page: Page;
  readonly effects?: readonly Effect[] | undefined;
}

export interface Page {
  readonly kind: PageKind;
  /** In the line of breadcrumbs: `instances(web)`. */
  readonly crumb: string;
  /** Said in the frame of the page: `instances of web`. */
  readonly title: string;
  /** The filter that holds, as typed; shown behind the title. */
  readonly filter: string;
  /** Why `/` does nothing here and what to press instead; absent where there is something to filter. */
  readonly noFilter?: string | undefined;
  /** True while the page itself wants printable keys (a dialog's field): only then do bound letters not act. */
  readonly typing: boolean;
  readonly wants: readonly Want[];
  /** The actions that make sense now, in the order of the hints. */
  actions(context: PageContext): readonly ActionId[];
  /** Those of them that are not hinted at now, because all that they do is to say why not. */
  readonly quiet?: readonly ActionId[] | undefined;
  on(event: PageEvent, context: PageContext): Turn;
  draw(canvas: Canvas, context: DrawContext): void;
  /** The `skep` command that does or shows the same as the page, or as its selected row. */
  command(context: PageContext): string;
  /** The page as lines without a frame: what Ctrl-S saves and `--plain` prints. Not escaped yet. */
  lines(context: PageContext): readonly string[];
  /** Names that it knows: what `:` completes. As data, not safe to print. */
  names?(): readonly string[];
}
