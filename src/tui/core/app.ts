/**
 * How the terminal UI changes: message in, next model and effects out. Keys go to the dialog on top, else to the
 * prompt, else through the keymap to the page; what a page asks for is done here or handed to the shell.
 */

import { type ActionId, actions } from './actions.ts';
import { bodyOf } from './app-layout.ts';
import {
  type AppMessage,
  type AppModel,
  type AppParts,
  type AppStep,
  type Entry,
  flashed,
  type PageKey,
  type PageWant,
  pageOf,
  type ShellEffect,
  stackMax,
  topOf,
} from './app-model.ts';
import { clampWorkspace } from './app-panes.ts';
import { type PromptTurn, promptKey, promptPaste, startPrompt } from './app-prompt.ts';
import type { Key } from './key.ts';
import type { Effect, Page, PageContext, PageEvent, Settings } from './page.ts';
import {
  emptyWorkspace,
  focusSession,
  openPane,
  workspaceKey,
  workspacePaste,
  workspaceTick,
} from './workspace.ts';

/** How long a flash stays; errors stay until a key is pressed. */
const flashMs = 6_000;

/** @param prefix the key before each of the panes' own keys */
export function startApp(
  start: Pick<AppModel, 'now' | 'size' | 'settings' | 'context' | 'connection' | 'commandHistory'> &
    Partial<Pick<AppModel, 'contexts' | 'messages'>>,
  home: Page,
  prefix: string = emptyWorkspace.prefix,
): AppModel {
  return {
    contexts: [],
    messages: [],
    ...start,
    skewMs: 0,
    stack: [{ key: 'p0', page: home }],
    forward: [],
    dialogs: [],
    workspace: { ...emptyWorkspace, prefix },
    inPanes: false,
    nextKey: 1,
  };
}

/** What is to be fed now: by the page that is seen and the dialogs over it. */
export function wantsOf(model: AppModel): readonly PageWant[] {
  return [pageOf(model), ...model.dialogs].flatMap(({ key, page }) =>
    page.wants.map((want) => ({ page: key, want })),
  );
}

export function contextOf(model: AppModel): PageContext {
  const { now, settings, status, size, context: cluster } = model;
  const { columns, rows } = bodyOf(size);
  return { now, cluster, settings, size: { columns, rows }, ...(status === undefined ? {} : { status }) };
}

/** The next model. Pure: the same message on the same model does the same. */
export function updateApp(model: AppModel, message: AppMessage, parts: AppParts): AppStep {
  switch (message.kind) {
    case 'key':
      return keyPressed(model, message.key, parts);
    case 'paste':
      return pasted(model, message.text, parts);
    case 'resize':
      return toAll({ ...model, size: message.size }, { kind: 'resized' }, parts);
    case 'data':
      return toEntry(model, message.page, { kind: 'data', want: message.want, data: message.data }, parts);
    case 'answer':
      return toEntry(model, message.page, { kind: 'answer', id: message.id, value: message.value }, parts);
    case 'failed':
      return toEntry(model, message.page, { kind: 'failed', id: message.id, error: message.error }, parts);
    case 'status':
      return { model: { ...model, status: message.status, skewMs: message.skewMs }, effects: [] };
    case 'connection':
      return { model: { ...model, connection: message.connection }, effects: [] };
    case 'flash':
      return { model: flashed(model, message.level, message.text, message.hint), effects: [] };
    case 'paneGone':
      return { model: clampWorkspace(model, message.pane), effects: [] };
    case 'tick':
      return ticked({ ...model, now: message.now }, parts);
  }
}

function ticked(model: AppModel, parts: AppParts): AppStep {
  const { flash } = model;
  const over = flash !== undefined && flash.level !== 'error' && model.now - flash.at >= flashMs;
  const workspace = workspaceTick(model.workspace, model.now);
  const next = { ...model, workspace, ...(over ? { flash: undefined } : {}) };
  return toEntry(next, topOf(next).key, { kind: 'tick' }, parts);
}

