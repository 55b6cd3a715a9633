/**
 * Puts the table of pages together: each factory is given the table itself, so that any page can lead to any other.
 * The composition of the terminal UI (src/tui/app.ts) and the golden tests call it once.
 */
import { cordonDialog, uncordonDialog } from './dialogs/cordon-dialog.ts';
import { deleteDialog } from './dialogs/delete-dialog.ts';
import { drainDialog } from './dialogs/drain-dialog.ts';
import { editDialog, type Yaml } from './dialogs/edit-dialog.ts';
import { restartDialog } from './dialogs/restart-dialog.ts';
import { scaleDialog } from './dialogs/scale-dialog.ts';
import { stopDialog } from './dialogs/stop-dialog.ts';
import { missingPage } from './missing-page.ts';
import { brainPage } from './pages/brain-page.ts';
import type { PageFactories } from './pages.ts';
import { subjectName } from './subject.ts';
import { viewPage } from './view-page.ts';

export interface PageParts {
  /** YAML for the editor and the raw pages: a core imports no package for it. */
  readonly yaml: Yaml;
}

export function allPages({ yaml }: PageParts): PageFactories {
  const pages: PageFactories = {
    list: (request) => viewPage(request, pages),
    events: (subject) =>
      viewPage(
        { kind: 'events', ...(subject === undefined ? {} : { scope: { subject: subjectName(subject) } }) },
        pages,
      ),
    brain: brainPage,
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
    scaleDialog,
    restartDialog,
    stopDialog,
    deleteDialog,
    drainDialog,
    cordonDialog,
    uncordonDialog,
    editDialog: (target) => editDialog(target, yaml),
  };
  return pages;
}
