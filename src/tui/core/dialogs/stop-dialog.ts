/** No instances, the definition kept. */
import { call, type Page } from '../page.ts';
import type { Target } from '../subject.ts';
import { actionDialog } from './action-dialog.ts';
import { countOf, guidOf, namesOf, targetLines, titleOf, typedFor } from './targets.ts';

export function stopDialog(targets: readonly Target[]): Page {
  const total = targets.reduce((sum, target) => sum + (countOf(target, 'running') ?? 0), 0);
  const title = titleOf(targets, 'LRPs');
  const back =
    targets.length === 1
      ? `: skep scale ${title} ${countOf(targets[0] as Target, 'desired') ?? 'N'} brings it back`
      : '';
  return actionDialog({
    title: `Stop ${title}`,
    verb: 'Stop',
    danger: true,
    fields: [],
    ...(total > 1 ? { typed: typedFor(targets) } : {}),
    about: () => [
      ...targetLines(targets),
      { text: `All instances stop (${total} run now). The definition stays${back}.`, role: 'text' },
    ],
    act: () =>
      targets.map(({ subject }) =>
        call('stop', 'updateLrp', { params: { guid: guidOf(subject) }, body: { instances: 0 } }, true),
      ),
    command: () =>
      namesOf(targets)
        .map((name) => `skep stop ${name}`)
        .join(' && '),
    done: () => `${title} is stopping`,
  });
}