function pasted(model: AppModel, text: string, parts: AppParts): AppStep {
  if (model.inPanes) {
    const turn = workspacePaste(model.workspace, text);
    return {
      model: { ...model, workspace: turn.workspace },
      effects: turn.effects.map((pane) => ({ pane })),
    };
  }
  if (model.prompt !== undefined) return prompted(promptPaste(model, text, parts), parts);
  return toEntry(model, topOf(model).key, { kind: 'paste', text }, parts);
}

function keyPressed(model: AppModel, key: Key, parts: AppParts): AppStep {
  const seen = model.flash?.level === 'error' ? { ...model, flash: undefined } : model;
  if (model.inPanes) return paneKey(seen, key, parts);
  if (seen.prompt !== undefined) return prompted(promptKey(seen, key, parts), parts);
  const { key: page, page: top } = topOf(seen);
  const action = parts.actionOf(top.kind, key.name);
  if (action !== undefined && !(top.typing && key.text !== '')) {
    const step = doAction(seen, action, parts);
    if (step !== undefined) return step;
  }
  return toEntry(seen, page, { kind: 'key', key }, parts);
}

function prompted({ model, filter, command }: PromptTurn, parts: AppParts): AppStep {
  const { key } = pageOf(model);
  if (filter !== undefined) return toEntry(model, key, { kind: 'filter', text: filter }, parts);
  if (command === undefined) return { model, effects: [] };
  return runEffects(model, key, parts.runCommand(command, model), parts);
}

function paneKey(model: AppModel, key: Key, parts: AppParts): AppStep {
  const turn = workspaceKey(model.workspace, key, parts.screens);
  const next: AppModel = {
    ...model,
    workspace: turn.workspace,
    inPanes: turn.leave !== true && turn.workspace.panes.length > 0,
  };
  const effects = turn.effects.map((pane): ShellEffect => ({ pane }));
  return { model: next, effects };
}

/** Undefined when it means nothing on this page now. */
export function doAction(model: AppModel, action: ActionId, parts: AppParts): AppStep | undefined {
  const { key, page } = topOf(model);
  if (actions[action].changes && model.settings.readOnly)
    return {
      model: flashed(model, 'warn', 'read-only mode: nothing is changed', '":ro" switches it off'),
      effects: [],
    };
  if (page.actions(contextOf(model)).includes(action))
    return toEntry(model, key, { kind: 'action', action }, parts);
  return globalAction(model, action, parts);
}

function globalAction(model: AppModel, action: ActionId, parts: AppParts): AppStep | undefined {
  const only = (next: AppModel): AppStep => ({ model: next, effects: [] });
  const inDialog = model.dialogs.length > 0;
  switch (action) {
    case 'quit':
      // Ctrl-C in a dialog means the dialog.
      if (inDialog) return toEntry(model, topOf(model).key, { kind: 'action', action: 'escape' }, parts);
      return { model, effects: [{ page: pageOf(model).key, effect: { do: 'quit' } }] };
    case 'suspend':
      return { model, effects: [{ page: pageOf(model).key, effect: { do: 'suspend' } }] };
    case 'redraw':
    case 'refresh':
      return { model, effects: [{ app: action }] };
    case 'escape':
      return toEntry(model, topOf(model).key, { kind: 'action', action }, parts);
    case 'showCommand':
      return copyCommand(model);
    default:
      return inDialog ? undefined : pageAction(model, action, parts, only);
  }
}

