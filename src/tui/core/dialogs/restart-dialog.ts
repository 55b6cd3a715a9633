/** Instances replaced a few at a time; the next ones only when those before run again. */
import type { ProcessGuid } from '../../../model/ids.ts';
import type { Page } from '../page.ts';
import type { Target } from '../subject.ts';
import { actionDialog, type Values } from './action-dialog.ts';
import { restartProgress } from './restart-progress.ts';
import { countOf, guidOf, namesOf, targetLines, titleOf } from './targets.ts';

export interface RestartItem {
  readonly guid: ProcessGuid;
  readonly index: number;
}

const atOnceMax = 50;

export function restartDialog(targets: readonly Target[]): Page {
  const title = titleOf(targets, targets[0]?.subject.kind === 'instance' ? 'instances' : 'LRPs');
  const items = targets.flatMap(itemsOf);
  return actionDialog({
    title: `Restart ${title}`,
    verb: 'Restart',
    danger: false,
    fields: [
      {
        id: 'parallel',
        label: 'at a time',
        initial: '1',
        problem: (text) => (parallelOf(text) === undefined ? `a number from 1 to ${atOnceMax}` : undefined),
      },
    ],
    about: () => [
      ...targetLines(targets),
      {
        text: `${items.length} instances are stopped and replaced. It goes on while this dialog is open and stops at the first that does not run again.`,
        role: 'text',
      },
    ],
    act: () => [],
    command: () =>
      namesOf(targets)
        .map((name) => `skep stop ${name}${items.length > targets.length ? '/INDEX' : ''}`)
        .join(' && '),
    done: () => '',
    then: (values) => [
      { do: 'dialog', dialog: restartProgress(title, items, parallelOf(values['parallel'] ?? '') ?? 1) },
    ],
  });
}

function itemsOf(target: Target): readonly RestartItem[] {
  const { subject } = target;
  const guid = guidOf(subject);
  if (subject.kind === 'instance') return [{ guid, index: subject.index }];
  return Array.from({ length: countOf(target, 'desired') ?? 0 }, (_, index) => ({ guid, index }));
}

function parallelOf(text: Values[string]): number | undefined {
  const count = /^\d{1,3}$/.test(text.trim()) ? Number(text) : 0;
  return count >= 1 && count <= atOnceMax ? count : undefined;
}
