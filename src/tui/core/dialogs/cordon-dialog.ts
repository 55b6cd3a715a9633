/** Nothing new on some cells, and the end of that or of a drain. */
import type { CellId } from '../../../model/ids.ts';
import { call, type Page } from '../page.ts';
import type { Target } from '../subject.ts';
import { actionDialog } from './action-dialog.ts';
import { namesOf, targetLines, titleOf } from './targets.ts';

export function cordonDialog(targets: readonly Target[]): Page {
  const cells = namesOf(targets) as readonly CellId[];
  const title = titleOf(targets, 'cells');
  return actionDialog({
    title: `Cordon ${title}`,
    verb: 'Cordon',
    danger: false,
    fields: [
      {
        id: 'reason',
        label: 'reason',
        initial: '',
        problem: (text) => (text.length > 1_024 ? 'at most 1,024 characters' : undefined),
      },
    ],
    about: () => [
      ...targetLines(targets),
      { text: 'Nothing new is placed there. What runs stays.', role: 'text' },
    ],
    act: ({ reason = '' }) =>
      cells.map((id) => call('cordon', 'cordonCell', { params: { id }, body: { reason } }, true)),
    command: ({ reason }) =>
      `skep cell cordon ${cells.join(' ')}${reason ? ` --reason '${reason.replaceAll("'", "'\\''")}'` : ''}`,
    done: () => `${title}: nothing new is placed there`,
  });
}

export function uncordonDialog(targets: readonly Target[]): Page {
  const cells = namesOf(targets) as readonly CellId[];
  const title = titleOf(targets, 'cells');
  const isDrained = ({ values }: Target): boolean =>
    values['state'] === 'draining' || values['state'] === 'drained';
  const draining = targets.filter(isDrained).length;
  return actionDialog({
    title: `Uncordon ${title}`,
    verb: 'Uncordon',
    danger: false,
    fields: [],
    about: () => [
      ...targetLines(targets),
      {
        text: 'New work may be placed there again. What has left does not come back by itself.',
        role: 'text',
      },
      ...(draining === 0
        ? []
        : [{ text: 'The drain ends: what has not left stays.', role: 'warn' as const }]),
    ],
    act: () =>
      targets.map((target, at) => {
        const params = { id: cells[at] as CellId };
        return isDrained(target)
          ? call('undrain', 'undrainCell', { params }, true)
          : call('uncordon', 'uncordonCell', { params }, true);
      }),
    command: () =>
      targets
        .map((target, at) => `skep cell ${isDrained(target) ? 'undrain' : 'uncordon'} ${cells[at] ?? ''}`)
        .join(' && '),
    done: () => `${title}: work is placed there again`,
  });
}
