/**
 * The whole terminal UI as a value: the stack of pages, dialogs over them, the prompt, the console panes, what is known
 * of the cluster. app.ts says how it changes, app-draw.ts how it looks.
 */
import type { Status } from '../../api/core/routes.ts';
import type { ErrorBody } from '../../base/core/errors.ts';
import type { Millis } from '../../model/ids.ts';
import type { ActionId } from './actions.ts';
import type { Key, Size } from './key.ts';
import type { LineEditor } from './line-editor.ts';
import type { Data, Effect, FlashLevel, Page, Settings, Want } from './page.ts';
import type { PageKind } from './page-kind.ts';
import type { PaneId, PaneScreens, Workspace, WorkspaceEffect } from './workspace.ts';

export type PageKey = string;

export interface Entry {
  readonly key: PageKey;
  readonly page: Page;
}

/** A message that was shown; kept, so that an error can be read at leisure. */
export interface Message {
  readonly at: Millis;
  readonly level: FlashLevel;
  readonly text: string;
  readonly hint?: string | undefined;
}

export interface Connection {
  /** The server that is spoken to: its name when it is known, else its address. */
  readonly server: string;
  readonly state: 'connecting' | 'connected' | 'lost';
  readonly since: Millis;
  /** Why it is not connected, or why what the server shows may be old; '' when all is well. */
  readonly reason: string;
}

export interface Prompt {
  readonly kind: 'command' | 'filter';
  readonly editor: LineEditor;
  /** The filter that held before, for Escape. */
  readonly before: string;
  /** What Tab goes through, and which of it is shown. */
  readonly completions: readonly string[];
  readonly completion: number;
  /** What Right would add to a command: the rest of the first completion. */
  readonly ghost: string;
}

export interface AppModel {
  readonly now: Millis;
  readonly size: Size;
  readonly settings: Settings;
  /** Name of the cluster's context, as the operator calls it. */
  readonly context: string;
  /** The contexts that there are. */
  readonly contexts: readonly string[];
  readonly connection: Connection;
  readonly status?: Status | undefined;
  /** The local clock is behind the cluster's by this. */
  readonly skewMs: number;
  /** Never empty; the last is seen. */
  readonly stack: readonly Entry[];
  /** Pages that were gone back from, nearest last. */
  readonly forward: readonly Entry[];
  /** Over the page; the last has the keys. */
  readonly dialogs: readonly Entry[];
  readonly prompt?: Prompt | undefined;
  readonly commandHistory: readonly string[];
  readonly flash?: Message | undefined;
  readonly messages: readonly Message[];
  readonly workspace: Workspace;
  /** The panes have the screen. */
  readonly inPanes: boolean;
  readonly nextKey: number;
}

export type AppMessage =
  | { readonly kind: 'key'; readonly key: Key }
  | { readonly kind: 'paste'; readonly text: string }
  | { readonly kind: 'resize'; readonly size: Size }
  | { readonly kind: 'data'; readonly page: PageKey; readonly want: string; readonly data: Data }
  | { readonly kind: 'answer'; readonly page: PageKey; readonly id: string; readonly value: unknown }
  | { readonly kind: 'failed'; readonly page: PageKey; readonly id: string; readonly error: ErrorBody }
  | { readonly kind: 'status'; readonly status: Status; readonly skewMs: number }
  | { readonly kind: 'connection'; readonly connection: Connection }
  | {
      readonly kind: 'flash';
      readonly level: FlashLevel;
      readonly text: string;
      readonly hint?: string | undefined;
    }
  /** A pane's session ended for good: the pane goes when the operator has seen why. */
  | { readonly kind: 'paneGone'; readonly pane: PaneId }
  /** Once a second. */
  | { readonly kind: 'tick'; readonly now: Millis };

/** Effects that the shell performs; the others are done in app.ts. */
export type ShellEffect =
  | {
      readonly page: PageKey;
      readonly effect: Extract<
        Effect,
        { do: 'call' | 'copy' | 'edit' | 'save' | 'suspend' | 'quit' | 'console' | 'endConsole' | 'context' }
      >;
    }
  | { readonly pane: WorkspaceEffect }
  /** Every feed is begun again, or the screen drawn from nothing. */
  | { readonly app: 'refresh' | 'redraw' };

export interface AppStep {
  readonly model: AppModel;
  readonly effects: readonly ShellEffect[];
}

/** What app.ts needs of the pages and of the operator's configuration. */
export interface AppParts {
  actionOf(page: PageKind, key: string): ActionId | undefined;
  keysOf(action: ActionId): readonly string[];
  /** What a command line does; a flash with the reason when it makes no sense. */
  runCommand(line: string, model: AppModel): readonly Effect[];
  /** Whole lines that the typed one could become. */
  completeCommand(line: string, model: AppModel): readonly string[];
  helpPage(model: AppModel): Page;
  messagesPage(model: AppModel): Page;
  readonly screens: PaneScreens;
}

export interface PageWant {
  readonly page: PageKey;
  readonly want: Want;
}

export const messagesMax = 500;
export const stackMax = 50;

/** The entry that has the keys. */
export function topOf(model: AppModel): Entry {
  const entry = model.dialogs.at(-1) ?? model.stack.at(-1);
  if (entry === undefined) throw new Error('the stack of pages is empty');
  return entry;
}

/** The page that is seen, dialogs aside. */
export function pageOf(model: AppModel): Entry {
  const entry = model.stack.at(-1);
  if (entry === undefined) throw new Error('the stack of pages is empty');
  return entry;
}

/** With a message in the foot, which is kept as well. */
export function flashed(model: AppModel, level: FlashLevel, text: string, hint?: string): AppModel {
  const message = { at: model.now, level, text, hint };
  return { ...model, flash: message, messages: [...model.messages, message].slice(-messagesMax) };
}
