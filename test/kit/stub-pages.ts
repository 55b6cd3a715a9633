/** Page factories that make nothing but names: which page a key leads to is read from its crumb, `cell ["host-1"]`. */
import type { Effect, Page } from '../../src/tui/core/page.ts';
import type { PageFactories } from '../../src/tui/core/pages.ts';

function stub(crumb: string): Page {
  const page: Page = {
    kind: 'text',
    crumb,
    title: crumb,
    filter: '',
    typing: false,
    wants: [],
    actions: () => [],
    on: () => ({ page }),
    draw: () => undefined,
    command: () => '',
    lines: () => [],
  };
  return page;
}

const factory =
  (name: string) =>
  (...args: readonly unknown[]): Page =>
    stub(`${name} ${JSON.stringify(args)}`);

export const stubPages: PageFactories = {
  list: factory('list'),
  events: factory('events'),
  brain: factory('brain'),
  pulses: factory('pulses'),
  cell: factory('cell'),
  instance: factory('instance'),
  task: factory('task'),
  describe: factory('describe'),
  raw: factory('raw'),
  tree: factory('tree'),
  why: factory('why'),
  drainProgress: factory('drainProgress'),
  logs: factory('logs'),
  consoles: factory('consoles'),
  scaleDialog: factory('scaleDialog'),
  restartDialog: factory('restartDialog'),
  stopDialog: factory('stopDialog'),
  deleteDialog: factory('deleteDialog'),
  drainDialog: factory('drainDialog'),
  cordonDialog: factory('cordonDialog'),
  uncordonDialog: factory('uncordonDialog'),
  editDialog: factory('editDialog'),
};

/** Where effects lead: crumbs of pages and dialogs, targets of consoles; the kind of the others. */
export function leadsTo(effects: readonly Effect[]): readonly string[] {
  return effects.map((effect) => {
    switch (effect.do) {
      case 'open':
      case 'replace':
        return effect.page.crumb;
      case 'dialog':
        return effect.dialog.crumb;
      case 'console':
        return `${effect.open.kind} ${effect.open.target}${effect.open.full ? ' full' : ''}`;
      default:
        return effect.do;
    }
  });
}
