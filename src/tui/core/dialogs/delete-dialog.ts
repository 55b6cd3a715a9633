/** LRPs are removed for good, instances are stopped and replaced, tasks are cancelled or their records deleted. */
import type { TaskGuid } from '../../../model/ids.ts';
import { type CallEffect, call, type Page } from '../page.ts';
import type { Target } from '../subject.ts';
import { actionDialog } from './action-dialog.ts';
import type { ActionSpec } from './action-spec.ts';
import { countOf, guidOf, namesOf, targetLines, titleOf, typedFor } from './targets.ts';

export function deleteDialog(targets: readonly Target[]): Page {
  const kind = targets[0]?.subject.kind;
  if (kind === 'instance') return actionDialog(instanceSpec(targets));
  return actionDialog(kind === 'task' ? taskSpec(targets) : lrpSpec(targets));
}

function lrpSpec(targets: readonly Target[]): ActionSpec {
  const total = targets.reduce((sum, target) => sum + (countOf(target, 'desired') ?? 2), 0);
  const title = titleOf(targets, 'LRPs');
  return {
    title: `Remove ${title}`,
    verb: 'Remove',
    danger: true,
    fields: [],
    ...(total > 1 ? { typed: typedFor(targets) } : {}),
    about: () => [
      ...targetLines(targets),
      { text: 'All instances stop and the definition is gone. There is no way back.', role: 'bad' },
    ],
    act: () =>
      targets.map(({ subject }) => call('rm', 'removeLrp', { params: { guid: guidOf(subject) } }, true)),
    command: () => `skep rm ${namesOf(targets).join(' ')}`,
    done: () => `${title} is being removed`,
  };
}

function instanceSpec(targets: readonly Target[]): ActionSpec {
  const title = titleOf(targets, 'instances');
  return {
    title: `Stop and replace ${title}`,
    verb: 'Stop',
    danger: false,
    fields: [],
    about: () => [
      ...targetLines(targets),
      {
        text: 'It stops, and a new instance with the same index replaces it, maybe on another cell.',
        role: 'text',
      },
    ],
    act: () =>
      targets.flatMap(({ subject }): CallEffect[] => {
        if (subject.kind !== 'instance') return [];
        const params = { guid: guidOf(subject), index: subject.index };
        return [call('retire', 'retireInstance', { params }, true)];
      }),
    command: () =>
      namesOf(targets)
        .map((name) => `skep stop ${name}`)
        .join(' && '),
    done: () => `${title}: stopping, to be replaced`,
  };
}

function taskSpec(targets: readonly Target[]): ActionSpec {
  const title = titleOf(targets, 'tasks');
  const isOver = ({ values }: Target): boolean =>
    values['state'] === 'SUCCEEDED' || values['state'] === 'FAILED';
  const running = targets.filter((target) => !isOver(target)).length;
  return {
    title: running === 0 ? `Delete ${title}` : `Cancel ${title}`,
    verb: running === 0 ? 'Delete' : 'Cancel it',
    danger: running > 0,
    fields: [],
    about: () => [
      ...targetLines(targets),
      running === 0
        ? { text: 'It has ended; its record and result are deleted.', role: 'text' }
        : { text: 'What runs is stopped. A task runs at most once: it is not started again.', role: 'warn' },
    ],
    act: () =>
      targets.map((target) => {
        const params = { guid: guidOf(target.subject) as string as TaskGuid };
        return isOver(target)
          ? call('rm', 'deleteTask', { params }, true)
          : call('cancel', 'cancelTask', { params }, true);
      }),
    command: () =>
      targets
        .map((target, at) => `skep task ${isOver(target) ? 'rm' : 'cancel'} ${namesOf(targets)[at] ?? ''}`)
        .join(' && '),
    done: () => `${title}: ${running === 0 ? 'deleted' : 'being cancelled'}`,
  };
}
