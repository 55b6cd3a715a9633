/** What is known about an instance's record, in lines of keys and values. */
import type { ActualLrp } from '../../../model/actual-lrp.ts';
import type { LogLine, PageContext } from '../page.ts';
import type { TextLine } from '../text-page.ts';
import { gap, timeText } from './facts.ts';

export function factLines(record: ActualLrp, context: PageContext): readonly TextLine[] {
  const { state, presence, netInfo } = record;
  const bad = state === 'CRASHED' || presence === 'SUSPECT';
  const word = presence === 'ORDINARY' ? state : `${state}, ${presence}`;
  const health = state !== 'RUNNING' ? '' : record.routable ? 'ready' : 'runs, but is not ready';
  const ports = netInfo?.ports.map(
    ({ containerPort, hostPort }) => `${netInfo.address}:${hostPort} to ${containerPort}`,
  );
  const lines: (TextLine | undefined)[] = [
    { key: 'state', text: `${word} since ${timeText(record.since, context)}`, role: bad ? 'bad' : 'strong' },
    health === '' ? undefined : { key: 'health', text: health, role: record.routable ? 'ok' : 'warn' },
    record.checkOutput ? { key: 'check says', text: record.checkOutput, role: 'warn' } : undefined,
    record.cellId === undefined ? undefined : { key: 'cell', text: record.cellId },
    ports === undefined || ports.length === 0 ? undefined : { key: 'ports', text: ports.join(', ') },
    netInfo === undefined ? undefined : { key: 'address', text: netInfo.instanceAddress },
    record.retire === undefined ? undefined : { key: 'stopping', text: record.retire.reason, role: 'warn' },
    record.placementError === undefined
      ? undefined
      : { key: 'no place', text: record.placementError.message, role: 'bad' },
    record.containerId === undefined
      ? undefined
      : { key: 'container', text: record.containerId.slice(0, 12) },
    record.instanceGuid === undefined ? undefined : { key: 'guid', text: record.instanceGuid },
  ];
  return lines.filter((line): line is TextLine => line !== undefined);
}

export function crashLines(
  record: ActualLrp | undefined,
  lastLines: readonly LogLine[],
): readonly TextLine[] {
  if (record === undefined || record.crashCount === 0) return [];
  const last = lastLines.map(({ text }): TextLine => ({ text: `  ${text}`, role: 'dim' }));
  return [
    gap,
    {
      key: 'crashes',
      text: `${record.crashCount} in a row; last: ${record.crashReason ?? 'no reason known'}`,
      role: 'bad',
    },
    ...(last.length === 0 ? [] : [{ text: 'Its last lines:', role: 'text' as const }, ...last]),
  ];
}
