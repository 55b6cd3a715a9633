/** Everything that is known about a subject in words, why it is as it is, and its exact records: pages of text. */
import type { ViewMessage, ViewRow } from '../../../api/core/view-shapes.ts';
import { instanceName } from '../../../model/instance-name.ts';
import type { Yaml } from '../dialogs/edit-dialog.ts';
import type { Effect, Page, PageContext } from '../page.ts';
import type { PageFactories } from '../pages.ts';
import { type Subject, subjectName } from '../subject.ts';
import { type Facts, type TextLine, type TextSpec, textPage } from '../text-page.ts';
import { cannotLandLines, cellLines } from './describe-cell.ts';
import { lrpLines, taskLines } from './describe-workload.ts';
import { eventLines } from './event-lines.ts';
import { answerOf, eventsOf, gap, heading, problemLines } from './facts.ts';
import { crashLines, factLines } from './instance-lines.ts';
import { eventsWant, largestWant, recordWants, whyWant } from './subject-feeds.ts';
import { whyLines } from './why-lines.ts';

export function describePage(subject: Subject, pages: PageFactories): Page {
  const name = subjectName(subject);
  const isCell = subject.kind === 'cell';
  return textPage({
    crumb: `describe(${name})`,
    title: `${subject.kind === 'lrp' ? 'LRP' : subject.kind} ${name}`,
    wants: [...recordWants(subject), isCell ? eventsWant(subject) : whyWant(subject)],
    lines: (facts, context) => [
      ...problemLines(facts),
      ...describedLines(facts, context),
      ...endLines(facts, context, name),
    ],
    command: () => commandOf(subject),
    more: {
      raw: () => open(pages.raw(subject)),
      why: () => open(pages.why(subject)),
      events: () => open(pages.events(subject)),
    },
  });
}

const open = (page: Page): readonly Effect[] => [{ do: 'open', page }];

function describedLines(facts: Facts, context: PageContext): readonly TextLine[] {
  const cell = answerOf(facts, 'cell', 'getCell');
  const task = answerOf(facts, 'task', 'getTask');
  const lrp = answerOf(facts, 'lrp', 'getLrp');
  const instances = answerOf(facts, 'instances', 'listInstances')?.rows ?? [];
  return [
    ...(cell === undefined ? [] : cellLines(cell, context)),
    ...(task === undefined ? [] : taskLines(task, context)),
    ...instances.flatMap((record) => [
      heading(`Instance ${instanceName(record.guid, record.index)}`),
      ...factLines(record, context),
      ...crashLines(record, [], context),
      gap,
    ]),
    ...(lrp === undefined ? [] : [heading(`LRP ${lrp.desired.guid}`), ...lrpLines(lrp, context)]),
  ];
}

function endLines(facts: Facts, context: PageContext, name: string): readonly TextLine[] {
  const why = answerOf(facts, 'why', 'why');
  if (why !== undefined) return [gap, heading('Why'), ...whyLines(why, context)];
  const events = eventLines(eventsOf(facts), context, name);
  return events.length === 0 ? [] : [gap, heading('Events'), ...events];
}

function commandOf(subject: Subject): string {
  const name = subjectName(subject);
  switch (subject.kind) {
    case 'cell':
      return `skep cell show ${name}`;
    case 'task':
      return `skep task show ${name}`;
    default:
      return `skep why ${name}`;
  }
}

/** The records exactly as the API answers them, in YAML: one document, which can be parsed again. `raw` switches to JSON. */
export const rawPage = (subject: Subject, yaml: Yaml): Page => rawAs(subject, yaml, 'yaml');

function rawAs(subject: Subject, yaml: Yaml, as: 'yaml' | 'json', known?: Facts): Page {
  const name = subjectName(subject);
  const other = as === 'yaml' ? 'json' : 'yaml';
  const textOf = (record: unknown): string =>
    as === 'yaml' ? yaml.stringify(record) : JSON.stringify(record, null, 2);
  const spec: TextSpec = {
    crumb: `${as}(${name})`,
    title: `${name} as ${as.toUpperCase()}, y: ${other.toUpperCase()}`,
    wants: recordWants(subject).slice(0, 1),
    lines: (facts) => {
      const record = rawOf(facts);
      if (record === undefined) return problemLines(facts);
      const lines = textOf(record).trimEnd().split('\n');
      return [...problemLines(facts), ...lines.map((text): TextLine => ({ text }))];
    },
    command: () => rawCommand(subject, as),
    more: { raw: (facts) => [{ do: 'replace', page: rawAs(subject, yaml, other, facts) }] },
  };
  return textPage(spec, known);
}

/** Of an instance its one record, or all where a successor is on its way. */
function rawOf(facts: Facts): unknown {
  const rows = answerOf(facts, 'instances', 'listInstances')?.rows;
  if (rows !== undefined) return rows.length === 1 ? rows[0] : rows;
  return (
    answerOf(facts, 'cell', 'getCell') ??
    answerOf(facts, 'task', 'getTask') ??
    answerOf(facts, 'lrp', 'getLrp')
  );
}

function rawCommand(subject: Subject, as: string): string {
  const name = subjectName(subject);
  switch (subject.kind) {
    case 'cell':
      return `skep cell show ${name} -o ${as}`;
    case 'task':
      return `skep task show ${name} -o ${as}`;
    default:
      return `skep ps ${name} -o ${as}`;
  }
}

/** Why it does not run, or why it is where it is; of a cell what cannot land there. */
export function whyPage(subject: Subject): Page {
  const name = subjectName(subject);
  const isCell = subject.kind === 'cell';
  return textPage({
    crumb: `why(${name})`,
    title: isCell ? `what cannot land on ${name}` : `why ${name}`,
    wants: isCell ? [...recordWants(subject), largestWant, eventsWant(subject)] : [whyWant(subject)],
    lines: (facts, context) => {
      const why = answerOf(facts, 'why', 'why');
      const cell = answerOf(facts, 'cell', 'getCell');
      const events = eventLines(eventsOf(facts), context, name);
      return [
        ...problemLines(facts),
        ...(why === undefined ? [] : whyLines(why, context)),
        ...(cell === undefined ? [] : cannotLandLines(cell, largestOf(facts), context)),
        ...(events.length === 0 ? [] : [gap, heading('Events'), ...events]),
      ];
    },
    command: () => (isCell ? `skep cell show ${name}` : `skep why ${name}`),
  });
}

function largestOf({ answers }: Facts): readonly ViewRow[] {
  const message = answers[largestWant.id] as Extract<ViewMessage, { type: 'rows' }> | undefined;
  return (message?.rows ?? []).filter((row): row is ViewRow => typeof row !== 'string');
}
