/** Instances replaced a few at a time; the next ones only when those before run again. */
import { grouped } from '../columns-format.ts';
import type { Page } from '../page.ts';
import type { Target } from '../subject.ts';
import { actionDialog } from './action-dialog.ts';
import type { Values } from './action-spec.ts';
import type { Line } from './plan-lines.ts';
import { restartProgress } from './restart-progress.ts';
import { rangesOf, totalOf } from './restart-queue.ts';
import { namesOf, targetLines, titleOf } from './targets.ts';

const atOnceMax = 50;

export function restartDialog(targets: readonly Target[]): Page {
  const isLrp = targets[0]?.subject.kind !== 'instance';
  const title = titleOf(targets, isLrp ? 'LRPs' : 'instances');
  const ranges = rangesOf(targets);
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
    about: () => [...targetLines(targets), aboutLine(totalOf(ranges))],
    act: () => [],
    command: (values) => {
      const atOnce = parallelOf(values['parallel'] ?? '') ?? 1;
      return `skep restart ${namesOf(targets).join(' ')}${atOnce === 1 ? '' : ` --max-parallel ${atOnce}`}`;
    },
    done: () => '',
    followUp: (values) => [
      { do: 'dialog', dialog: restartProgress(title, ranges, parallelOf(values['parallel'] ?? '') ?? 1) },
    ],
  });
}

function aboutLine(total: number | undefined): Line {
  if (total === 0) return { text: 'There are no instances: nothing would be done.', role: 'warn' };
  const what =
    total === undefined
      ? 'All instances are'
      : total === 1
        ? 'One instance is'
        : `${grouped(total)} instances are`;
  return {
    text: `${what} stopped and replaced. It goes on while this dialog is open and stops at the first that does not run again.`,
    role: 'text',
  };
}

function parallelOf(text: Values[string]): number | undefined {
  const count = /^\d{1,3}$/.test(text.trim()) ? Number(text) : 0;
  return count >= 1 && count <= atOnceMax ? count : undefined;
}
