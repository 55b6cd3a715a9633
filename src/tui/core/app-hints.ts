/** The lines of hints: which keys do what now. What is always there stands at the right and is never pushed out. */
import { type ActionId, actions, scrolling, sorting } from './actions.ts';
import { contextOf } from './app.ts';
import { hintRowsOf } from './app-layout.ts';
import { type AppModel, type AppParts, type Prompt, topOf } from './app-model.ts';
import type { Canvas } from './frame.ts';
import { keyName } from './key-names.ts';
import { clip, widthOf } from './text.ts';
import type { Theme } from './theme.ts';

/** Nobody needs to be told of these. */
const quiet: ReadonlySet<ActionId> = new Set<ActionId>([
  ...scrolling,
  ...sorting,
  'markRange',
  'clearMarks',
  'copy',
  'copyCell',
  'escape',
  'back',
]);

const always: readonly ActionId[] = ['filter', 'command', 'help'];

interface Hint {
  readonly key: string;
  readonly text: string;
  readonly width: number;
}

const gap = 2;
/** Below this only help is always there. */
const narrowColumns = 70;

/** Bound keys of the page or the dialog on top, as many as there is room for, most useful first. */
export function drawHints(
  model: AppModel,
  canvas: Canvas,
  { theme, keysOf }: { readonly theme: Theme; readonly keysOf: AppParts['keysOf'] },
): void {
  const rows = hintRowsOf(model.size);
  if (model.prompt !== undefined) {
    drawPromptHints(model.prompt, canvas, canvas.rows - 1 - rows, theme);
    return;
  }
  const { page } = topOf(model);
  const isDialog = model.dialogs.length > 0;
  const hint = (id: ActionId): readonly Hint[] => {
    const key = keysOf(id)[0];
    const isHere = actions[id].pages?.includes(page.kind) ?? true;
    if (key === undefined || !isHere || quiet.has(id) || (actions[id].changes && model.settings.readOnly))
      return [];
    const [shown, text] = [keyName(key), actions[id].hint];
    return [{ key: shown, text, width: widthOf(shown) + 1 + widthOf(text) }];
  };
  const ends = isDialog
    ? []
    : (canvas.columns < narrowColumns ? always.slice(-1) : always)
        .filter((id) => id !== 'filter' || page.noFilter === undefined)
        .flatMap(hint);
  const reserved = ends.reduce((sum, { width }) => sum + width + gap, 0);
  const first = canvas.rows - 1 - rows;
  drawLine(canvas, ends, Math.max(1, canvas.columns - reserved), first, theme);
  let y = first;
  let rest: readonly Hint[] = page
    .actions(contextOf(model))
    .filter((id) => !always.includes(id) && page.quiet?.includes(id) !== true)
    .flatMap(hint);
  for (let row = 0; row < rows; row += 1, y += 1) {
    const room = canvas.columns - gap - (row === 0 ? reserved : 0);
    rest = rest.slice(drawLine(canvas, rest, 1, y, theme, room));
  }
}

/** How many of them found room before column `to`. */
function drawLine(
  canvas: Canvas,
  hints: readonly Hint[],
  from: number,
  y: number,
  theme: Theme,
  to = canvas.columns,
): number {
  let x = from;
  for (const [at, { key, text, width }] of hints.entries()) {
    if (x + width > to) return at;
    x = canvas.text(x, y, key, theme.attr('key'));
    x = canvas.text(x, y, ` ${text}`, theme.attr('hint')) + gap;
  }
  return hints.length;
}

const commandHelp = 'Tab completes, Right takes what is suggested, Up brings earlier lines';
const filterHelp = 'text  !not  -f fuzzy  -l label=value  column:text  column:>3  joined by " & "';

/** What the prompt can do; once Tab was pressed, what it goes through. */
function drawPromptHints(prompt: Prompt, canvas: Canvas, y: number, theme: Theme): void {
  const { completions, completion, kind } = prompt;
  if (completions.length === 0) {
    const text = kind === 'filter' ? filterHelp : commandHelp;
    canvas.text(1, y, clip(text, canvas.columns - 2, theme.glyphs.more), theme.attr('hint'));
    return;
  }
  let x = 1;
  // The current one is always seen: the list begins a little before it.
  const first = Math.max(0, completion - 2);
  for (const [at, line] of completions.slice(first).entries()) {
    const word = line.slice(line.lastIndexOf(' ') + 1);
    if (x + widthOf(word) >= canvas.columns) return;
    const role = first + at === completion ? 'buttonFocused' : 'hint';
    x = canvas.text(x, y, word, theme.attr(role)) + gap;
  }
}
