/**
 * Which pages there are, as functions that make them. A page that leads to another makes it through this table and
 * knows nothing else of it. all-pages.ts puts the table together; every factory that needs the others is given it.
 */
import type { ViewKind, ViewQuery } from '../../api/core/view-shapes.ts';
import type { ActionId } from './actions.ts';
import type { LogRequest } from './log-request.ts';
import type { Page } from './page.ts';
import type { InstanceSubject, Subject, Target } from './subject.ts';

/** Which rows a list begins with. */
export interface ListRequest {
  readonly kind: ViewKind;
  /** Instances of an LRP, on a cell; one subject's events. Absent: all. */
  readonly scope?: NonNullable<ViewQuery['scope']> | undefined;
  /** As typed after `/`. */
  readonly filter?: string | undefined;
  /** The row that the cursor begins on. */
  readonly cursor?: string | undefined;
}

export interface PageFactories {
  // Lists: view-page.ts and pages/, with the tables.
  list(request: ListRequest): Page;
  /** The journal, of one subject or whole. */
  events(subject?: Subject): Page;
  brain(): Page;

  // Detail pages: pages/cell-page.ts and its like.
  pulses(): Page;
  cell(id: string): Page;
  instance(subject: InstanceSubject): Page;
  task(guid: string): Page;
  /** Everything that is known about it, as text that is kept fresh. */
  describe(subject: Subject): Page;
  /** Its records as YAML, or as JSON; the action `raw` on the page switches. */
  raw(subject: Subject): Page;
  /** LRP, instances, cells; of a cell the reverse. Absent: all LRPs. */
  tree(subject?: Subject): Page;
  /** Why it does not run, or why it is where it is; of a cell: what cannot land there. */
  why(subject: Subject): Page;
  /** How far a drain has come. */
  drainProgress(cell: string): Page;

  // Logs and consoles: with the panes.
  logs(request: LogRequest): Page;
  /** The console sessions: own panes, and those of a cell or an instance. */
  consoles(subject?: Subject): Page;

  // Dialogs: pages of kind `dialog`, opened with the effect `dialog`. Targets are never empty, and all of one kind.
  /** LRPs. `amount` is what was typed after `:scale web`: `5`, `+2`, `-1`, `x2`; absent: prefilled with what is wanted now. */
  scaleDialog(targets: readonly Target[], amount?: string): Page;
  /** LRPs or instances. */
  restartDialog(targets: readonly Target[]): Page;
  /** LRPs, to no instances. */
  stopDialog(targets: readonly Target[]): Page;
  /** LRPs are removed, instances replaced, tasks cancelled or deleted. */
  deleteDialog(targets: readonly Target[]): Page;
  /** Cells. */
  drainDialog(targets: readonly Target[]): Page;
  cordonDialog(targets: readonly Target[]): Page;
  uncordonDialog(targets: readonly Target[]): Page;
  /**
   * An LRP in the operator's editor. A dialog that fetches the record (a `poll` want), gives it to the editor when it
   * has come (effect `edit`), and shows the plan of the change before it is made.
   */
  editDialog(target: Target): Page;
}

/** The page about a subject that an action opens; undefined when it opens none. */
export function pageAbout(action: ActionId, subject: Subject, pages: PageFactories): Page | undefined {
  switch (action) {
    case 'describe':
      return pages.describe(subject);
    case 'raw':
      return pages.raw(subject);
    case 'events':
      return pages.events(subject);
    case 'why':
      return pages.why(subject);
    case 'tree':
      return pages.tree(subject);
    default:
      return undefined;
  }
}
