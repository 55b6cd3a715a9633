/** What keys do in an action dialog: typing, moving the focus, scrolling, pressing a button. */
import { lineEditor, typeKey, typeText } from '../line-editor.ts';
import type { Effect, PageContext, PageEvent } from '../page.ts';
import { type ActionSpec, type ActionState, isOver, obstacle } from './action-spec.ts';

export interface KeyTurn {
  readonly state: ActionState;
  /** The button was pressed and nothing stands against it. */
  readonly go?: boolean;
  readonly effects?: readonly Effect[];
}

type Input = Extract<PageEvent, { kind: 'key' | 'paste' | 'action' }>;

export function keyInAction(
  spec: ActionSpec,
  state: ActionState,
  event: Input,
  _context: PageContext,
): KeyTurn {
  if (event.kind === 'action') return event.action === 'escape' ? leave(state) : { state };
  if (event.kind === 'paste')
    return { state: typed(spec, state, event.text, (editor) => typeText(editor, event.text)) };
  const { key } = event;
  const { cancel, last } = stopsOf(spec);
  switch (key.name) {
    case 'escape':
      return leave(state);
    case 'tab':
    case 'down':
      return { state: { ...state, focus: (state.focus + 1) % (last + 1) } };
    case 'shift-tab':
    case 'up':
      return { state: { ...state, focus: (state.focus + last) % (last + 1) } };
    case 'pagedown':
      return { state: { ...state, scroll: state.scroll + 5 } };
    case 'pageup':
      return { state: { ...state, scroll: Math.max(0, state.scroll - 5) } };
    case 'enter':
      return entered(spec, state);
    default:
      break;
  }
  if (state.focus >= cancel) {
    const sideways = key.name === 'left' || key.name === 'right';
    return sideways ? { state: { ...state, focus: state.focus === cancel ? last : cancel } } : { state };
  }
  return { state: typed(spec, state, key.text, (editor) => typeKey(editor, key)) };
}

/** Places of the focus: Cancel and the button after it. */
export function stopsOf(spec: ActionSpec): { readonly cancel: number; readonly last: number } {
  const cancel = spec.fields.length + (spec.typed === undefined ? 0 : 1);
  return { cancel, last: cancel + 1 };
}

function entered(spec: ActionSpec, state: ActionState): KeyTurn {
  const { cancel, last } = stopsOf(spec);
  if (isOver(state) || state.focus === cancel) return leave(state);
  // In a field, Enter goes on to the next one; from the last of them to the button, never past it.
  if (state.focus < cancel) {
    const next = state.focus + 1;
    return { state: { ...state, focus: next === cancel ? last : next } };
  }
  const problem = obstacle(spec, state);
  if (problem !== '') return { state, effects: [{ do: 'flash', level: 'warn', text: problem }] };
  return state.work === undefined ? { state, go: true } : { state };
}

function leave(state: ActionState): KeyTurn {
  const running = state.work !== undefined && !isOver(state);
  const effects: Effect[] = [{ do: 'close' }];
  if (running)
    effects.push({
      do: 'flash',
      level: 'warn',
      text: 'what was begun goes on; what was not is left as it is',
    });
  return { state, effects };
}

type Edit = (editor: ActionState['typed']) => ActionState['typed'] | undefined;

/** @param text what is added: '' for a key that moves or removes, after which a field is no longer fresh either */
function typed(spec: ActionSpec, state: ActionState, text: string, edit: Edit): ActionState {
  if (state.work !== undefined) return state;
  const field = spec.fields[state.focus];
  if (field === undefined) {
    const isTyped = spec.typed !== undefined && state.focus === spec.fields.length;
    return isTyped ? { ...state, typed: edit(state.typed) ?? state.typed } : state;
  }
  const { id } = field;
  const isReplaced = text !== '' && state.fresh.includes(id);
  const editor = isReplaced ? lineEditor() : state.editors[id];
  const next = editor === undefined ? undefined : edit(editor);
  if (next === undefined) return state;
  const fresh = state.fresh.filter((other) => other !== id);
  return { ...state, fresh, editors: { ...state.editors, [id]: next } };
}
