/** The answer to "why" in lines: the sentence first, then what each instance lacks, then why it is where it is. */
import type { Why } from '../../../api/core/routes.ts';
import type { JournalEvent } from '../../../model/event.ts';
import { instanceName } from '../../../model/instance-name.ts';
import { formatAge } from '../columns-format.ts';
import type { PageContext } from '../page.ts';
import type { TextLine } from '../text-page.ts';
import { gap, heading, recordLines } from './facts.ts';

const eventsShown = 20;

export function whyLines(why: Why, context: PageContext): readonly TextLine[] {
  return [
    { text: why.summary, role: 'strong' },
    ...why.instances.flatMap((each) => instanceLines(each)),
    ...taskLines(why.task),
    ...standingLines(why, context),
    ...eventLines(why.events.slice(0, eventsShown), context),
  ];
}

function instanceLines({ actual, summary, hint }: Why['instances'][number]): readonly TextLine[] {
  const name = instanceName(actual.guid, actual.index);
  const bad = actual.state === 'CRASHED' || actual.placementError !== undefined;
  const lines: TextLine[] = [
    gap,
    { text: `${name} ${actual.state}: ${summary}`, role: bad ? 'bad' : 'text' },
  ];
  if (hint !== undefined) lines.push({ text: `  ${hint}`, role: 'hint' });
  const { placementError } = actual;
  if (placementError === undefined) return lines;
  for (const [filter, count] of Object.entries(placementError.counts))
    lines.push({ text: `  ${count} of ${placementError.cells} cells: ${filter}` });
  const { nearest, change } = placementError;
  if (nearest !== undefined)
    lines.push({ text: `  nearest is ${nearest.cellId}: it lacks ${nearest.lacks}` });
  if (change !== undefined) lines.push({ text: `  would fit with: ${change}`, role: 'ok' });
  return lines;
}

function taskLines(task: Why['task']): readonly TextLine[] {
  if (task === undefined) return [];
  const hint = task.hint === undefined ? [] : [{ text: `  ${task.hint}`, role: 'hint' as const }];
  return [gap, { text: task.summary }, ...hint];
}

function standingLines({ standing }: Why, context: PageContext): readonly TextLine[] {
  if (standing === undefined) return [];
  return [gap, heading('Why it is there'), ...recordLines(standing, context)];
}

export function eventLines(events: readonly JournalEvent[], context: PageContext): readonly TextLine[] {
  if (events.length === 0) return [];
  const rows = [...events]
    .sort((a, b) => b.at - a.at)
    .map(({ at, type, message, actor, cellId }): TextLine => {
      const by = actor === undefined ? '' : ` (${actor})`;
      const where = cellId === undefined ? '' : ` on ${cellId}`;
      const role = /crashed|lost|unplaced|stuck|suspect/.test(type) ? 'warn' : 'text';
      return { key: `${formatAge(context.now - at)} ago`, text: `${type}${where}: ${message}${by}`, role };
    });
  return [gap, heading('Events'), ...rows];
}
