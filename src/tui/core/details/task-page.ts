/** One task: what became of it, its result, why. */
import type { Effect, Page } from '../page.ts';
import type { PageFactories } from '../pages.ts';
import type { Subject, Target } from '../subject.ts';
import { textPage } from '../text-page.ts';
import { answerOf, gap, heading, problemLines, recordLines } from './facts.ts';
import { recordWants, whyWant } from './subject-feeds.ts';
import { whyLines } from './why-lines.ts';

export function taskPage(guid: string, pages: PageFactories): Page {
  const subject: Subject = { kind: 'task', guid };
  const target: Target = { subject, values: {} };
  const open = (page: () => Page) => (): readonly Effect[] => [{ do: 'open', page: page() }];
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
        ...(task === undefined ? [] : [heading(`Task, ${task.state}`), ...recordLines(task, context)]),
        ...(why === undefined ? [] : [gap, heading('Why'), ...whyLines(why, context)]),
      ];
    },
    command: () => `skep task show ${guid}`,
    more: {
      logs: open(() => pages.logs({ target: { task: guid }, tail: 500, previous: false })),
      shell: () => [{ do: 'console', open: { target: guid, task: true, kind: 'shell' } }],
      shellFull: () => [{ do: 'console', open: { target: guid, task: true, kind: 'shell', full: true } }],
      attach: () => [{ do: 'console', open: { target: guid, task: true, kind: 'attach' } }],
      events: open(() => pages.events(subject)),
      why: open(() => pages.why(subject)),
      raw: open(() => pages.raw(subject)),
      delete: () => [{ do: 'dialog', dialog: pages.deleteDialog([target]) }],
    },
  });
}
