/** One task: what became of it, its result, why. */
import type { Task } from '../../../model/task.ts';
import type { Effect, Page } from '../page.ts';
import type { PageFactories } from '../pages.ts';
import type { Subject, Target } from '../subject.ts';
import { type Facts, textPage } from '../text-page.ts';
import { taskLines } from './describe-workload.ts';
import { answerOf, gap, heading, problemLines } from './facts.ts';
import { recordWants, whyWant } from './subject-feeds.ts';
import { whyLines } from './why-lines.ts';

export function taskPage(guid: string, pages: PageFactories): Page {
  const subject: Subject = { kind: 'task', guid };
  const open = (page: () => Page) => (): readonly Effect[] => [{ do: 'open', page: page() }];
  const console = (kind: 'shell' | 'attach', full: boolean) => (): readonly Effect[] => [
    { do: 'console', open: { target: guid, task: true, kind, ...(full ? { full } : {}) } },
  ];
  return textPage({
    kind: 'task',
    crumb: `task(${guid})`,
    title: `task ${guid}`,
    wants: [...recordWants(subject), whyWant(subject)],
    lines: (facts, context) => {
      const task = answerOf(facts, 'task', 'getTask');
      const why = answerOf(facts, 'why', 'why');
      return [
        ...problemLines(facts),
        ...(why === undefined ? [] : [...whyLines(why, context), gap]),
        ...(task === undefined ? [] : [heading('Task'), ...taskLines(task, context)]),
      ];
    },
    command: () => `skep task show ${guid}`,
    more: {
      logs: open(() => pages.logs({ target: { task: guid }, tail: 500, previous: false })),
      shell: console('shell', false),
      shellFull: console('shell', true),
      attach: console('attach', false),
      delete: (facts) => [{ do: 'dialog', dialog: pages.deleteDialog([targetOf(subject, facts)]) }],
      events: open(() => pages.events(subject)),
      why: open(() => pages.why(subject)),
      describe: open(() => pages.describe(subject)),
      raw: open(() => pages.raw(subject)),
    },
  });
}

/** With the state as the list of tasks calls it: whether it is cancelled or deleted hangs on it. */
function targetOf(subject: Subject, facts: Facts): Target {
  const task = answerOf(facts, 'task', 'getTask');
  return { subject, values: task === undefined ? {} : { state: stateOf(task) } };
}

const stateOf = ({ state, failed }: Task): string =>
  state !== 'COMPLETED' ? state : failed ? 'FAILED' : 'SUCCEEDED';
