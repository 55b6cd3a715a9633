/**
 * The words that may be typed after `:`, each with what it takes and what it does. commands.ts finds the word that a
 * line means, and completes lines; documentation of the language is made of this table and of actions.ts.
 */
import type { ViewKind } from '../../api/core/view-shapes.ts';
import { type ActionId, actionIds, actions } from './actions.ts';
import type { AppModel } from './app-model.ts';
import type { Command } from './command.ts';
import { settingCommands } from './command-settings.ts';
import type { Effect, Page } from './page.ts';
import type { ListRequest, PageFactories } from './pages.ts';
import { instanceNamed, type Subject, subjectName, type Target } from './subject.ts';

const open = (page: Page): readonly Effect[] => [{ do: 'open', page }];
const warn = (text: string, hint?: string): readonly Effect[] => [{ do: 'flash', level: 'warn', text, hint }];

/** What a name typed by an operator means: `web/2`, `cell:host-1`, `task:a1`, else what the pages know it as, else an LRP. */
export function subjectNamed(name: string, model: AppModel): Subject {
  const [, kind, id] = /^(cell|task|lrp):(.+)$/.exec(name) ?? [];
  if (kind === 'cell' && id !== undefined) return { kind: 'cell', id };
  if (kind !== undefined && id !== undefined) return { kind: kind === 'task' ? 'task' : 'lrp', guid: id };
  const instance = instanceNamed(name);
  if (instance !== undefined) return instance;
  const known = model.stack.findLast(({ page }) => page.names?.().includes(name))?.page.kind;
  if (known === 'cells' || known === 'cell') return { kind: 'cell', id: name };
  return known === 'tasks' || known === 'task' ? { kind: 'task', guid: name } : { kind: 'lrp', guid: name };
}

/** What narrows the instances: a cell that the pages know, else an LRP. */
function placeOf(name: string, model: AppModel): Record<string, string> {
  const subject = subjectNamed(name, model);
  return subject.kind === 'cell' ? { cell: subject.id } : { guid: subjectName(subject) };
}

/**
 * `:instances web /re domain=shop`. A name narrows a list where it can be narrowed by one; elsewhere the cursor begins
 * on the row of that name.
 */
function listCommand(
  kind: ViewKind,
  names: readonly string[],
  scopeWord: 'guid' | 'cell' | 'subject' | '',
): Command {
  const hasCell = kind === 'instances' || kind === 'tasks';
  return {
    names,
    takes: `[NAME] ${hasCell ? '[cell=ID] ' : ''}[domain=NAME] [/filter]`,
    help: `The list of ${kind === 'lrps' ? 'LRPs' : kind}`,
    run: ({ words, filter, model, pages }) => {
      const scope: Record<string, string> = {};
      let cursor: string | undefined;
      for (const word of words) {
        const [, name, value] = /^(domain|cell)=(.+)$/.exec(word) ?? [];
        if (name !== undefined && value !== undefined) scope[name] = value;
        else if (scopeWord === '' && cursor === undefined) cursor = word;
        else if (scopeWord !== '' && scope[scopeWord] === undefined)
          Object.assign(scope, hasCell ? placeOf(word, model) : { [scopeWord]: word });
        else return warn(`":${names[0]}" does not take "${word}"`, 'a filter begins with /');
      }
      const [only] = words;
      const instance = kind === 'instances' && only !== undefined ? instanceNamed(only) : undefined;
      if (instance !== undefined) return open(pages.instance(instance));
      const request: ListRequest = { kind, scope, filter, cursor };
      return open(pages.list(request));
    },
  };
}

/** A page about what is named; without a name what its key does. */
function aboutCommand(
  names: readonly string[],
  help: string,
  action: ActionId,
  page: (subject: Subject, pages: PageFactories) => Page,
): Command {
  return {
    names,
    takes: '[NAME]',
    help,
    run: ({ words: [name], model, pages }) =>
      name === undefined ? [{ do: 'action', action }] : open(page(subjectNamed(name, model), pages)),
  };
}

