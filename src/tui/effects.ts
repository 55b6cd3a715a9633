/**
 * Does what pages ask for that reaches outside of the UI: calls of the API, the clipboard, the editor, files. What comes
 * of it goes back to the page that asked. Used by run.ts.
 */
import { closeConsole } from '../api/client/console-sessions.ts';
import type { RouteInput, RouteName } from '../api/core/routes.ts';
import { errorBodyOf } from '../base/core/errors.ts';
import type { ClusterConnection } from './connection.ts';
import type { AppMessage, PageKey, ShellEffect } from './core/app-model.ts';
import type { Effect } from './core/page.ts';
import type { Terminal } from './terminal.ts';

export interface EffectsOptions {
  readonly connection: ClusterConnection;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  /** The text as it was saved in the operator's editor; undefined when it was not changed. */
  editText(text: string, suffix: string): Promise<string | undefined>;
  /** Writes a file of that name's stem in the folder of dumps; resolves with its path. */
  saveText(name: string, text: string): Promise<string>;
  /** A console over the whole screen, until it ends or is left. */
  fullConsole(open: Extract<Effect, { do: 'console' }>['open']): Promise<void>;
  send(message: AppMessage): void;
  /** To the cluster of that context. Throws when there is none, or it makes no sense. */
  switchContext(name: string): void;
  quit(): void;
}

type PageEffect = Extract<ShellEffect, { page: PageKey }>;

/** Never throws: what fails is told to the page that asked, or to the operator. */
export function runPageEffect(options: EffectsOptions, { page, effect }: PageEffect): void {
  const { send, terminal } = options;
  switch (effect.do) {
    case 'call':
      answer(options, page, effect.id, () => call(options, effect));
      return;
    case 'edit':
      answer(options, page, effect.id, () =>
        terminal.lend(() => options.editText(effect.text, effect.suffix)),
      );
      return;
    case 'save':
      options.saveText(effect.name, effect.text).then(
        (path) => {
          send({ kind: 'answer', page, id: effect.id, value: path });
          send({ kind: 'flash', level: 'info', text: `saved as ${path}` });
        },
        (error: unknown) => failed(send, error),
      );
      return;
    case 'console':
      options.fullConsole(effect.open).catch((error: unknown) => failed(send, error));
      return;
    case 'copy': {
      const sent = terminal.copy(effect.text);
      // Whether the terminal took it, nobody can know.
      const text = sent
        ? `sent to your terminal's clipboard: ${effect.what}`
        : 'too long for a clipboard: save it';
      send({ kind: 'flash', level: sent ? 'info' : 'warn', text });
      return;
    }
    case 'endConsole':
      answer(options, page, effect.id, () =>
        closeConsole({ client: options.connection.client, signal: options.signal }, effect.session),
      );
      return;
    case 'context':
      try {
        options.switchContext(effect.name);
      } catch (error) {
        failed(send, error);
      }
      return;
    case 'suspend':
      terminal.suspend();
      return;
    case 'quit':
      options.quit();
      return;
  }
}

function call(
  { connection, signal }: EffectsOptions,
  { route, input }: Extract<Effect, { do: 'call' }>,
): Promise<unknown> {
  // The page made the input with the route's own type: core/page.ts `call`.
  return connection.client.call(route, input as RouteInput<RouteName>, { signal });
}

function answer(options: EffectsOptions, page: PageKey, id: string, work: () => Promise<unknown>): void {
  work().then(
    (value) => options.send({ kind: 'answer', page, id, value }),
    (error: unknown) => options.send({ kind: 'failed', page, id, error: errorBodyOf(error) }),
  );
}

function failed(send: EffectsOptions['send'], error: unknown): void {
  const { message, hint } = errorBodyOf(error);
  send({ kind: 'flash', level: 'error', text: message, hint });
}
