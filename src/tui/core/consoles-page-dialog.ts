/** Asks before a console session and what runs in it are ended. Cancel has the focus. Opened by consoles-page.ts. */
import { type ConsoleInfo, cellOfConsole } from '../../api/core/console-shapes.ts';
import { drawBox, drawButtons } from './dialogs/box.ts';
import type { Canvas } from './frame.ts';
import type { Effect, Page, PageEvent, Turn } from './page.ts';
import { wrap } from './text.ts';
import type { Theme } from './theme.ts';

type Phase = 'cancel' | 'end' | 'ending';

const labels = ['Cancel', 'End it'] as const;

export function endConsoleDialog(info: ConsoleInfo, phase: Phase = 'cancel'): Page {
  const { session, target } = info;
  const page: Page = {
    kind: 'dialog',
    crumb: 'end a session',
    title: `End the session of ${target}`,
    filter: '',
    typing: true,
    wants: [],
    actions: () => ['escape'],
    on: (event) => turnOf(info, phase, event, page),
    draw: (canvas, { theme }) => draw(info, phase, canvas, theme),
    command: () => `skep console close ${session}`,
    lines: () => [wordsOf(info)],
  };
  return page;
}

function wordsOf({ session, clients }: ConsoleInfo): string {
  const looking = clients === 0 ? 'Nobody looks at it.' : `${clients} look at it, and are told who ended it.`;
  return `The session on ${cellOfConsole(session)} and what runs in it get SIGHUP, then SIGKILL. ${looking}`;
}

function draw(info: ConsoleInfo, phase: Phase, canvas: Canvas, theme: Theme): void {
  const lines = wrap(wordsOf(info), Math.min(76, canvas.columns - 8));
  const title = `End the session of ${info.target}`;
  const inner = drawBox(canvas, theme, { title, rows: lines.length + 2, danger: true });
  for (const [y, line] of lines.entries()) inner.text(0, y, line, theme.attr('text'));
  const y = lines.length + 1;
  if (phase === 'ending') inner.text(0, y, 'waiting for the cell…', theme.attr('warn'));
  else drawButtons(inner, y, labels, phase === 'cancel' ? 0 : 1, theme);
}

function turnOf(info: ConsoleInfo, phase: Phase, event: PageEvent, page: Page): Turn {
  const close = (...effects: Effect[]): Turn => ({ page, effects: [{ do: 'close' }, ...effects] });
  switch (event.kind) {
    case 'action':
      return event.action === 'escape' ? close() : { page };
    case 'answer':
      return close({ do: 'flash', level: 'info', text: `the session of ${info.target} has ended` });
    case 'failed': {
      const { message, hint } = event.error;
      return close({ do: 'flash', level: 'error', text: message, hint });
    }
    case 'key':
      return phase === 'ending' ? { page } : keyed(info, phase, event.key.name, page);
    default:
      return { page };
  }
}

function keyed(info: ConsoleInfo, phase: 'cancel' | 'end', key: string, page: Page): Turn {
  switch (key) {
    case 'left':
    case 'right':
    case 'tab':
    case 'shift-tab':
      return { page: endConsoleDialog(info, phase === 'end' ? 'cancel' : 'end') };
    case 'enter':
      if (phase === 'cancel') return { page, effects: [{ do: 'close' }] };
      return {
        page: endConsoleDialog(info, 'ending'),
        effects: [{ do: 'endConsole', id: 'end', session: info.session }],
      };
    default:
      return { page };
  }
}
