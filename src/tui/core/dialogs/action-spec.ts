/**
 * What an action dialog is made of: what a kind of change has to say of itself, and what the dialog knows while it is open.
 * action-dialog.ts moves it, action-keys.ts reads keys, action-draw.ts draws.
 */
import type { Plan } from '../../../api/core/plan-shapes.ts';
import type { LineEditor } from '../line-editor.ts';
import type { CallEffect, Effect } from '../page.ts';
import type { Line } from './plan-lines.ts';

export interface Field {
  readonly id: string;
  readonly label: string;
  readonly initial: string;
  /** Why the text makes no sense; undefined when it does. */
  problem(text: string): string | undefined;
}

/** What the fields say, by id. */
export type Values = Readonly<Record<string, string>>;

export interface ActionSpec {
  /** `Scale web`. */
  readonly title: string;
  /** On the button that does it. */
  readonly verb: string;
  /** The same when the plan leaves something without a place; absent: `verb`. */
  readonly verbAnyway?: string | undefined;
  readonly danger: boolean;
  readonly fields: readonly Field[];
  /** Must be typed before the button does anything; absent where a mistake costs little. */
  readonly typed?: string | undefined;
  /** What is said before any plan is there. */
  about(values: Values): readonly Line[];
  /** Asks what would happen; absent when nothing needs to be asked. The answer is a Plan. */
  plan?(values: Values): CallEffect | undefined;
  /** What is done when the operator says so, having seen the plan. Ids are given by the dialog. */
  act(values: Values, plan: Plan | undefined): readonly CallEffect[];
  command(values: Values, plan: Plan | undefined): string;
  /** Said when all of it is done. */
  done(values: Values): string;
  /** What follows when all of it is done. */
  followUp?(values: Values): readonly Effect[];
}

export interface ActionState {
  readonly editors: Readonly<Record<string, LineEditor>>;
  /** Fields in which nobody has typed: what they begin with makes way for the first that is. */
  readonly fresh: readonly string[];
  readonly typed: LineEditor;
  /** Fields, then the typed name, then Cancel, then the button. */
  readonly focus: number;
  /** The input that the plan was asked for with; '' before the first. */
  readonly askedFor: string;
  readonly asking: boolean;
  readonly plan?: Plan | undefined;
  readonly planProblem: string;
  /** Lines of the body that are scrolled away. */
  readonly scroll: number;
  readonly work?: Work | undefined;
}

/** Once the button was pressed. */
export interface Work {
  readonly calls: readonly CallEffect[];
  readonly started: number;
  readonly ended: number;
  readonly failures: readonly string[];
}

export function valuesOf({ editors }: ActionState): Values {
  return Object.fromEntries(Object.entries(editors).map(([id, { text }]) => [id, text.trim()]));
}

/** What keeps the button from doing anything; '' when nothing does. */
export function obstacle(spec: ActionSpec, state: ActionState): string {
  const values = valuesOf(state);
  for (const { id, label, problem } of spec.fields) {
    const wrong = problem(values[id] ?? '');
    if (wrong !== undefined) return `${label}: ${wrong}`;
  }
  if (spec.typed !== undefined && state.typed.text.trim() !== spec.typed)
    return `type ${spec.typed} to confirm`;
  return '';
}

const failuresShown = 8;

/** How the work goes on, in lines; none before it has begun. */
export function workLines({ work }: ActionState): readonly Line[] {
  if (work === undefined) return [];
  const { calls, ended, failures } = work;
  const running = ended < calls.length;
  const head: Line = running
    ? { text: `doing it: ${ended} of ${calls.length}`, role: 'warn' }
    : { text: `${failures.length} of ${calls.length} failed`, role: 'bad' };
  const more = failures.length - failuresShown;
  return [
    head,
    ...failures.slice(0, failuresShown).map((text): Line => ({ text, role: 'bad' })),
    ...(more > 0 ? [{ text: `and ${more} more`, role: 'bad' as const }] : []),
  ];
}

/** It is over and something failed: what is left is to read why. */
export const isOver = ({ work }: ActionState): boolean =>
  work !== undefined && work.ended === work.calls.length;
