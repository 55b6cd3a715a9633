/** Everything off some cells, replacements first; what would find no place elsewhere is shown before anything begins. */
import type { Plan } from '../../../api/core/plan-shapes.ts';
import type { CellId } from '../../../model/ids.ts';
import { call, type Page } from '../page.ts';
import type { Target } from '../subject.ts';
import { actionDialog } from './action-dialog.ts';
import type { Values } from './action-spec.ts';
import { namesOf, targetLines, titleOf, typedFor } from './targets.ts';

const secondsOf: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

export function drainDialog(targets: readonly Target[]): Page {
  const cells = namesOf(targets) as readonly CellId[];
  const title = titleOf(targets, 'cells');
  return actionDialog({
    title: `Drain ${title}`,
    verb: 'Drain',
    verbAnyway: 'Drain anyway',
    danger: true,
    fields: [
      {
        id: 'reason',
        label: 'reason',
        initial: '',
        problem: (text) => (text.length > 1_024 ? 'at most 1,024 characters' : undefined),
      },
      {
        id: 'deadline',
        label: 'deadline',
        initial: '1h',
        problem: (text) => (deadlineOf(text) === undefined ? 'such as 90s, 15m, 2h, or none' : undefined),
      },
      {
        id: 'parallel',
        label: 'at a time',
        initial: 'all',
        problem: (text) => (parallelOf(text) === undefined ? 'all, or a number from 1 to 10000' : undefined),
      },
    ],
    ...(cells.length > 1 ? { typed: typedFor(targets) } : {}),
    about: () => [
      ...targetLines(targets),
      {
        text: 'Replacements start first; an old instance stops once its replacement is healthy. What has not left by the deadline is stopped all the same.',
        role: 'text',
      },
    ],
    plan: () => call('plan', 'plan', { body: { kind: 'drain', cells: [...cells] } }),
    act: (values, plan) =>
      cells.map((id) =>
        call(
          'drain',
          'drainCell',
          {
            params: { id },
            body: { ...bodyOf(values), ...anyway(plan), alongside: cells.filter((other) => other !== id) },
          },
          true,
        ),
      ),
    command: (values, plan) => commandOf(cells, values, plan),
    done: () => `${title}: the drain goes on by itself; R shows how far it is`,
  });
}

/** The server refuses what would not fit, unless it is told that somebody has seen that. */
const anyway = (plan: Plan | undefined): { readonly anyway?: boolean } =>
  (plan?.unplaced.length ?? 0) > 0 ? { anyway: true } : {};

function bodyOf(values: Values): { reason: string; deadlineMs?: number | null; maxParallel?: number } {
  const deadline = deadlineOf(values['deadline'] ?? '');
  const parallel = parallelOf(values['parallel'] ?? '');
  return {
    reason: values['reason'] ?? '',
    ...(deadline === undefined ? {} : { deadlineMs: deadline }),
    ...(typeof parallel === 'number' ? { maxParallel: parallel } : {}),
  };
}

function commandOf(cells: readonly string[], values: Values, plan: Plan | undefined): string {
  const deadline =
    values['deadline'] === 'none' ? ' --no-deadline' : ` --deadline ${values['deadline'] ?? ''}`;
  const parallel = values['parallel'] === 'all' ? '' : ` --max-parallel ${values['parallel'] ?? ''}`;
  const reason = values['reason'] ? ` --reason '${values['reason'].replaceAll("'", "'\\''")}'` : '';
  const all = anyway(plan).anyway === true ? ' --anyway' : '';
  return `skep cell drain ${cells.join(' ')}${deadline}${parallel}${all}${reason}`;
}

/** Milliseconds; null for `none`; undefined for what is no span. */
export function deadlineOf(text: string): number | null | undefined {
  if (text.trim() === 'none') return null;
  const [, digits, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text.trim()) ?? [];
  const ms = Number(digits) * (secondsOf[unit] ?? Number.NaN) * 1_000;
  return Number.isFinite(ms) && ms <= 30 * 86_400_000 ? ms : undefined;
}

function parallelOf(text: string): number | 'all' | undefined {
  if (text.trim() === 'all') return 'all';
  const count = /^\d{1,5}$/.test(text.trim()) ? Number(text) : 0;
  return count >= 1 && count <= 10_000 ? count : undefined;
}
