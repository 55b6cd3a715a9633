/**
 * What may change on an LRP, in the operator's editor: instances, routes, annotation (reference/diego.md 1.2). The change
 * is shown, with its plan, before it is made; a text that makes no sense is kept and can be edited again.
 */

import type { LrpView } from '../../../api/core/routes.ts';
import {
  type DesiredLrp,
  type DesiredLrpUpdate,
  desiredLrpUpdateSchema,
} from '../../../model/desired-lrp.ts';
import { call, type Page, type PageContext, type PageEvent, poll, type Turn } from '../page.ts';
import type { Target } from '../subject.ts';
import { wrap } from '../text.ts';
import { actionDialog } from './action-dialog.ts';
import { drawBox, drawButtons } from './box.ts';
import type { Line } from './plan-lines.ts';
import { guidOf, namesOf } from './targets.ts';

/** YAML of the shell: a core imports no package for it. */
export interface Yaml {
  stringify(value: unknown): string;
  /** Throws an Error that says what is wrong and where. */
  parse(text: string): unknown;
}

interface State {
  readonly target: Target;
  readonly yaml: Yaml;
  readonly desired?: DesiredLrp | undefined;
  /** What was in the editor last. */
  readonly text: string;
  readonly problem: string;
}

export function editDialog(target: Target, yaml: Yaml): Page {
  return pageOf({ target, yaml, text: '', problem: '' });
}

const foreverMs = 3_600_000;

function pageOf(state: State): Page {
  const [name = ''] = namesOf([state.target]);
  const guid = guidOf(state.target.subject);
  return {
    kind: 'dialog',
    crumb: `edit(${name})`,
    title: `Edit ${name}`,
    filter: '',
    typing: true,
    wants: state.desired === undefined ? [poll('lrp', 'getLrp', { params: { guid } }, foreverMs)] : [],
    actions: () => [],
    on: (event, context) => turnOf(state, event, context),
    draw: (canvas, { theme }) => {
      const waits = state.desired === undefined ? 'asking for the record' : 'the editor has it';
      const text = state.problem === '' ? waits : state.problem;
      const lines = wrap(text, Math.min(80, canvas.columns - 6));
      const box = drawBox(canvas, theme, { title: `Edit ${name}`, rows: lines.length + 2, danger: false });
      for (const [at, line] of lines.entries())
        box.text(0, at, line, theme.attr(state.problem === '' ? 'dim' : 'bad'));
      if (state.problem !== '')
        drawButtons(box, box.rows - 1, ['Enter: edit again', 'Esc: give up'], 0, theme);
    },
    command: () => `skep ps ${name} -o yaml`,
    lines: () => [state.text],
  };
}

function turnOf(state: State, event: PageEvent, _context: PageContext): Turn {
  const page = pageOf(state);
  switch (event.kind) {
    case 'data':
      if (event.data.kind === 'broken')
        return {
          page,
          effects: [{ do: 'close' }, { do: 'flash', level: 'error', text: event.data.error.message }],
        };
      if (event.data.kind !== 'answer' || state.desired !== undefined) return { page };
      // The route says what an answer is: routes.ts `getLrp`.
      return begin({ ...state, desired: (event.data.value as LrpView).desired });
    case 'answer':
      return edited(state, event.value);
    case 'failed':
      return { page: pageOf({ ...state, problem: event.error.message }) };
    case 'action':
    case 'key': {
      const name = event.kind === 'key' ? event.key.name : event.action;
      if (name === 'escape') return { page, effects: [{ do: 'close' }] };
      return name === 'enter' && state.problem !== '' ? openEditor(state) : { page };
    }
    default:
      return { page };
  }
}

function begin(state: State): Turn {
  const { desired, yaml } = state;
  if (desired === undefined) return { page: pageOf(state) };
  const { instances, routes, annotation } = desired;
  const head = [
    `# ${desired.guid}: these may change; everything else of an LRP is fixed: remove it and run a new one.`,
    '# Save and leave the editor to see what the change would do; leave without saving to change nothing.',
    '',
  ].join('\n');
  const text = head + yaml.stringify({ instances, routes, annotation: annotation ?? '' });
  return openEditor({ ...state, text });
}

