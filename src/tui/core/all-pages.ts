/**
 * Puts the table of pages together: each factory is given the table itself, so that any page can lead to any other.
 * The composition of the terminal UI (src/tui/app.ts) and the golden tests call it once.
 */
import { missingPage } from './missing-page.ts';
import type { PageFactories } from './pages.ts';

export function allPages(): PageFactories {
  const pages: PageFactories = {
    list: () => missingPage('list'),
    events: () => missingPage('events'),
    brain: () => missingPage('brain'),
    pulses: () => missingPage('pulses'),
    cell: () => missingPage('cell'),
    instance: () => missingPage('instance'),
    task: () => missingPage('task'),
    describe: () => missingPage('describe'),
    raw: () => missingPage('raw'),
    tree: () => missingPage('tree'),
    why: () => missingPage('why'),
    drainProgress: () => missingPage('drain'),
    logs: () => missingPage('logs'),
    consoles: () => missingPage('consoles'),
    scaleDialog: () => missingPage('scale'),
    restartDialog: () => missingPage('restart'),
    stopDialog: () => missingPage('stop'),
    deleteDialog: () => missingPage('delete'),
    drainDialog: () => missingPage('drain'),
    cordonDialog: () => missingPage('cordon'),
    uncordonDialog: () => missingPage('uncordon'),
    editDialog: () => missingPage('edit'),
  };
  return pages;
}
