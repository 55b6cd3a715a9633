/** `skep cells`: the hosts that run containers. */
import { Command } from 'commander';
import type { CellView } from '../../api/core/routes.ts';
import type { LostCell } from '../../model/roster.ts';
import { cellColumns, cellRowColumns } from '../core/rows.ts';
import { withGlobals } from '../flags.ts';
import type { Host } from '../io.ts';
import { liveTable } from '../live-table.ts';
import { allPages } from '../lookup.ts';
import { openSession, printListing, type Session } from '../session.ts';

const manual = `
Memory, disk and containers are what claims take of what may be promised: the
host's own less a reserve. A cell whose lease has run out is lost: its instances are
suspect until replacements run, and its row stays until it is back, until
\`skep cell forget\`, or for a week. With -w, -o json and the like, lost cells are left out.

Examples:
  $ skep cells
  $ skep cells -w
  $ skep cells -o json | jq '.[].presence.cellId'`;

export const cellsCommand = (host: Host): Command => cellListCommand(host, 'cells');

/** @param name `cells`, or `ls` under `skep cell` */
export function cellListCommand(host: Host, name: string): Command {
  const command = new Command(name)
    .summary('list the hosts that run containers')
    .description('Lists the cells that are present: what runs there and what is left.')
    .option('-w, --watch', 'go on and show changes as they happen')
    .addHelpText('after', manual)
    .action((flags: { watch?: boolean }) =>
      openSession(host, command, async (session) => {
        const nameOf = (view: CellView): string => view.presence.cellId;
        if (flags.watch === true) {
          return await liveTable<CellView>(session, { kind: 'cells' }, { columns: cellColumns, nameOf });
        }
        await list(session, nameOf);
        return undefined;
      }),
    );
  return withGlobals(command);
}

async function list(session: Session, nameOf: (view: CellView) => string): Promise<void> {
  const { client, signal, format } = session;
  let lost: readonly LostCell[] = [];
  const present = await allPages(async (after) => {
    const page = await client.call('listCells', { query: after === undefined ? {} : { after } }, { signal });
    if (after === undefined) lost = page.lost ?? [];
    return page;
  });
  const none = 'No cell is present: is an agent running?';
  const now = session.io.clock.now();
  if (format !== 'table' && format !== 'wide') {
    return await printListing(session, { columns: cellColumns(now), rows: present, nameOf, none });
  }
  const nameOfRow = (row: CellView | LostCell): string => ('presence' in row ? nameOf(row) : row.cellId);
  const rows = [...present, ...lost].sort((a, b) => (nameOfRow(a) < nameOfRow(b) ? -1 : 1));
  await printListing(session, { columns: cellRowColumns(now), rows, nameOf: nameOfRow, none });
}