function openEditor(state: State): Turn {
  return {
    page: pageOf({ ...state, problem: '' }),
    effects: [{ do: 'edit', id: 'edit', text: state.text, suffix: '.yaml' }],
  };
}

function edited(state: State, value: unknown): Turn {
  const { desired } = state;
  const page = pageOf(state);
  const nothing: Turn = {
    page,
    effects: [{ do: 'close' }, { do: 'flash', level: 'info', text: 'nothing was changed' }],
  };
  if (typeof value !== 'string' || desired === undefined) return nothing;
  const kept = { ...state, text: value };
  const read = readUpdate(value, state.yaml);
  if ('problem' in read) return { page: pageOf({ ...kept, problem: read.problem }) };
  const update = changesOf(desired, read.update);
  if (Object.keys(update).length === 0) return nothing;
  return { page: confirmDialog(desired, update) };
}

function readUpdate(
  text: string,
  yaml: Yaml,
): { readonly update: DesiredLrpUpdate } | { readonly problem: string } {
  let value: unknown;
  try {
    value = yaml.parse(text);
  } catch (error) {
    return { problem: `this is not YAML: ${error instanceof Error ? error.message : String(error)}` };
  }
  const read = desiredLrpUpdateSchema.safeParse(value);
  if (read.success) return { update: read.data };
  return { problem: problemOf(value, read.error.issues[0]) };
}

/** What an operator can act on: which line of the text is wrong, or why a field is not for this dialog. */
function problemOf(value: unknown, issue: Issue | undefined): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return 'this is not a list of fields such as "instances: 3"; Esc gives up and changes nothing';
  if (issue?.code === 'unrecognized_keys') {
    const named = issue.keys.join(', ');
    return `${named} cannot be changed here: instances, routes and annotation can. For all else remove the LRP and run a new one`;
  }
  return `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'makes no sense'}`;
}

type Issue = NonNullable<ReturnType<typeof desiredLrpUpdateSchema.safeParse>['error']>['issues'][number];

/** Only what differs. */
function changesOf(desired: DesiredLrp, update: DesiredLrpUpdate): DesiredLrpUpdate {
  const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
  const { instances, routes, annotation } = update;
  return {
    ...(instances === undefined || instances === desired.instances ? {} : { instances }),
    ...(routes === undefined || same(routes, desired.routes) ? {} : { routes }),
    ...(annotation === undefined || annotation === (desired.annotation ?? '') ? {} : { annotation }),
  };
}

function confirmDialog(desired: DesiredLrp, update: DesiredLrpUpdate): Page {
  const { guid } = desired;
  const { instances } = update;
  return actionDialog({
    title: `Change ${guid}`,
    verb: 'Change',
    danger: false,
    fields: [],
    about: () => diffLines(desired, update),
    plan: () =>
      instances === undefined
        ? undefined
        : call('plan', 'plan', { body: { kind: 'scale', guid, instances } }),
    act: () => [call('update', 'updateLrp', { params: { guid }, body: update }, true)],
    // Routes and the annotation have no command of their own.
    command: () =>
      instances === undefined || Object.keys(update).length > 1 ? '' : `skep scale ${guid} ${instances}`,
    done: () => `${guid} is changed`,
  });
}

function diffLines(desired: DesiredLrp, update: DesiredLrpUpdate): readonly Line[] {
  return (Object.keys(update) as (keyof DesiredLrpUpdate)[]).flatMap((field): Line[] => [
    { text: `- ${field}: ${JSON.stringify(desired[field] ?? '')}`, role: 'bad' },
    { text: `+ ${field}: ${JSON.stringify(update[field])}`, role: 'ok' },
  ]);
}
