/** `skep cell cordon`, `uncordon`, `undrain` and `forget`: what operators want of a cell, without waiting for anything. */
import { Command } from 'commander';
import type { CellId } from '../../model/ids.ts';
import { withGlobals } from '../flags.ts';
import type { Host } from '../io.ts';
import { openSession, type Session } from '../session.ts';
import { eachCell } from './each-cell.ts';

const cordonManual = `
Nothing new is placed on the cell; what runs there stays.

Example:
  $ skep cell cordon host-4 --reason "strange noises"`;

export function cellCordonCommand(host: Host): Command {
  const command = new Command('cordon')
    .summary('place nothing new on cells')
    .description('Places nothing new on cells; what runs there stays.')
    .argument('<cells...>', 'CELL')
    .option('--reason <text>', 'why: shown wherever the cell is refused', '')
    .addHelpText('after', cordonManual)
    .action((cells: string[], { reason }: { reason: string }) =>
      openSession(host, command, (session) =>
        setEach(session, cells, 'is cordoned: nothing new is placed there.', (id) =>
          session.client.call('cordonCell', { params: { id }, body: { reason } }, { signal: session.signal }),
        ),
      ),
    );
  return withGlobals(command);
}

const uncordonManual = `
Example:
  $ skep cell uncordon host-4`;

export const cellUncordonCommand = (host: Host): Command =>
  plainCommand(host, {
    name: 'uncordon',
    summary: 'open cells for new work again',
    description: 'Opens cordoned cells for new work again.',
    manual: uncordonManual,
    done: 'is open for new work.',
    set: ({ client, signal }, id) => client.call('uncordonCell', { params: { id } }, { signal }),
  });

const undrainManual = `
An instance that is still there, and whose replacement does not run yet, stays. What has
left does not come back by itself: skep plan rebalance shows what would even the cells.

Example:
  $ skep cell undrain host-4`;

export const cellUndrainCommand = (host: Host): Command =>
  plainCommand(host, {
    name: 'undrain',
    summary: 'end the drain of cells, or take it back',
    description: 'Ends the drain of cells, or takes it back while it goes on.',
    manual: undrainManual,
    done: 'is not drained any more.',
    set: ({ client, signal }, id) => client.call('undrainCell', { params: { id } }, { signal }),
  });

const forgetManual = `
A cell that was lost is listed until it is back, for a week at most. One that comes back
after it was forgotten joins anew; so that it cannot, revoke it: skep cert revoke CELL.

Example:
  $ skep cell forget host-4`;

export const cellForgetCommand = (host: Host): Command =>
  plainCommand(host, {
    name: 'forget',
    summary: 'list lost cells no more',
    description: 'Lists lost cells no more: they will not come back.',
    manual: forgetManual,
    done: 'is forgotten.',
    set: ({ client, signal }, id) => client.call('forgetCell', { params: { id } }, { signal }),
  });

interface PlainVerb {
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  readonly manual: string;
  /** What is said of each cell after its name. */
  readonly done: string;
  readonly set: (session: Session, cellId: CellId) => Promise<unknown>;
}

/** A verb with nothing but the names of cells. */
function plainCommand(host: Host, { name, summary, description, manual, done, set }: PlainVerb): Command {
  const command = new Command(name)
    .summary(summary)
    .description(description)
    .argument('<cells...>', 'CELL')
    .addHelpText('after', manual)
    .action((cells: string[]) =>
      openSession(host, command, (session) => setEach(session, cells, done, (id) => set(session, id))),
    );
  return withGlobals(command);
}

function setEach(
  session: Session,
  cells: readonly string[],
  done: string,
  set: (cellId: CellId) => Promise<unknown>,
): Promise<number> {
  return eachCell(session, cells as CellId[], async (cellId) => {
    await set(cellId);
    if (session.format === 'name') session.print(cellId);
    else session.note(`${cellId} ${done}`);
  });
}
