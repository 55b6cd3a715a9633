/**
 * What is particular to each list: its words, what its rows are about, where Enter leads, which actions it has. Used
 * by view-page.ts and its parts; a new list is an entry here.
 */
import { stateSeverity } from '../../api/core/view-columns.ts';
import type { ViewKind, ViewRow } from '../../api/core/view-shapes.ts';
import { type ActionId, moving, tabling } from './actions.ts';
import type { Page } from './page.ts';
import type { ListRequest, PageFactories } from './pages.ts';
import { instanceNamed, type Subject } from './subject.ts';

export interface ListKind {
  /** `no instances`, `instances of web`. */
  readonly plural: string;
  /** In the order of the hints: what is needed most comes first. */
  readonly actions: readonly ActionId[];
  /** What a row is about; undefined when it leads nowhere. */
  subjectOf(row: ViewRow): Subject | undefined;
  /** Where Enter leads. */
  enter(subject: Subject, pages: PageFactories): Page | undefined;
  /** The `skep` command that lists the same. */
  command(scope: Scope): string;
}

type Scope = NonNullable<ListRequest['scope']>;

const lrpOf = (guid: unknown): Subject | undefined =>
  typeof guid === 'string' && guid !== '' ? { kind: 'lrp', guid } : undefined;

const instancesOf = (subject: Subject, pages: PageFactories): Page | undefined => {
  if (subject.kind === 'cell') return pages.list({ kind: 'instances', scope: { cell: subject.id } });
  if (subject.kind === 'lrp') return pages.list({ kind: 'instances', scope: { guid: subject.guid } });
  return undefined;
};

/** Pages about the object itself; an LRP has none but its instances. */
export function pageOfSubject(subject: Subject, pages: PageFactories): Page {
  switch (subject.kind) {
    case 'cell':
      return pages.cell(subject.id);
    case 'lrp':
      return pages.list({ kind: 'instances', scope: { guid: subject.guid } });
    case 'instance':
      return pages.instance(subject);
    case 'task':
      return pages.task(subject.guid);
  }
}

/** The journal says by an event's type what its subject names. */
function subjectOfEvent({ values }: ViewRow): Subject | undefined {
  const [type, name] = [String(values['type'] ?? ''), String(values['subject'] ?? '')];
  if (name === '') return undefined;
  if (type.startsWith('cell.')) return { kind: 'cell', id: name };
  if (type.startsWith('task.')) return { kind: 'task', guid: name };
  if (type.startsWith('lrp.')) return lrpOf(name);
  if (type.startsWith('instance.')) return instanceNamed(name) ?? lrpOf(name);
  if (type.startsWith('console.')) return instanceNamed(name) ?? { kind: 'task', guid: name };
  return undefined;
}

export const listKinds: Readonly<Record<ViewKind, ListKind>> = {
  cells: {
    plural: 'cells',
    actions: [
      'enter',
      'cellOf',
      'drain',
      'cordon',
      'uncordon',
      'describe',
      'why',
      'drainProgress',
      'events',
      'tree',
      'raw',
    ],
    subjectOf: ({ key }) => ({ kind: 'cell', id: key }),
    enter: instancesOf,
    command: () => 'skep cells',
  },
  lrps: {
    plural: 'LRPs',
    actions: [
      'enter',
      'logs',
      'scale',
      'why',
      'restart',
      'describe',
      'events',
      'edit',
      'stop',
      'delete',
      'tree',
      'raw',
      'routes',
      'previousLogs',
    ],
    subjectOf: ({ key }) => lrpOf(key),
    enter: instancesOf,
    command: () => 'skep ps',
  },
  instances: {
    plural: 'instances',
    actions: [
      'enter',
      'logs',
      'shell',
      'why',
      'cellOf',
      'describe',
      'events',
      'restart',
      'previousLogs',
      'delete',
      'attach',
      'owner',
      'tree',
      'raw',
      'shellFull',
    ],
    subjectOf: ({ key }) => instanceNamed(key),
    enter: (subject, pages) => (subject.kind === 'instance' ? pages.instance(subject) : undefined),
    command: ({ guid }) => (guid === undefined ? 'skep ps' : `skep ps ${guid}`),
  },
  tasks: {
    plural: 'tasks',
    actions: [
      'enter',
      'logs',
      'why',
      'describe',
      'shell',
      'delete',
      'events',
      'cellOf',
      'raw',
      'attach',
      'shellFull',
    ],
    subjectOf: ({ key }) => ({ kind: 'task', guid: key }),
    enter: (subject, pages) => (subject.kind === 'task' ? pages.task(subject.guid) : undefined),
    command: () => 'skep task ls',
  },
  routes: {
    plural: 'routes',
    actions: ['enter'],
    subjectOf: ({ values }) => lrpOf(values['lrp']),
    enter: instancesOf,
    command: () => 'skep ps',
  },
  events: {
    plural: 'events',
    actions: ['enter', 'cellOf', 'owner'],
    subjectOf: subjectOfEvent,
    enter: pageOfSubject,
    command: ({ subject }) => (subject === undefined ? 'skep events -f' : `skep events ${subject} -f`),
  },
};

/** Actions that every list has. */
const listActions: readonly ActionId[] = [...moving, ...tabling, 'copy', 'copyCell', 'left', 'right'];

const stateActions: readonly ActionId[] = ['faults', 'sortState'];

/** All that a list can do, in the order of the hints. */
export function actionsOf(kind: ViewKind): readonly ActionId[] {
  const all = [...listKinds[kind].actions, ...listActions];
  const isStateless = Object.keys(stateSeverity[kind]).length === 0;
  return isStateless ? all.filter((id) => !stateActions.includes(id)) : all;
}

/** `instances of web`, `instances on cell-a`, `events of web/2`. */
export function titleOf({ kind, scope = {} }: ListRequest): string {
  const { plural } = listKinds[kind];
  if (scope.guid !== undefined) return `${plural} of ${scope.guid}`;
  if (scope.cell !== undefined) return kind === 'cells' ? `cell ${scope.cell}` : `${plural} on ${scope.cell}`;
  if (scope.subject !== undefined) return `${plural} of ${scope.subject}`;
  return scope.domain === undefined ? plural : `${plural} of domain ${scope.domain}`;
}

/** In the breadcrumbs: `instances(web)`. */
export function crumbOf({ kind, scope = {} }: ListRequest): string {
  const name = scope.guid ?? scope.cell ?? scope.subject ?? scope.domain;
  return name === undefined ? kind : `${kind}(${name})`;
}
