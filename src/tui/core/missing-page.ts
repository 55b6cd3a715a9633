/**
 * Stands in the table of pages for one that is not built: says which it is and takes Escape. all-pages.ts is its only
 * user; it goes with the last entry there.
 */
import type { Page } from './page.ts';

export function missingPage(name: string): Page {
  const said = `${name}: this page is not built yet; Esc goes back`;
  const page: Page = {
    kind: 'dialog',
    crumb: name,
    title: name,
    filter: '',
    typing: false,
    wants: [],
    actions: () => [],
    on: (event) => {
      const isLeft = event.kind === 'key' && ['escape', 'q', 'enter'].includes(event.key.name);
      const isEscape = event.kind === 'action' && event.action === 'escape';
      return isLeft || isEscape ? { page, effects: [{ do: 'close' }, { do: 'back' }] } : { page };
    },
    draw: (canvas, { theme }) => {
      canvas.fill({ x: 0, y: 0, columns: canvas.columns, rows: canvas.rows }, ' ', theme.attr('text'));
      canvas.text(2, 1, said, theme.attr('warn'));
    },
    command: () => '',
    lines: () => [said],
  };
  return page;
}
