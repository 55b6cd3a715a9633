/** `skep top`: what cells and instances use now. */
import { Command } from 'commander';
import { readData } from '../../api/client/data-stream.ts';
import { type StatsSample, statsSampleSchema } from '../../api/core/stats-shapes.ts';
import { pause, withDeadline } from '../../base/clock.ts';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import type { CellId } from '../../model/ids.ts';
import { escapeText } from '../core/escape.ts';
import { exitCodes } from '../core/exit-codes.ts';
import { type Column, renderTable } from '../core/table.ts';
import { parseTarget } from '../core/target.ts';
import {
  containerColumns,
  containerRows,
  hostColumns,
  hostRows,
  type TopOrder,
  topOrders,
} from '../core/top-rows.ts';
import { choiceOption, withGlobals } from '../flags.ts';
import type { Host } from '../io.ts';
import { allPages, findLrp, listInstances } from '../lookup.ts';
import { isData, openSession, printListing, type Session } from '../session.ts';

const firstSampleDeadlineMs = 5_000;
const redrawMs = 1_000;
/** A host is measured by its cell; so many cells fit no screen. */
const maxCells = 256;

const manual = `
CPU of a cell is of all its cores together, of an instance of one core: 200% is two
cores busy. Memory leaves out what the kernel gives back when asked. Nothing is measured
while nobody looks.

Examples:
  $ skep top
  $ skep top hello --sort memory
  $ skep top --once -o json | jq '.[].cpuPercent'`;

interface Flags {
  readonly once?: boolean;
  readonly sort: TopOrder;
}

interface Wanted {
  readonly cells: readonly CellId[];
  /** Undefined: the hosts themselves. */
  readonly isMeant: ((name: string) => boolean) | undefined;
}

export function topCommand(host: Host): Command {
  const command = new Command('top')
    .summary('show what cells or instances use now')
    .description('Shows what cells, or the instances of an LRP, use now.')
    .usage('[OPTIONS] [cells|NAME|NAME/INDEX]')
    .argument('[name]', '"cells" (the default), NAME of an LRP, or NAME/INDEX')
    .option('--once', 'print one sample and end')
    .addOption(choiceOption('--sort <by>', 'what comes first', topOrders).default('cpu'))
    .addHelpText('after', manual)
    .action((name: string | undefined, flags: Flags) =>
      openSession(host, command, (session) => top(session, name ?? 'cells', flags)),
    );
  return withGlobals(command);
}

async function top(session: Session, name: string, flags: Flags): Promise<number> {
  const wanted = name === 'cells' ? await wholeCells(session) : await instancesOf(session, name);
  if (wanted.cells.length > maxCells) {
    const message = `${wanted.cells.length} cells are too many to look at at once (${maxCells} at most)`;
    throw new SkepError('InvalidRequest', message, { hint: 'name an LRP: skep top NAME' });
  }
  const isLive = flags.once !== true && !isData(session) && session.io.stdout.isTTY === true;
  return isLive ? await watch(session, wanted, flags.sort) : await once(session, wanted, flags.sort);
}

async function wholeCells({ client, signal }: Session): Promise<Wanted> {
  const views = await allPages((after) =>
    client.call('listCells', { query: after === undefined ? {} : { after } }, { signal }),
  );
  return { cells: views.map(({ presence }) => presence.cellId), isMeant: undefined };
}

async function instancesOf(session: Session, name: string): Promise<Wanted> {
  const target = parseTarget(name);
  const { guid } = (await findLrp(session, target.name)).desired;
  const instances = await listInstances(session, guid);
  const cells = new Set(instances.flatMap(({ cellId }) => (cellId === undefined ? [] : [cellId])));
  const exact = target.index === undefined ? undefined : `${guid}/${target.index}`;
  const isMeant = (shown: string): boolean =>
    exact === undefined ? shown.startsWith(`${guid}/`) : shown === exact;
  return { cells: [...cells], isMeant };
}

