/** What is known about an instance's record, in lines of keys and values. */
import type { ActualLrp } from '../../../model/actual-lrp.ts';
import type { LogLine, PageContext } from '../page.ts';
import type { TextLine } from '../text-page.ts';
import { gap, heading, timeText } from './facts.ts';

export function factLines(record: ActualLrp, context: PageContext): readonly TextLine[] {
  const { state, presence, netInfo, retire } = record;
  const bad = state === 'CRASHED' || presence === 'SUSPECT';
  const word = presence === 'ORDINARY' ? state : `${state}, ${presence}`;
  const ports = netInfo?.ports.map(
    ({ containerPort, hostPort }) => `${netInfo.address}:${hostPort} to ${containerPort}`,
  );
  const lines: (TextLine | undefined)[] = [
    { key: 'state', text: `${word} since ${timeText(record.since, context)}`, role: bad ? 'bad' : 'strong' },
    healthLine(record),
    fact('check said', record.checkOutput, 'warn'),
    fact('cell', record.cellId),
    fact('ports', ports?.join(', ')),
    fact('address', netInfo?.instanceAddress),
    retire === undefined
      ? undefined
      : {
          key: 'stopping',
          text: `since ${timeText(retire.since, context)}: ${retire.reason}${retire.overdueAt === undefined ? '' : '; the cell has not done it in time'}`,
          role: 'warn',
        },
    fact('no place', record.placementError?.message, 'bad'),
    fact('container', record.containerId?.slice(0, 12)),
    fact('guid', record.instanceGuid),
  ];
  return lines.filter((line): line is TextLine => line !== undefined);
}

const fact = (
  key: string,
  text: string | undefined,
  role: TextLine['role'] = 'text',
): TextLine | undefined => (text === undefined || text === '' ? undefined : { key, text, role });

/** What its checks say: of liveness while it starts, of readiness once it runs. */
function healthLine({ state, routable }: ActualLrp): TextLine | undefined {
  if (state === 'CLAIMED') return { key: 'health', text: 'starting: not healthy yet', role: 'warn' };
  if (state !== 'RUNNING') return undefined;
  return routable
    ? { key: 'health', text: 'healthy and ready', role: 'ok' }
    : { key: 'health', text: 'healthy, but not ready: nothing is routed to it', role: 'warn' };
}

/** The last crash with what it said, and where it crashed before; nothing for one that never did. */
export function crashLines(
  record: ActualLrp | undefined,
  lastLines: readonly LogLine[],
  context: PageContext,
): readonly TextLine[] {
  if (record === undefined || record.crashCount === 0) return [];
  const { crashCount, crashReason = 'no reason known', crashes = [] } = record;
  const last = lastLines.map(({ text }): TextLine => ({ text: `  ${text}`, role: 'dim' }));
  return [
    gap,
    heading('Crashes'),
    { key: 'last', text: crashReason, role: 'bad' },
    { key: 'in a row', text: String(crashCount) },
    ...[...crashes]
      .sort((a, b) => b.at - a.at)
      .slice(0, 5)
      .map(({ cellId, at }, place) => ({
        key: place === 0 ? 'lately' : '',
        text: `on ${cellId} ${timeText(at, context)}`,
      })),
    ...(last.length === 0 ? [] : [{ text: 'Its last lines:', role: 'text' as const }, ...last]),
  ];
}
