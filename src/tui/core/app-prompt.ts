/** The prompt at the foot of the screen: a command after `:`, a filter after `/`. Used by app.ts. */
import { type AppModel, type AppParts, type Prompt, pageOf } from './app-model.ts';
import type { Key } from './key.ts';
import { type LineEditor, lineEditor, typeKey, typeText } from './line-editor.ts';

const historyMax = 200;

/** What a key makes of the prompt, and what the page is to be asked then. */
export interface PromptTurn {
  readonly model: AppModel;
  /** The filter that holds from now on. */
  readonly filter?: string;
  /** A line to be run. */
  readonly command?: string;
}

export function startPrompt(model: AppModel, kind: Prompt['kind'], text?: string): AppModel {
  const before = pageOf(model).page.filter;
  const editor =
    kind === 'command' ? lineEditor(text ?? '', model.commandHistory) : lineEditor(text ?? before);
  return { ...model, prompt: { kind, editor, before, completions: [], completion: -1, ghost: '' } };
}

export function promptKey(model: AppModel, key: Key, parts: AppParts): PromptTurn {
  const { prompt } = model;
  if (prompt === undefined) return { model };
  switch (key.name) {
    case 'escape':
    case 'ctrl-c':
      return closed(model, prompt);
    case 'enter':
      return entered(model, prompt);
    case 'tab':
    case 'shift-tab':
      return { model: completed(model, prompt, parts, key.name === 'tab' ? 1 : -1) };
    default: {
      if (prompt.ghost !== '' && ['right', 'end', 'ctrl-e', 'ctrl-f'].includes(key.name))
        return { model: taken(model, prompt) };
      if (key.name === 'backspace' && prompt.editor.text === '') return closed(model, prompt);
      const editor = typeKey(prompt.editor, key);
      return editor === undefined ? { model } : edited(model, prompt, editor, parts);
    }
  }
}

export function promptPaste(model: AppModel, text: string, parts: AppParts): PromptTurn {
  const { prompt } = model;
  if (prompt === undefined) return { model };
  return edited(model, prompt, typeText(prompt.editor, text), parts);
}

/** A filter holds while it is typed. */
function edited(model: AppModel, prompt: Prompt, editor: LineEditor, parts: AppParts): PromptTurn {
  const ghost = prompt.kind === 'command' ? ghostOf(editor, model, parts) : '';
  const next = { ...model, prompt: { ...prompt, editor, completions: [], completion: -1, ghost } };
  if (prompt.kind === 'command' || editor.text === prompt.editor.text) return { model: next };
  return { model: next, filter: editor.text };
}

/** What would follow the cursor if the likeliest completion were taken; only at the end of the line. */
function ghostOf(editor: LineEditor, model: AppModel, parts: AppParts): string {
  if (editor.text === '' || !isAtEnd(editor)) return '';
  const likely = parts.completeCommand(editor.text, model).find((line) => line.startsWith(editor.text));
  return likely === undefined ? '' : likely.slice(editor.text.length);
}

const isAtEnd = (editor: LineEditor): boolean => editor.cursor === lineEditor(editor.text).cursor;

/** The ghost becomes text. */
function taken(model: AppModel, prompt: Prompt): AppModel {
  const { history } = prompt.editor;
  const editor = lineEditor(prompt.editor.text + prompt.ghost, history);
  return { ...model, prompt: { ...prompt, editor, completions: [], completion: -1, ghost: '' } };
}

function closed(model: AppModel, prompt: Prompt): PromptTurn {
  const next = { ...model, prompt: undefined };
  if (prompt.kind === 'command' || prompt.editor.text === prompt.before) return { model: next };
  return { model: next, filter: prompt.before };
}

function entered(model: AppModel, prompt: Prompt): PromptTurn {
  const text = prompt.editor.text.trim();
  const next = { ...model, prompt: undefined };
  if (prompt.kind === 'filter') return { model: next, filter: prompt.editor.text };
  if (text === '') return { model: next };
  const history = [...model.commandHistory.filter((line) => line !== text), text].slice(-historyMax);
  return { model: { ...next, commandHistory: history }, command: text };
}

/** Tab goes through what the typed text could become. */
function completed(model: AppModel, prompt: Prompt, parts: AppParts, step: number): AppModel {
  if (prompt.kind === 'filter') return model;
  const fresh = prompt.completions.length === 0;
  const completions = fresh ? parts.completeCommand(prompt.editor.text, model) : prompt.completions;
  if (completions.length === 0) return model;
  const from = fresh && step < 0 ? 0 : prompt.completion;
  const completion = (from + step + completions.length) % completions.length;
  const editor = { ...lineEditor(completions[completion] ?? '', prompt.editor.history) };
  return { ...model, prompt: { ...prompt, editor, completions, completion, ghost: '' } };
}
