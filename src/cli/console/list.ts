/** `skep console ls`: the consoles that cells keep. */
import { Command } from 'commander';
import { listConsoles } from '../../api/client/console-sessions.ts';
import { type ConsoleInfo, type ConsoleList, consoleRuns } from '../../api/core/console-shapes.ts';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import type { CellId } from '../../model/ids.ts';
import { escapeText } from '../core/escape.ts';
import { exitCodes } from '../core/exit-codes.ts';
import { formatAge } from '../core/format.ts';
import type { Column } from '../core/table.ts';
import { parseTarget } from '../core/target.ts';
import { withGlobals } from '../flags.ts';
import type { Host } from '../io.ts';
import { allPages, findLrp, listInstances } from '../lookup.ts';
import { openSession, printListing, type Session } from '../session.ts';

const manual = `
A console without a client is kept for ten minutes. LOOKING is how many clients it has.

Examples:
  $ skep console ls
  $ skep console ls hello
  $ skep console ls --cell host-4 -o json`;

export function consoleListCommand(host: Host): Command {
  const command = new Command('ls')
    .summary('list consoles')
    .description('Lists the consoles of an LRP, of a cell, or all.')
    .argument('[name]', 'NAME of an LRP, or NAME/INDEX')
    .option('--cell <cell>', 'only those of this cell')
    .addHelpText('after', manual)
    .action((name: string | undefined, flags: { cell?: string }) =>
      openSession(host, command, (session) => list(session, name, flags.cell)),
    );
  return withGlobals(command);
}

async function list(session: Session, name: string | undefined, cell: string | undefined): Promise<number> {
  if (name !== undefined && cell !== undefined) {
    throw new SkepError('InvalidRequest', 'NAME and --cell: give one of the two', { field: '--cell' });
  }
  const wanted = name === undefined ? undefined : await lrpConsoles(session, name);
  const cells = wanted?.cells ?? (cell === undefined ? await allCells(session) : [cell as CellId]);
  const { lists, failed } = await askCells(session, cells);
  const rows = lists
    .flatMap(({ consoles }) => consoles)
    .filter(({ target }) => wanted?.isMeant(target) ?? true)
    .sort((a, b) => a.openedAt - b.openedAt);
  await printListing(session, {
    columns: columns(session.io.clock.now()),
    rows,
    nameOf: (info) => info.session,
    none: 'No console is open. Open one: skep console NAME',
  });
  return failed === 0 ? exitCodes.done : exitCodes.partial;
}

async function lrpConsoles(session: Session, name: string) {
  const target = parseTarget(name);
  const { guid } = (await findLrp(session, target.name)).desired;
  const instances = await listInstances(session, guid);
  const cells = new Set(instances.flatMap(({ cellId }) => (cellId === undefined ? [] : [cellId])));
  const exact = target.index === undefined ? undefined : `${guid}/${target.index}`;
  return {
    cells: [...cells],
    isMeant: (shown: string) => (exact === undefined ? shown.startsWith(`${guid}/`) : shown === exact),
  };
}

async function allCells({ client, signal }: Session): Promise<CellId[]> {
  const views = await allPages((after) =>
    client.call('listCells', { query: after === undefined ? {} : { after } }, { signal }),
  );
  return views.map(({ presence }) => presence.cellId);
}

/** A cell that does not answer is named on standard error; the others are listed all the same. */
async function askCells(
  session: Session,
  cells: readonly CellId[],
): Promise<{ readonly lists: readonly ConsoleList[]; readonly failed: number }> {
  const { client, signal, io } = session;
  const { lists, failures } = await listConsoles({ client, signal, clock: io.clock }, cells);
  if (failures.length === cells.length && failures[0] !== undefined) throw failures[0].error;
  for (const { cell, error } of failures)
    session.warn(`${escapeText(cell)}: ${escapeText(messageOf(error))}`);
  return { lists, failed: failures.length };
}

function columns(now: number): Column<ConsoleInfo>[] {
  return [
    { title: 'CONSOLE', cell: (row) => row.session },
    { title: 'INSTANCE', cell: (row) => row.target },
    { title: 'AGE', align: 'right', cell: (row) => formatAge(row.openedAt, now) },
    { title: 'LOOKING', align: 'right', cell: (row) => String(row.clients) },
    {
      title: 'LEFT',
      align: 'right',
      cell: (row) => (row.detachedAt === undefined ? '' : `${formatAge(row.detachedAt, now)} ago`),
    },
    { title: 'BY', cell: (row) => row.by },
    { title: 'SIZE', wideOnly: true, cell: (row) => `${row.columns}x${row.rows}` },
    { title: 'RUNS', cell: consoleRuns },
    { title: 'TITLE', wideOnly: true, cell: (row) => row.title },
  ];
}
