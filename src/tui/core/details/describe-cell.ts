/** A cell in words with units: what it is, what is taken, and what cannot land there. */
import { spanOf } from '../../../api/core/age.ts';
import type { CellView } from '../../../api/core/routes.ts';
import type { ViewRow } from '../../../api/core/view-shapes.ts';
import { formatMb, grouped } from '../columns-format.ts';
import type { PageContext } from '../page.ts';
import type { TextLine } from '../text-page.ts';
import { gap, heading, timeText } from './facts.ts';

/** As the list of cells calls it. */
export function cellState(cell: CellView | undefined): string {
  if (cell === undefined) return 'unknown';
  const { presence, spec } = cell;
  if (!presence.engine.ok) return 'engine down';
  if (spec?.drain !== undefined) return spec.drain.doneAt === undefined ? 'draining' : 'drained';
  return spec?.cordon === undefined ? 'ready' : 'cordoned';
}

export function cellLines(cell: CellView, context: PageContext): readonly TextLine[] {
  const { presence } = cell;
  const labels = Object.entries(presence.labels).map(([name, value]) => `${name}=${value}`);
  const optional = (key: string, text: string): readonly TextLine[] => (text === '' ? [] : [{ key, text }]);
  return [
    { key: 'state', text: cellState(cell), role: 'strong' },
    ...obstacleLines(cell, context),
    { key: 'runs', text: `${grouped(cell.instances)} instances, ${grouped(cell.tasks)} tasks` },
    ...roomLines(cell),
    { key: 'zone', text: presence.zone },
    ...optional('labels', labels.join(' ')),
    ...tagLines(cell),
    ...optional('volume drivers', presence.volumeDrivers.join(' ')),
    { key: 'platform', text: `${presence.os}/${presence.arch}, ${presence.engine.name}` },
    ...optional('runtimes', presence.runtimes.join(' ')),
    { key: 'address', text: presence.address },
    {
      key: 'agent',
      text: `version ${presence.version}, here since ${timeText(presence.registeredAt, context)}`,
    },
  ];
}

/** @param largest LRPs, the largest first, as the view of LRPs says */
export function cannotLandLines(
  cell: CellView,
  largest: readonly ViewRow[],
  context: PageContext,
): readonly TextLine[] {
  const obstacles = obstacleLines(cell, context);
  const tags = cell.presence.requiredTags;
  return [
    ...(obstacles.length === 0 ? [{ text: 'What fits lands here.', role: 'ok' as const }] : obstacles),
    ...(tags.length === 0
      ? []
      : [{ text: `Only what asks for the tags ${tags.join(' ')}.`, role: 'warn' as const }]),
    gap,
    heading('Room'),
    ...roomLines(cell),
    ...tagLines(cell),
    { key: 'zone', text: cell.presence.zone },
    { key: 'platform', text: `${cell.presence.os}/${cell.presence.arch}` },
    ...tooLargeLines(cell, largest),
  ];
}

/** Why nothing new is placed here at all; none when something may be. */
function obstacleLines({ presence, spec }: CellView, context: PageContext): readonly TextLine[] {
  const lines: TextLine[] = [];
  const { engine } = presence;
  if (!engine.ok)
    lines.push({
      text: `Nothing lands here: the engine does not answer: ${engine.reason ?? 'no reason known'}`,
      role: 'bad',
    });
  const drained = spec?.drain?.doneAt === undefined ? 'being drained' : 'drained';
  for (const [what, order] of [
    ['cordoned', spec?.cordon],
    [drained, spec?.drain],
  ] as const) {
    if (order === undefined) continue;
    const reason = order.reason === '' ? '' : `: ${order.reason}`;
    const when = `asked for ${timeText(order.at, context)} by ${order.by}`;
    lines.push({ text: `Nothing lands here: ${what}, ${when}${reason}`, role: 'warn' });
  }
  const deadlineAt = spec?.drain?.doneAt === undefined ? spec?.drain?.deadlineAt : undefined;
  if (deadlineAt !== undefined)
    lines.push({
      text: `What has not left in ${spanOf(deadlineAt - context.now)} is stopped.`,
      role: 'warn',
    });
  return lines;
}

function roomLines({ presence, used }: CellView): readonly TextLine[] {
  const { capacity, overheadMemoryMb = 0 } = presence;
  const room = (key: string, has: number, taken: number, say: (amount: number) => string): TextLine => ({
    key,
    text: `${say(Math.max(0, has - taken))} free of ${say(has)}${taken > has ? `, ${say(taken - has)} too much is promised` : ''}`,
    role: taken >= has ? 'bad' : 'text',
  });
  return [
    room('memory', capacity.memoryMb, used.memoryMb, formatMb),
    room('disk', capacity.diskMb, used.diskMb, formatMb),
    room('containers', capacity.containers, used.containers, grouped),
    ...(overheadMemoryMb === 0
      ? []
      : [{ key: 'overhead', text: `${formatMb(overheadMemoryMb)} of memory for each container` }]),
  ];
}

function tagLines({ presence: { requiredTags, optionalTags } }: CellView): readonly TextLine[] {
  return [
    ...(requiredTags.length === 0 ? [] : [{ key: 'required tags', text: requiredTags.join(' ') }]),
    ...(optionalTags.length === 0 ? [] : [{ key: 'optional tags', text: optionalTags.join(' ') }]),
  ];
}

/** Those of the largest LRPs whose instances need more memory than is free. */
function tooLargeLines({ presence, used }: CellView, largest: readonly ViewRow[]): readonly TextLine[] {
  const free = presence.capacity.memoryMb - used.memoryMb - (presence.overheadMemoryMb ?? 0);
  const large = largest.filter(({ values }) => Number(values['memoryMb'] ?? 0) > free);
  if (large.length === 0) return [];
  return [
    gap,
    heading('Too large for the memory that is free'),
    ...large.map(({ key, values }) => ({
      key,
      text: `${formatMb(Number(values['memoryMb'] ?? 0))} an instance`,
    })),
  ];
}