function pageAction(
  model: AppModel,
  action: ActionId,
  parts: AppParts,
  only: (next: AppModel) => AppStep,
): AppStep | undefined {
  const { page } = pageOf(model);
  switch (action) {
    case 'filter':
      if (page.noFilter !== undefined)
        return only(flashed(model, 'info', 'nothing here to filter', page.noFilter));
      return only(startPrompt(model, action));
    case 'command':
      return only(startPrompt(model, action));
    case 'help':
      return shown(pushed(model, parts.helpPage(model)), parts);
    case 'messages':
      return shown(pushed(model, parts.messagesPage(model)), parts);
    case 'back':
    case 'historyBack':
      return shown(gone(model), parts);
    case 'historyForward':
      return shown(forwarded(model), parts);
    case 'lastPage':
      return shown(model.forward.length > 0 ? forwarded(model) : gone(model), parts);
    case 'times':
      return only(
        withSettings(model, { times: nextOf(['age', 'local', 'utc'] as const, model.settings.times) }),
      );
    case 'readOnly':
      return only(switchReadOnly(model));
    case 'panes':
      return only(enterPanes(model));
    case 'showCommand': {
      const text = page.command(contextOf(model));
      const effects: ShellEffect[] = [{ page: pageOf(model).key, effect: { do: 'copy', text, what: text } }];
      return text === '' ? only(flashed(model, 'warn', 'no command does this')) : { model, effects };
    }
    case 'save': {
      const text = `${page.lines(contextOf(model)).join('\n')}\n`;
      return {
        model,
        effects: [{ page: pageOf(model).key, effect: { do: 'save', id: 'save', name: page.crumb, text } }],
      };
    }
    default:
      return undefined;
  }
}

function copyCommand(model: AppModel): AppStep {
  const { key, page } = topOf(model);
  const text = page.command(contextOf(model));
  if (text === '') return { model: flashed(model, 'warn', 'no command does this'), effects: [] };
  return { model, effects: [{ page: key, effect: { do: 'copy', text, what: text } }] };
}

const nextOf = <T>(all: readonly T[], one: T): T => all[(all.indexOf(one) + 1) % all.length] ?? one;

function withSettings(model: AppModel, change: Partial<Settings>): AppModel {
  return { ...model, settings: { ...model.settings, ...change } };
}

function switchReadOnly(model: AppModel): AppModel {
  const readOnly = !model.settings.readOnly;
  const text = readOnly ? 'read-only: nothing can be changed from here' : 'read-only mode is off';
  return flashed(withSettings(model, { readOnly }), 'info', text);
}

function enterPanes(model: AppModel): AppModel {
  if (model.workspace.panes.length > 0) return { ...model, inPanes: true };
  return flashed(model, 'info', 'no console is open', 's on an instance opens a shell');
}

// Pages on the stack.

/** A page that is opened again while it is seen takes its own place: Escape is to lead somewhere else. */
function pushed(model: AppModel, page: Page): AppModel {
  const entry: Entry = { key: `p${model.nextKey}`, page };
  const { kind, crumb } = pageOf(model).page;
  const isAgain = kind === page.kind && crumb === page.crumb;
  const stack = [...(isAgain ? model.stack.slice(0, -1) : model.stack), entry].slice(-stackMax);
  return { ...model, stack, forward: [], dialogs: [], nextKey: model.nextKey + 1 };
}

function gone(model: AppModel): AppModel {
  if (model.stack.length === 1)
    return flashed(model, 'info', 'this is the first page', 'Ctrl-C or ":quit" leaves');
  return {
    ...model,
    stack: model.stack.slice(0, -1),
    forward: [...model.forward, pageOf(model)],
    dialogs: [],
  };
}

function forwarded(model: AppModel): AppModel {
  const entry = model.forward.at(-1);
  if (entry === undefined) return model;
  return { ...model, stack: [...model.stack, entry], forward: model.forward.slice(0, -1), dialogs: [] };
}

function shown(model: AppModel, parts: AppParts): AppStep {
  return toEntry(model, pageOf(model).key, { kind: 'shown' }, parts);
}

// Events to pages, and what comes of them.

function toAll(model: AppModel, event: PageEvent, parts: AppParts): AppStep {
  const keys = [pageOf(model), ...model.dialogs].map(({ key }) => key);
  return keys.reduce<AppStep>(
    (step, key) => {
      const next = toEntry(step.model, key, event, parts);
      return { model: next.model, effects: [...step.effects, ...next.effects] };
    },
    { model, effects: [] },
  );
}

