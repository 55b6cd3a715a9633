/** `skep cell show`: one cell, what operators want of it, and what it holds. */
import { Command } from 'commander';
import type { DrainView } from '../../api/core/cell-shapes.ts';
import type { CellView } from '../../api/core/routes.ts';
import { SkepError } from '../../base/core/errors.ts';
import type { CellId } from '../../model/ids.ts';
import { rowLine } from '../core/drain-progress.ts';
import { escapeText } from '../core/escape.ts';
import { formatAge, formatDuration, formatMebibytes } from '../core/format.ts';
import { cellColumns } from '../core/rows.ts';
import { withGlobals } from '../flags.ts';
import type { Host } from '../io.ts';
import { isData, openSession, printData, type Session } from '../session.ts';

const manual = `
Also of a cell that is not present now, if something is known of it.

Example:
  $ skep cell show host-4`;

export function cellShowCommand(host: Host): Command {
  const command = new Command('show')
    .summary('show one cell')
    .description('Shows one cell, what operators want of it, and what it holds.')
    .argument('<cell>', 'CELL')
    .addHelpText('after', manual)
    .action((name: string) => openSession(host, command, (session) => show(session, name as CellId)));
  return withGlobals(command);
}

async function show(session: Session, id: CellId): Promise<undefined> {
  const { client, signal, io } = session;
  const drain = await client.call('getDrain', { params: { id } }, { signal });
  const cell = drain.present ? await presentCell(session, id) : undefined;
  if (isData(session)) await printData(session, { cell, drain });
  else if (session.format === 'name') session.print(id);
  else for (const line of cellLines(cell, drain, io.clock.now())) session.print(line);
}

/** Undefined when it has gone between the two questions. */
async function presentCell({ client, signal }: Session, id: CellId): Promise<CellView | undefined> {
  try {
    return await client.call('getCell', { params: { id } }, { signal });
  } catch (error) {
    if (error instanceof SkepError && error.code === 'ResourceNotFound') return undefined;
    throw error;
  }
}

function cellLines(cell: CellView | undefined, drain: DrainView, now: number): string[] {
  const columns = cellColumns(now).filter(({ title }) => title !== 'WHY');
  const facts =
    cell === undefined
      ? [['CELL', drain.cellId] as const, ['STATE', 'not present'] as const]
      : columns.map((column) => [column.title, column.cell(cell)] as const);
  const { left, rows, spec, remainingMs } = drain;
  const overheadMb = cell?.presence.overheadMemoryMb ?? 0;
  if (overheadMb > 0) facts.push(['OVERHEAD', `${formatMebibytes(overheadMb)} for each container`]);
  facts.push(['HOLDS', `${left.ordinary} ordinary, ${left.evacuating} evacuating, ${left.suspect} suspect`]);
  const said = (by: string, at: number, reason: string): string =>
    `by ${by}, ${formatAge(at, now)} ago${reason === '' ? '' : `: ${reason}`}`;
  if (spec?.cordon !== undefined) {
    facts.push(['CORDONED', said(spec.cordon.by, spec.cordon.at, spec.cordon.reason)]);
  }
  if (spec?.drain !== undefined) {
    const { by, at, reason, deadlineAt, maxParallel } = spec.drain;
    facts.push(['DRAINED', said(by, at, reason)]);
    const pace = [
      ...(maxParallel === undefined ? [] : [`${maxParallel} at a time`]),
      ...(remainingMs === undefined ? [] : [`about ${formatDuration(remainingMs)} to go`]),
    ];
    if (pace.length > 0) facts.push(['PACE', pace.join(', ')]);
    if (deadlineAt !== undefined && !drain.done) {
      facts.push(['DEADLINE', deadlineAt > now ? `in ${formatDuration(deadlineAt - now)}` : 'has passed']);
    }
  }
  const lines = facts.map(([title, text]) => `${title.padEnd(12)}${escapeText(text)}`.trimEnd());
  return spec?.drain === undefined ? lines : [...lines, ...rows.map((row) => `  ${rowLine(row)}`)];
}
