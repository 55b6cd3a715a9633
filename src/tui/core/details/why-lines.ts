/** The answer to "why" in lines: the sentence first, then what each instance lacks, then why it is where it is. */
import type { Why } from '../../../api/core/routes.ts';
import { type StandingRow, standingColumns, standingSentences } from '../../../api/core/standing-text.ts';
import { type WhyGroup, whyGroups } from '../../../api/core/why-groups.ts';
import type { Refusal } from '../../../model/actual-lrp.ts';
import type { PageContext } from '../page.ts';
import type { TextLine } from '../text-page.ts';
import { eventLines } from './event-lines.ts';
import { gap, heading } from './facts.ts';
import { tableLines } from './text-table.ts';

const eventsShown = 20;

export function whyLines(why: Why, context: PageContext): readonly TextLine[] {
  const events = eventLines(why.events.slice(-eventsShown), context, why.subject);
  return [
    { text: why.summary, role: 'strong' },
    ...whyGroups(why.instances).flatMap((each) => instanceLines(each, why.summary)),
    ...taskLines(why),
    ...standingLines(why),
    ...(events.length === 0 ? [] : [gap, heading('Events'), ...events]),
  ];
}

/** What the sentence at the top has said already is not said again. */
function instanceLines({ name, first, count }: WhyGroup, said: string): readonly TextLine[] {
  const { actual, summary, hint } = first;
  const bad = actual.state === 'CRASHED' || actual.placementError !== undefined;
  const isSaid = count === 1 && (summary === said || said.endsWith(`${name} ${summary}`));
  const lines: TextLine[] = isSaid ? [] : [gap, { text: `${name} ${summary}`, role: bad ? 'bad' : 'text' }];
  if (hint !== undefined) lines.push({ text: `  ${hint}`, role: 'hint' });
  return actual.placementError === undefined ? lines : [...lines, ...refusalLines(actual.placementError)];
}

/** How many cells each rule refused; the cell that came nearest is in the sentence. */
function refusalLines({ counts, cells }: Refusal): readonly TextLine[] {
  const all = Object.entries(counts).sort(([, a], [, b]) => b - a);
  const width = String(cells).length;
  return all.map(([filter, count]) => ({
    text: `  ${String(count).padStart(width)} of ${cells} cells: ${filter}`,
  }));
}

function taskLines({ task, summary }: Why): readonly TextLine[] {
  if (task === undefined) return [];
  const lines: TextLine[] =
    task.summary === summary ? [] : [gap, { text: `The task of this name ${task.summary}` }];
  if (task.hint !== undefined) lines.push({ text: `  ${task.hint}`, role: 'hint' });
  return [
    ...lines,
    ...(task.task.placementError === undefined ? [] : refusalLines(task.task.placementError)),
  ];
}

/** The cells that would take it, the lowest score first; nothing for what has no cell. */
export function standingLines({ standing }: Pick<Why, 'standing'>): readonly TextLine[] {
  if (standing === undefined) return [];
  const { ranking } = standing;
  const table = tableLines<StandingRow>(standingColumns(ranking), ranking, ({ isHere }) =>
    isHere ? 'strong' : 'text',
  );
  return [
    gap,
    heading('Why it is there'),
    ...standingSentences(standing).map((text) => ({ text })),
    ...table.map((line) => ({ ...line, text: `  ${line.text}` })),
  ];
}