/** To the page with that key, wherever it is; nothing happens when it has gone. */
function toEntry(model: AppModel, key: PageKey, event: PageEvent, parts: AppParts): AppStep {
  const entry = [...model.stack, ...model.dialogs].find((each) => each.key === key);
  if (entry === undefined) return { model, effects: [] };
  const turn = entry.page.on(event, contextOf(model));
  return runEffects(replaced(model, key, turn.page), key, turn.effects ?? [], parts);
}

function replaced(model: AppModel, key: PageKey, page: Page): AppModel {
  const swap = (entries: readonly Entry[]): readonly Entry[] =>
    entries.map((entry) => (entry.key === key && entry.page !== page ? { key, page } : entry));
  return { ...model, stack: swap(model.stack), dialogs: swap(model.dialogs) };
}

function runEffects(model: AppModel, key: PageKey, effects: readonly Effect[], parts: AppParts): AppStep {
  const out: ShellEffect[] = [];
  let next = model;
  for (const effect of effects) {
    const step = runEffect(next, key, effect, parts);
    next = step.model;
    out.push(...step.effects);
  }
  return { model: next, effects: out };
}

function runEffect(model: AppModel, key: PageKey, effect: Effect, parts: AppParts): AppStep {
  const only = (next: AppModel): AppStep => ({ model: next, effects: [] });
  switch (effect.do) {
    case 'open':
      return shown(pushed(model, effect.page), parts);
    case 'replace':
      return shown(replaced(model, key, effect.page), parts);
    case 'back':
      return shown(gone(model), parts);
    case 'dialog': {
      const entry = { key: `p${model.nextKey}`, page: effect.dialog };
      const next = { ...model, dialogs: [...model.dialogs, entry], nextKey: model.nextKey + 1 };
      return toEntry(next, entry.key, { kind: 'shown' }, parts);
    }
    case 'close':
      return closeDialog(model, key, parts);
    case 'flash':
      return only(flashed(model, effect.level, effect.text, effect.hint));
    case 'setting':
      return only(withSettings(model, effect.change));
    case 'command':
      return runEffects(model, key, parts.runCommand(effect.line, model), parts);
    case 'action': {
      return (
        doAction(model, effect.action, parts) ??
        only(flashed(model, 'warn', 'that does nothing here', '"?" lists what does'))
      );
    }
    case 'call':
      return callOrRefuse(model, key, effect, parts);
    case 'console':
      return openConsole(model, key, effect);
    case 'focusConsole': {
      const workspace = focusSession(model.workspace, effect.session, parts.screens);
      return only(workspace === undefined ? enterPanes(model) : { ...model, workspace, inPanes: true });
    }
    default:
      return { model, effects: [{ page: key, effect }] };
  }
}

function closeDialog(model: AppModel, key: PageKey, parts: AppParts): AppStep {
  const dialogs = model.dialogs.filter((entry) => entry.key !== key);
  const next = { ...model, dialogs };
  return toEntry(next, topOf(next).key, { kind: 'shown' }, parts);
}

function callOrRefuse(
  model: AppModel,
  key: PageKey,
  effect: Extract<Effect, { do: 'call' }>,
  parts: AppParts,
): AppStep {
  if (!effect.changes || !model.settings.readOnly) return { model, effects: [{ page: key, effect }] };
  const error = {
    code: 'Unauthorized' as const,
    message: 'read-only mode: nothing is changed',
    hint: '":ro" switches it off',
  };
  return toEntry(model, key, { kind: 'failed', id: effect.id, error }, parts);
}

function openConsole(model: AppModel, key: PageKey, effect: Extract<Effect, { do: 'console' }>): AppStep {
  if (effect.open.full) return { model, effects: [{ page: key, effect }] };
  return {
    model: { ...model, workspace: openPane(model.workspace, effect.open), inPanes: true },
    effects: [],
  };
}
