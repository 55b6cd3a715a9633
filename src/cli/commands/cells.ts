/** `skep cells`: the hosts that run containers. */
import { Command } from 'commander';
import type { CellView } from '../../api/core/routes.ts';
import { cellColumns } from '../core/rows.ts';
import { withGlobals } from '../flags.ts';
import type { Host } from '../io.ts';
import { liveTable } from '../live-table.ts';
import { allPages } from '../lookup.ts';
import { openSession, printListing } from '../session.ts';

const manual = `
Memory, disk and containers are what claims take of what may be promised: the
host's own less a reserve. A cell whose lease has run out is not listed; its
instances are suspect until replacements run.

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
        const { client, signal } = session;
        const rows = await allPages((after) =>
          client.call('listCells', { query: after === undefined ? {} : { after } }, { signal }),
        );
        const columns = cellColumns(session.io.clock.now());
        await printListing(session, {
          columns,
          rows,
          nameOf,
          none: 'No cell is present: is an agent running?',
        });
        return undefined;
      }),
    );
  return withGlobals(command);
}