async function once(session: Session, wanted: Wanted, order: TopOrder): Promise<number> {
  const samples: StatsSample[] = [];
  const refusals: unknown[] = [];
  await Promise.all(
    wanted.cells.map(async (cell) => {
      try {
        samples.push(await firstSample(session, cell));
      } catch (error) {
        refusals.push(error);
        if (wanted.cells.length > 1) session.warn(`${escapeText(cell)}: ${escapeText(messageOf(error))}`);
      }
    }),
  );
  if (refusals.length > 0 && samples.length === 0) throw refusals[0];
  for (const problem of problemsOf(samples)) session.note(problem);
  const none = 'Nothing runs that could be measured.';
  if (wanted.isMeant === undefined) {
    const rows = hostRows(samples, order);
    await printListing(session, { columns: hostColumns, rows, nameOf: (row) => row.cellId, none });
  } else {
    const rows = containerRows(samples, wanted.isMeant, order);
    await printListing(session, { columns: containerColumns, rows, nameOf: (row) => row.name, none });
  }
  return refusals.length === 0 ? exitCodes.done : exitCodes.partial;
}

function firstSample(session: Session, cell: CellId): Promise<StatsSample> {
  const { io, signal } = session;
  const late = (): SkepError =>
    new SkepError('Unavailable', `${cell} sent no figures within ${firstSampleDeadlineMs / 1_000} s`);
  return withDeadline(io.clock, firstSampleDeadlineMs, signal, late, async (within) => {
    for await (const sample of samplesOf(session, cell, within)) return sample;
    throw new SkepError('Unavailable', 'the cell sent no figures');
  });
}

/** Until Ctrl-C. A cell that is lost is named below the table, and asked again with the next picture. */
async function watch(session: Session, wanted: Wanted, order: TopOrder): Promise<number> {
  const { io, signal } = session;
  const latest = new Map<string, StatsSample>();
  const lost = new Map<string, string>();
  const follow = async (cell: CellId): Promise<void> => {
    while (!signal.aborted) {
      try {
        for await (const sample of samplesOf(session, cell, signal)) {
          latest.set(cell, sample);
          lost.delete(cell);
        }
      } catch (error) {
        latest.delete(cell);
        lost.set(cell, messageOf(error));
      }
      await pause(io.clock, redrawMs, signal);
    }
  };
  const following = wanted.cells.map(follow);
  let drawn = 0;
  while (!signal.aborted) {
    const lines = picture(session, wanted, order, [...latest.values()], lost);
    const up = drawn === 0 ? '' : `\r\u001b[${drawn}A\u001b[J`;
    io.stdout.write(`${up}${lines.join('\n')}\n`);
    drawn = lines.length;
    await pause(io.clock, redrawMs, signal);
  }
  await Promise.all(following);
  return exitCodes.done;
}

function picture(
  session: Session,
  { isMeant }: Wanted,
  order: TopOrder,
  samples: readonly StatsSample[],
  lost: ReadonlyMap<string, string>,
): string[] {
  const { io, flags, format } = session;
  const width = io.stdout.columns;
  const table = <T>(columns: readonly Column<T>[], rows: readonly T[]): string[] =>
    renderTable(columns, rows, { headers: flags.headers, wide: format === 'wide', maxWidth: width });
  const lines =
    isMeant === undefined
      ? table(hostColumns, hostRows(samples, order))
      : table(containerColumns, containerRows(samples, isMeant, order));
  const notes = [
    ...problemsOf(samples),
    ...[...lost].map(([cell, why]) => `${escapeText(cell)}: ${escapeText(why)}`),
  ];
  const all = [...lines, ...notes.map((note) => note.slice(0, width))];
  const room = Math.max(2, (io.stdout.rows ?? 24) - 1);
  return all.length <= room ? all : [...all.slice(0, room - 1), `… and ${all.length - room + 1} more`];
}

async function* samplesOf(
  { client }: Session,
  cell: CellId,
  signal: AbortSignal,
): AsyncGenerator<StatsSample> {
  const socket = await client.openStream({ kind: 'stats', cell }, { signal });
  const stop = (): void => socket.close();
  signal.addEventListener('abort', stop, { once: true });
  try {
    yield* readData(socket, statsSampleSchema);
  } finally {
    signal.removeEventListener('abort', stop);
    socket.close();
  }
}

function problemsOf(samples: readonly StatsSample[]): string[] {
  return samples.flatMap(({ cellId, problem }) =>
    problem === '' ? [] : [`${escapeText(cellId)}: not all could be measured: ${escapeText(problem)}`],
  );
}