/** A dialog about what is named; without a name what its key does. Read-only mode refuses it as it does the key. */
function changeCommand(
  action: ActionId,
  names: readonly string[],
  kind: Subject['kind'] | undefined,
  dialog: (targets: readonly Target[], pages: PageFactories, words: readonly string[]) => Page,
): Command {
  return {
    names,
    takes: action === 'scale' ? '[NAME [N]]' : action === 'edit' ? '[NAME]' : '[NAME…]',
    help: actions[action].help,
    run: ({ words, model, pages }) => {
      if (words.length === 0) return [{ do: 'action', action }];
      if (model.settings.readOnly) return warn('read-only mode: nothing is changed', '":ro" switches it off');
      const named = action === 'scale' || action === 'edit' ? words.slice(0, 1) : words;
      const targets = named.map((name): Target => ({ subject: ofKind(name, kind, model), values: {} }));
      const kinds = new Set(targets.map(({ subject }) => subject.kind));
      if (kinds.size > 1) return warn('these are of different kinds', 'name them one kind at a time');
      return [{ do: 'dialog', dialog: dialog(targets, pages, words.slice(1)) }];
    },
  };
}

function ofKind(name: string, kind: Subject['kind'] | undefined, model: AppModel): Subject {
  const subject = subjectNamed(name, model);
  if (kind === 'cell' && subject.kind !== 'cell') return { kind: 'cell', id: name };
  if (kind === 'lrp' && subject.kind !== 'lrp') return { kind: 'lrp', guid: name };
  return subject;
}

function only(targets: readonly Target[]): Target {
  const [target] = targets;
  if (target === undefined) throw new Error('a command about something named has a target');
  return target;
}

const logsCommand: Command = {
  names: ['logs', 'log'],
  takes: '[NAME | NAME/INDEX | task:GUID] [-p]',
  help: 'Output, of all instances together for an LRP; -p of the container that crashed before',
  run: ({ words, model, pages }) => {
    const previous = words.some((word) => word === '-p' || word === '--previous');
    const name = words.find((word) => !word.startsWith('-'));
    if (name === undefined) return [{ do: 'action', action: previous ? 'previousLogs' : 'logs' }];
    const subject = subjectNamed(name, model);
    if (subject.kind === 'cell')
      return warn('a cell has no logs here', '"journalctl -u skep" on the host has them');
    const target =
      subject.kind === 'task'
        ? { task: subject.guid }
        : subject.kind === 'lrp'
          ? { lrp: subject.guid }
          : { instance: subjectName(subject) };
    return open(pages.logs({ target, tail: 200, previous }));
  },
};

function consoleCommand(action: 'shell' | 'attach', names: readonly string[]): Command {
  return {
    names,
    takes: action === 'shell' ? '[NAME/INDEX | task:GUID | cell:CELL]' : '[NAME/INDEX | task:GUID]',
    help: actions[action].help,
    run: ({ words: [name], model }) => {
      if (name === undefined) return [{ do: 'action', action }];
      const subject = subjectNamed(name, model);
      if (subject.kind === 'cell') {
        return action === 'shell'
          ? [{ do: 'console', open: { target: subject.id, host: true, kind: 'shell' } }]
          : warn(
              'a cell has no main process to attach to',
              `":shell cell:${subject.id}" opens one on its host`,
            );
      }
      const target = subject.kind === 'lrp' ? `${subject.guid}/0` : subjectName(subject);
      const task = subject.kind === 'task' ? { task: true } : {};
      return [{ do: 'console', open: { target, kind: action, ...task } }];
    },
  };
}

