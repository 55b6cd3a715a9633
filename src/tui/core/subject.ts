/**
 * What a page or a dialog is about: a cell, an LRP, one of its instances, a task. Pages pass it to each other; it is
 * spelled as the CLI and the journal spell it.
 */
import type { Scalar } from '../../api/core/view-shapes.ts';

export type Subject =
  | { readonly kind: 'cell'; readonly id: string }
  | { readonly kind: 'lrp'; readonly guid: string }
  | { readonly kind: 'instance'; readonly guid: string; readonly index: number }
  | { readonly kind: 'task'; readonly guid: string };

export type InstanceSubject = Extract<Subject, { kind: 'instance' }>;

/** A subject that was chosen to be acted on, and what its row said then. */
export interface Target {
  readonly subject: Subject;
  /** By column id of api/core/view-columns.ts; empty when it was named in a command instead of chosen in a list. */
  readonly values: Readonly<Record<string, Scalar>>;
}

/** `web`, `web/2`, the cell's id, the task's guid. */
export function subjectName(subject: Subject): string {
  switch (subject.kind) {
    case 'cell':
      return subject.id;
    case 'instance':
      return `${subject.guid}/${subject.index}`;
    default:
      return subject.guid;
  }
}

/** The instance that `web/2` names; also `web/2/suspect`, as the views call an instance that is being replaced. */
export function instanceNamed(name: string): InstanceSubject | undefined {
  const [, guid, index] = /^([^/]+)\/(\d{1,9})(?:\/[a-z]+)?$/.exec(name) ?? [];
  if (guid === undefined || index === undefined) return undefined;
  return { kind: 'instance', guid, index: Number(index) };
}
