/**
 * Puts the table of pages together: each factory is given the table itself, so that any page can lead to any other.
 * The composition of the terminal UI (src/tui/app.ts) and the golden tests call it once.
 */

import type { CompileLinear } from '../../api/core/expression.ts';
import { consolesPage } from './consoles-page.ts';
import { cellPage } from './details/cell-page.ts';
import { describePage, rawPage, whyPage } from './details/describe-page.ts';
import { drainPage } from './details/drain-page.ts';
import { instancePage } from './details/instance-page.ts';
import { pulsesPage } from './details/pulses-page.ts';
import { taskPage } from './details/task-page.ts';
import { treePage } from './details/tree-page.ts';
import { cordonDialog, uncordonDialog } from './dialogs/cordon-dialog.ts';
import { deleteDialog } from './dialogs/delete-dialog.ts';
import { drainDialog } from './dialogs/drain-dialog.ts';
import { editDialog, type Yaml } from './dialogs/edit-dialog.ts';
import { restartDialog } from './dialogs/restart-dialog.ts';
import { scaleDialog } from './dialogs/scale-dialog.ts';
import { stopDialog } from './dialogs/stop-dialog.ts';
import { logsPage } from './logs-page.ts';
import { brainPage } from './pages/brain-page.ts';
import type { PageFactories } from './pages.ts';
import { subjectName } from './subject.ts';
import { viewPage } from './view-page.ts';

export interface PageParts {
  /** YAML for the editor and the raw pages: a core imports no package for it. */
  readonly yaml: Yaml;
  /** For the expressions that logs are filtered by. */
  readonly linear?: (() => CompileLinear | undefined) | undefined;
}

export function allPages({ yaml, linear }: PageParts): PageFactories {
  const pages: PageFactories = {
    list: (request) => viewPage(request, pages),
    events: (subject) =>
      viewPage(
        { kind: 'events', ...(subject === undefined ? {} : { scope: { subject: subjectName(subject) } }) },
        pages,
      ),
    brain: brainPage,
    pulses: () => pulsesPage(pages),
    cell: (id) => cellPage(id, pages),
    instance: (subject) => instancePage(subject, pages),
    task: (guid) => taskPage(guid, pages),
    describe: (subject) => describePage(subject, pages),
    raw: (subject) => rawPage(subject, yaml),
    tree: (subject) => treePage(subject, pages),
    why: whyPage,
    drainProgress: (cell) => drainPage(cell, pages),
    logs: (request) => logsPage(request, linear),
    consoles: consolesPage,
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