const pageCommands: readonly Command[] = [
  {
    names: ['pulses', 'pulse', 'p'],
    takes: '',
    help: 'The cluster at a glance',
    run: ({ pages }) => open(pages.pulses()),
  },
  {
    names: ['brain', 'b'],
    takes: '',
    help: 'Servers, leader, etcd, settings',
    run: ({ pages }) => open(pages.brain()),
  },
  {
    names: ['consoles', 'sessions'],
    takes: '[NAME]',
    help: 'Console sessions',
    run: ({ words: [name], model, pages }) =>
      open(name === undefined ? pages.consoles() : pages.consoles(subjectNamed(name, model))),
  },
  {
    names: ['cell'],
    takes: 'ID',
    help: 'The page of a cell',
    run: ({ words: [id], pages }) =>
      id === undefined ? open(pages.list({ kind: 'cells' })) : open(pages.cell(id.replace(/^cell:/, ''))),
  },
  {
    names: ['tree', 'xray'],
    takes: '[NAME]',
    help: actions.tree.help,
    run: ({ words: [first, second], model, pages }) => {
      // k9s says the kind first: `:xray cell host-1`.
      const isKind = first === 'cell' || first === 'lrp' || first === 'task';
      const name = isKind ? (second === undefined ? undefined : `${first}:${second}`) : first;
      return open(name === undefined ? pages.tree() : pages.tree(subjectNamed(name, model)));
    },
  },
  {
    names: ['events', 'e'],
    takes: '[NAME] [/filter]',
    help: 'What happened, newest first',
    run: ({ words: [name], filter, pages }) => {
      const request = { kind: 'events', ...(filter === undefined ? {} : { filter }) } as const;
      return open(pages.list(name === undefined ? request : { ...request, scope: { subject: name } }));
    },
  },
];

/** Actions that have a word of their own; `tree` takes a name and stands above. */
const actionCommands: readonly Command[] = actionIds
  .filter((id) => actions[id].command !== undefined && id !== 'tree')
  .map((id) => ({
    names: [actions[id].command ?? '', ...(id === 'quit' ? ['q', 'q!', 'exit'] : [])],
    takes: '',
    help: actions[id].help,
    run: () => [{ do: 'action', action: id }],
  }));

export const commands: readonly Command[] = [
  listCommand('cells', ['cells', 'c', 'nodes', 'no'], ''),
  listCommand('lrps', ['lrps', 'l', 'ps', 'deploy', 'dp'], ''),
  listCommand('instances', ['instances', 'i', 'inst', 'pods', 'po'], 'guid'),
  listCommand('tasks', ['tasks', 't', 'jobs'], ''),
  listCommand('routes', ['routes', 'r', 'ing'], 'guid'),
  ...pageCommands,
  logsCommand,
  consoleCommand('shell', ['shell', 'sh', 'exec', 'console']),
  consoleCommand('attach', ['attach']),
  aboutCommand(['why', 'w'], actions.why.help, 'why', (subject, pages) => pages.why(subject)),
  aboutCommand(['describe', 'd'], actions.describe.help, 'describe', (subject, pages) =>
    pages.describe(subject),
  ),
  aboutCommand(['yaml', 'y'], actions.raw.help, 'raw', (subject, pages) => pages.raw(subject)),
  changeCommand('scale', ['scale'], 'lrp', (targets, pages, [amount]) => pages.scaleDialog(targets, amount)),
  changeCommand('restart', ['restart'], undefined, (targets, pages) => pages.restartDialog(targets)),
  changeCommand('stop', ['stop'], 'lrp', (targets, pages) => pages.stopDialog(targets)),
  changeCommand('delete', ['delete', 'rm'], undefined, (targets, pages) => pages.deleteDialog(targets)),
  changeCommand('edit', ['edit'], 'lrp', (targets, pages) => pages.editDialog(only(targets))),
  changeCommand('drain', ['drain'], 'cell', (targets, pages) => pages.drainDialog(targets)),
  changeCommand('cordon', ['cordon'], 'cell', (targets, pages) => pages.cordonDialog(targets)),
  changeCommand('uncordon', ['uncordon', 'undrain'], 'cell', (targets, pages) =>
    pages.uncordonDialog(targets),
  ),
  ...settingCommands,
  ...actionCommands,
];
