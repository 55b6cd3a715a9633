/**
 * What the actions of a list do with its rows: pages that are opened about the row under the cursor, dialogs about all
 * that are marked. Pure; view-page.ts asks when an action is none of its own.
 */
import type { ViewRow } from '../../api/core/view-shapes.ts';
import type { ActionId } from './actions.ts';
import type { LogRequest } from './log-request.ts';
import type { Effect, Page } from './page.ts';
import { type PageFactories, pageAbout } from './pages.ts';
import { type Subject, subjectName, type Target } from './subject.ts';
import { type ListKind, pageOfSubject } from './view-kinds.ts';

export interface Chosen {
  readonly kind: ListKind;
  readonly pages: PageFactories;
  /** Under the cursor. */
  readonly row: ViewRow;
  /** What is marked; nothing marked: the row under the cursor. */
  readonly rows: readonly ViewRow[];
}

/** Lines of each instance that a logs page begins with. */
const logTail = 200;

const open = (page: Page): readonly Effect[] => [{ do: 'open', page }];
const dialog = (page: Page): readonly Effect[] => [{ do: 'dialog', dialog: page }];
const warn = (text: string, hint?: string): readonly Effect[] => [{ do: 'flash', level: 'warn', text, hint }];

/** Undefined when the action is none that rows have. */
export function rowAction(action: ActionId, chosen: Chosen): readonly Effect[] | undefined {
  const subject = chosen.kind.subjectOf(chosen.row);
  if (subject === undefined) return warn('this row leads nowhere');
  return openAction(action, subject, chosen) ?? runAction(action, subject) ?? changeAction(action, chosen);
}

function openAction(
  action: ActionId,
  subject: Subject,
  { kind, pages, row }: Chosen,
): readonly Effect[] | undefined {
  const about = pageAbout(action, subject, pages);
  if (about !== undefined) return open(about);
  switch (action) {
    case 'enter':
      return open(kind.enter(subject, pages) ?? pageOfSubject(subject, pages));
    case 'logs':
    case 'previousLogs': {
      const target = logTarget(subject);
      if (target === undefined)
        return warn('a cell has no logs here', '"journalctl -u skep" on the host has them');
      return open(pages.logs({ target, tail: logTail, previous: action === 'previousLogs' }));
    }
    case 'drainProgress':
      return open(pages.drainProgress(subjectName(subject)));
    case 'routes':
      return open(pages.list({ kind: 'routes', scope: { guid: subjectName(subject) } }));
    case 'owner':
      return subject.kind === 'instance' || subject.kind === 'lrp'
        ? open(pages.list({ kind: 'lrps', cursor: subject.guid }))
        : warn('it belongs to no LRP');
    case 'cellOf': {
      const cell = subject.kind === 'cell' ? subject.id : row.values['cell'];
      return typeof cell === 'string' && cell !== ''
        ? open(pages.cell(cell))
        : warn('it is on no cell', 'W says why');
    }
    default:
      return undefined;
  }
}

function runAction(action: ActionId, subject: Subject): readonly Effect[] | undefined {
  switch (action) {
    case 'shell':
    case 'shellFull':
    case 'attach':
      return [
        {
          do: 'console',
          open: {
            target: subjectName(subject),
            kind: action === 'attach' ? 'attach' : 'shell',
            ...(subject.kind === 'task' ? { task: true } : {}),
            ...(action === 'shellFull' ? { full: true } : {}),
          },
        },
      ];
    default:
      return undefined;
  }
}

/** What can be asked of rows that differ from each other: only dialogs act on all that are marked. */
function changeAction(action: ActionId, { kind, pages, rows }: Chosen): readonly Effect[] | undefined {
  const targets = rows.flatMap((row): Target[] => {
    const subject = kind.subjectOf(row);
    return subject === undefined ? [] : [{ subject, values: row.values }];
  });
  const [first] = targets;
  if (first === undefined) return undefined;
  switch (action) {
    case 'scale':
      return dialog(pages.scaleDialog(targets));
    case 'restart':
      return dialog(pages.restartDialog(targets));
    case 'stop':
      return dialog(pages.stopDialog(targets));
    case 'delete':
      return dialog(pages.deleteDialog(targets));
    case 'drain':
      return dialog(pages.drainDialog(targets));
    case 'cordon':
      return dialog(pages.cordonDialog(targets));
    case 'uncordon':
      return dialog(pages.uncordonDialog(targets));
    case 'edit':
      return targets.length === 1
        ? dialog(pages.editDialog(first))
        : warn('one at a time can be edited', 'M clears the marks');
    default:
      return undefined;
  }
}

function logTarget(subject: Subject): LogRequest['target'] | undefined {
  switch (subject.kind) {
    case 'cell':
      return undefined;
    case 'lrp':
      return { lrp: subject.guid };
    case 'instance':
      return { instance: subjectName(subject) };
    case 'task':
      return { task: subject.guid };
  }
}
