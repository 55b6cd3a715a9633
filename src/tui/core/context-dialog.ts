/** Asks before the UI goes to another cluster while consoles are open here. Cancel has the focus. Opened by `:ctx`. */
import { drawBox, drawButtons } from './dialogs/box.ts';
import type { Effect, Page, PageEvent, Turn } from './page.ts';
import { wrap } from './text.ts';

const labels = ['Cancel', 'Switch'] as const;

export interface ContextQuestion {
  readonly name: string;
  /** The one that is left. */
  readonly from: string;
  /** Consoles that are open here. */
  readonly consoles: number;
}

export function contextDialog(question: ContextQuestion, switches = false): Page {
  const { name } = question;
  const title = `Go to the cluster ${name}`;
  const page: Page = {
    kind: 'dialog',
    crumb: 'another cluster',
    title,
    filter: '',
    typing: true,
    wants: [],
    actions: () => ['escape'],
    on: (event) => turnOf(question, switches, event, page),
    draw(canvas, { theme }) {
      const lines = wrap(wordsOf(question), Math.min(76, canvas.columns - 8));
      const inner = drawBox(canvas, theme, { title, rows: lines.length + 2, danger: false });
      for (const [y, line] of lines.entries()) inner.text(0, y, line, theme.attr('text'));
      drawButtons(inner, lines.length + 1, labels, switches ? 1 : 0, theme);
    },
    command: () => `skep --context ${name} ui`,
    lines: () => [wordsOf(question)],
  };
  return page;
}

function wordsOf({ from, consoles }: ContextQuestion): string {
  const what =
    consoles === 1
      ? 'The console that is open here is left: its session stays'
      : `The ${consoles} consoles that are open here are left: their sessions stay`;
  return `${what} on ${from} for ten minutes, where :consoles has it again.`;
}

function turnOf(question: ContextQuestion, switches: boolean, event: PageEvent, page: Page): Turn {
  const close = (...effects: Effect[]): Turn => ({ page, effects: [{ do: 'close' }, ...effects] });
  if (event.kind === 'action') return event.action === 'escape' ? close() : { page };
  if (event.kind !== 'key') return { page };
  switch (event.key.name) {
    case 'left':
    case 'right':
    case 'tab':
    case 'shift-tab':
      return { page: contextDialog(question, !switches) };
    case 'enter':
      return switches ? close({ do: 'context', name: question.name }) : close();
    default:
      return { page };
  }
}
