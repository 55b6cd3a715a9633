/** Everything that is known about a subject, as text that is kept fresh: records, why, events. */
import type { Yaml } from '../dialogs/edit-dialog.ts';
import type { Page, PageContext } from '../page.ts';
import type { PageFactories } from '../pages.ts';
import { type Subject, subjectName } from '../subject.ts';
import { type Facts, type TextLine, textPage } from '../text-page.ts';
import { answerOf, eventsOf, gap, heading, problemLines, recordLines } from './facts.ts';
import { eventsWant, recordWants, whyWant } from './subject-feeds.ts';
import { eventLines, whyLines } from './why-lines.ts';

export function describePage(subject: Subject, pages: PageFactories): Page {
  const name = subjectName(subject);
  const isCell = subject.kind === 'cell';
  return textPage({
    crumb: `describe(${name})`,
    title: `${subject.kind} ${name}`,
    wants: [...recordWants(subject), isCell ? eventsWant(subject) : whyWant(subject)],
    lines: (facts, context) => [
      ...problemLines(facts),
      ...recordsOf(facts).flatMap(([title, record]) => [
        heading(title),
        ...recordLines(record, context),
        gap,
      ]),
      ...endOf(facts, context),
    ],
    command: () => commandOf(subject),
    more: { raw: () => [{ do: 'open', page: pages.raw(subject) }] },
  });
}

/** The records of a subject with what they are called. */
function recordsOf(facts: Facts): readonly (readonly [string, unknown])[] {
  const records: (readonly [string, unknown])[] = [];
  const cell = answerOf(facts, 'cell', 'getCell');
  if (cell !== undefined) records.push(['Cell', cell]);
  const task = answerOf(facts, 'task', 'getTask');
  if (task !== undefined) records.push(['Task', task]);
  for (const row of answerOf(facts, 'instances', 'listInstances')?.rows ?? [])
    records.push([row.presence === 'ORDINARY' ? 'Instance' : `Instance, ${row.presence}`, row]);
  const lrp = answerOf(facts, 'lrp', 'getLrp');
  if (lrp !== undefined) records.push(['Instances', lrp.counts], ['LRP', lrp.desired]);
  return records;
}

function endOf(facts: Facts, context: PageContext): readonly TextLine[] {
  const why = answerOf(facts, 'why', 'why');
  if (why !== undefined) return [heading('Why'), ...whyLines(why, context)];
  return eventLines(eventsOf(facts), context);
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

/** The records as they are kept, in YAML or JSON. */
export function rawPage(subject: Subject, yaml: Yaml, as: 'yaml' | 'json' = 'yaml'): Page {
  const name = subjectName(subject);
  const other = as === 'yaml' ? 'json' : 'yaml';
  const textOf = (record: unknown): string =>
    as === 'yaml' ? yaml.stringify(record) : JSON.stringify(record, null, 2);
  return textPage({
    crumb: `${as}(${name})`,
    title: `${name} as ${as.toUpperCase()}, y: ${other.toUpperCase()}`,
    wants: recordWants(subject),
    lines: (facts) => [
      ...problemLines(facts),
      ...recordsOf(facts).flatMap(([title, record]) => [
        { text: as === 'yaml' ? `# ${title}` : `// ${title}`, role: 'dim' as const },
        ...textOf(record)
          .trimEnd()
          .split('\n')
          .map((text) => ({ text })),
      ]),
    ],
    command: () => rawCommand(subject, as),
    more: { raw: () => [{ do: 'replace', page: rawPage(subject, yaml, other) }] },
  });
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

/** Why it does not run, or why it is where it is. */
export function whyPage(subject: Subject): Page {
  const name = subjectName(subject);
  return textPage({
    crumb: `why(${name})`,
    title: `why ${name}`,
    wants: subject.kind === 'cell' ? [...recordWants(subject), eventsWant(subject)] : [whyWant(subject)],
    lines: (facts, context) => {
      const why = answerOf(facts, 'why', 'why');
      const cell = answerOf(facts, 'cell', 'getCell');
      return [
        ...problemLines(facts),
        ...(why === undefined ? [] : whyLines(why, context)),
        ...(cell === undefined ? [] : cellWhyLines(cell, context)),
        ...eventLines(eventsOf(facts), context),
      ];
    },
    command: () => `skep why ${name}`,
  });
}

function cellWhyLines(
  cell: NonNullable<ReturnType<typeof cellOf>>,
  _context: PageContext,
): readonly TextLine[] {
  const { presence, used, spec } = cell;
  const { capacity } = presence;
  const free = (has: number, taken: number, unit: string): string =>
    `${has - taken}${unit} of ${has}${unit} are free`;
  const tags = [...presence.requiredTags, ...presence.optionalTags];
  const lines: TextLine[] = [];
  if (!presence.engine.ok)
    lines.push({
      text: `nothing lands here: the engine does not answer: ${presence.engine.reason ?? 'no reason known'}`,
      role: 'bad',
    });
  if (spec?.cordon !== undefined)
    lines.push({ text: `nothing lands here: it is cordoned: ${spec.cordon.reason}`, role: 'warn' });
  if (spec?.drain !== undefined)
    lines.push({ text: `nothing lands here: it is drained: ${spec.drain.reason}`, role: 'warn' });
  if (lines.length === 0) lines.push({ text: 'what fits lands here', role: 'ok' });
  return [
    ...lines,
    { key: 'memory', text: free(capacity.memoryMb, used.memoryMb, ' MB') },
    { key: 'disk', text: free(capacity.diskMb, used.diskMb, ' MB') },
    { key: 'containers', text: free(capacity.containers, used.containers, '') },
    ...(presence.requiredTags.length === 0
      ? []
      : [{ key: 'only with the tags', text: presence.requiredTags.join(' ') }]),
    ...(tags.length === 0 ? [] : [{ key: 'tags it has', text: tags.join(' ') }]),
    { key: 'zone', text: presence.zone },
    { key: 'platform', text: `${presence.os}/${presence.arch}` },
  ];
}

const cellOf = (facts: Facts) => answerOf(facts, 'cell', 'getCell');
