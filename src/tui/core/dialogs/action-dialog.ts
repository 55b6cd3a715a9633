/**
 * The dialog in which something is changed: what it would do is shown first, Cancel has the focus, dangerous things want
 * a name typed, and the same as a `skep` command is one key away. Each kind of change is an ActionSpec; the machinery is
 * here, once.
 */

import { planSchema } from '../../../api/core/plan-shapes.ts';
import type { ErrorBody } from '../../../base/core/errors.ts';
import { instanceName } from '../../../model/instance-name.ts';
import { lineEditor } from '../line-editor.ts';
import type { CallEffect, Page, PageContext, PageEvent, Turn } from '../page.ts';
import { problemText } from '../problem.ts';
import { drawAction } from './action-draw.ts';
import { keyInAction } from './action-keys.ts';
import { type ActionSpec, type ActionState, valuesOf, type Work } from './action-spec.ts';

/** At most so many calls of a bulk action are under way. */
const callsMax = 8;

export function actionDialog(spec: ActionSpec): Page {
  const editors = Object.fromEntries(spec.fields.map(({ id, initial }) => [id, lineEditor(initial)]));
  return pageOf(spec, {
    editors,
    fresh: spec.fields.map(({ id }) => id),
    typed: lineEditor(),
    // What is to be filled in first; Cancel, where nothing is.
    focus: 0,
    askedFor: '',
    asking: false,
    planProblem: '',
    scroll: 0,
  });
}

function pageOf(spec: ActionSpec, state: ActionState): Page {
  const values = valuesOf(state);
  return {
    kind: 'dialog',
    crumb: spec.title,
    title: spec.title,
    filter: '',
    typing: true,
    wants: [],
    actions: () => [],
    on: (event, context) => turnOf(spec, state, event, context),
    draw: (canvas, context) => drawAction(spec, state, canvas, context),
    command: () => spec.command(values, state.plan),
    lines: () => [spec.title, ...spec.about(values).map(({ text }) => text)],
  };
}

function turnOf(spec: ActionSpec, state: ActionState, event: PageEvent, context: PageContext): Turn {
  switch (event.kind) {
    case 'answer':
    case 'failed':
      return answered(spec, state, event);
    case 'key':
    case 'paste':
    case 'action': {
      const key = keyInAction(spec, state, event, context);
      if (key.effects !== undefined) return { page: pageOf(spec, key.state), effects: key.effects };
      return key.go ? begin(spec, key.state) : planned(spec, key.state);
    }
    default:
      return planned(spec, state);
  }
}

/** Asks for the plan of what the fields say now, unless it is known or being asked. */
function planned(spec: ActionSpec, state: ActionState): Turn {
  const values = valuesOf(state);
  const isSane = spec.fields.every(({ id, problem }) => problem(values[id] ?? '') === undefined);
  const known: Turn = { page: pageOf(spec, state) };
  if (spec.plan === undefined || state.asking || state.work !== undefined || !isSane) return known;
  const ask = spec.plan(values);
  // Fields that the plan does not hang on, such as a reason, leave it as it is.
  const wanted = ask === undefined ? 'none' : JSON.stringify(ask.input);
  if (wanted === state.askedFor) return known;
  const next = { ...state, askedFor: wanted, plan: undefined, planProblem: '' };
  if (ask === undefined) return { page: pageOf(spec, next) };
  return { page: pageOf(spec, { ...next, asking: true }), effects: [{ ...ask, id: 'plan' }] };
}

function answered(
  spec: ActionSpec,
  state: ActionState,
  event: Extract<PageEvent, { kind: 'answer' | 'failed' }>,
): Turn {
  if (event.id !== 'plan') return worked(spec, state, event);
  if (event.kind === 'failed') {
    const planProblem = problemText(event.error);
    return planned(spec, { ...state, asking: false, plan: undefined, planProblem });
  }
  const read = planSchema.safeParse(event.value);
  const next = read.success
    ? { ...state, asking: false, plan: read.data, planProblem: '' }
    : { ...state, asking: false, plan: undefined, planProblem: 'the server answered with no plan' };
  return planned(spec, next);
}

function begin(spec: ActionSpec, state: ActionState): Turn {
  const calls = spec.act(valuesOf(state), state.plan).map((each, at) => ({ ...each, id: `do${at}` }));
  if (calls.length === 0) return finished(spec, state);
  const started = Math.min(callsMax, calls.length);
  const work: Work = { calls, started, ended: 0, failures: [] };
  return { page: pageOf(spec, { ...state, work }), effects: calls.slice(0, started) };
}

function worked(
  spec: ActionSpec,
  state: ActionState,
  event: Extract<PageEvent, { kind: 'answer' | 'failed' }>,
): Turn {
  const { work } = state;
  if (work === undefined) return { page: pageOf(spec, state) };
  const failures =
    event.kind === 'failed' ? [...work.failures, failureText(work, event.id, event.error)] : work.failures;
  const next = work.calls[work.started];
  const now: Work = {
    ...work,
    failures,
    ended: work.ended + 1,
    started: work.started + (next === undefined ? 0 : 1),
  };
  if (now.ended === now.calls.length && failures.length === 0) return finished(spec, state);
  const page = pageOf(spec, { ...state, work: now });
  return next === undefined ? { page } : { page, effects: [next] };
}

/** `web: no server took the change`: of several, which one it was. */
function failureText({ calls }: Work, id: string, { message, hint }: ErrorBody): string {
  const said = hint === undefined ? message : `${message} (${hint})`;
  const name = calls.length > 1 ? nameOf(calls.find((each) => each.id === id)) : '';
  return name === '' ? said : `${name}: ${said}`;
}

/** What a call is about, as its parameters name it. */
function nameOf(effect: CallEffect | undefined): string {
  const { params = {} } = (effect?.input ?? {}) as {
    readonly params?: { readonly guid?: string; readonly id?: string; readonly index?: number };
  };
  const name = params.guid ?? params.id ?? '';
  return params.index === undefined ? name : instanceName(name, params.index);
}

function finished(spec: ActionSpec, state: ActionState): Turn {
  const text = spec.done(valuesOf(state));
  return {
    page: pageOf(spec, state),
    effects: [
      { do: 'close' },
      ...(text === '' ? [] : [{ do: 'flash', level: 'info', text } as const]),
      ...(spec.followUp?.(valuesOf(state)) ?? []),
    ],
  };
}
