/** `skep cell drain`: everything on some cells is started elsewhere, then stopped there. */
import { Command } from 'commander';
import type { CellView } from '../../api/core/routes.ts';
import { SkepError } from '../../base/core/errors.ts';
import { defaults } from '../../model/defaults.ts';
import type { CellId } from '../../model/ids.ts';
import { formatDuration } from '../core/format.ts';
import { parseDurationMs, parseWhole } from '../core/quantity.ts';
import { withGlobals } from '../flags.ts';
import type { Host } from '../io.ts';
import { allPages } from '../lookup.ts';
import { openSession, type Session } from '../session.ts';
import { eachCell } from './each-cell.ts';
import { watchDrain } from './watch-drain.ts';

interface Flags {
  readonly zone?: string;
  /** False: --no-deadline. */
  readonly deadline?: number | false;
  readonly force?: boolean;
  readonly maxParallel?: number;
  readonly anyway?: boolean;
  readonly reason: string;
  readonly detach?: boolean;
  readonly monitor?: boolean;
}

const manual = `
For each instance the replacement is started first; the old one stops once the new one
is healthy, also when it is the only one. Nothing new is placed on the cell meanwhile,
nor afterwards: skep cell undrain CELL ends that. Tasks run to their end. What has not
left by the deadline is stopped all the same, and a task fails.

It is checked beforehand whether everything finds a place elsewhere. Ctrl-C stops the
watching only; --monitor watches a drain from any terminal.

Exit status: 0 drained; 5 something fits nowhere; 9 something was stopped without a
replacement; 1 the drain was taken back.

Examples:
  $ skep cell drain host-4 --reason "disk swap"
  $ skep cell drain --zone rack-7 --deadline 10m --max-parallel 2
  $ skep cell drain --monitor host-4`;

export function cellDrainCommand(host: Host): Command {
  const command = new Command('drain')
    .summary('move everything off cells, replacements first')
    .description('Moves everything off cells: replacements first.')
    .argument('[cells...]', 'CELL')
    .option('--zone <zone>', 'every cell of this zone')
    .option(
      '--deadline <duration>',
      `stop what has not left by then (default: ${formatDuration(defaults.drainDeadlineMs)})`,
      (text) => parseDurationMs('--deadline', text),
    )
    .option('--no-deadline', 'wait for ever')
    .option('--max-parallel <n>', 'move so many instances of each cell at one time (default: all)', (text) =>
      parseWhole('--max-parallel', text, 1, 10_000),
    )
    .option('--force', 'stop everything at once, fit or not')
    .option('--anyway', 'also when something finds no place elsewhere: that runs until the deadline')
    .option('--reason <text>', 'why: shown wherever the cell is refused', '')
    .option('-d, --detach', 'do not wait until it is done')
    .option('--monitor', 'only watch a drain that goes on; without CELL, all of them')
    .addHelpText('after', manual)
    .action((cells: string[], flags: Flags) =>
      openSession(host, command, (session) => drain(session, cells, flags)),
    );
  return withGlobals(command);
}

async function drain(session: Session, names: readonly string[], flags: Flags): Promise<number> {
  const cells = await cellsMeant(session, names, flags);
  if (flags.monitor === true) return await watchDrain(session, cells);
  const refused = await begin(session, cells, flags);
  if (session.format === 'name') for (const cellId of cells) session.print(cellId);
  if (flags.detach === true) {
    session.note(`The drain goes on by itself: skep cell drain --monitor ${cells.join(' ')}`);
    return refused;
  }
  return (await watchDrain(session, cells)) || refused;
}

/** Throws `InvalidRequest` when no cell is named, `ResourceNotFound` for a zone without cells. */
async function cellsMeant(session: Session, names: readonly string[], flags: Flags): Promise<CellId[]> {
  const { zone } = flags;
  const isEveryDrain = names.length === 0 && zone === undefined && flags.monitor === true;
  if (names.length > 0 && zone === undefined) return [...new Set(names)] as CellId[];
  if (names.length === 0 && zone === undefined && !isEveryDrain) {
    throw new SkepError('InvalidRequest', 'name the cells to drain, or a zone with --zone', {
      hint: 'skep cells lists the cells',
    });
  }
  const { client, signal } = session;
  const views = await allPages((after) =>
    client.call('listCells', { query: after === undefined ? {} : { after } }, { signal }),
  );
  const isMeant = ({ presence, spec }: CellView): boolean =>
    isEveryDrain ? spec?.drain !== undefined : presence.zone === zone;
  const found = views.filter(isMeant).map(({ presence }) => presence.cellId);
  if (found.length === 0) {
    const message = isEveryDrain ? 'no cell is drained now' : `no cell is present in zone "${zone}"`;
    throw new SkepError('ResourceNotFound', message, { hint: 'skep cells lists cells and their zones' });
  }
  return [...new Set([...names, ...found])] as CellId[];
}

/** Each knows of the others, so that the first refusal is about all of them, before anything begins. */
function begin(session: Session, cells: readonly CellId[], flags: Flags): Promise<number> {
  const { client, signal } = session;
  const { reason, force = false, anyway = false, deadline, maxParallel } = flags;
  const body = {
    reason,
    force,
    anyway,
    ...(maxParallel === undefined ? {} : { maxParallel }),
    ...(typeof deadline === 'number' ? { deadlineMs: deadline } : {}),
    ...(deadline === false ? { deadlineMs: null } : {}),
  };
  return eachCell(session, cells, async (id) => {
    const alongside = cells.filter((other) => other !== id);
    await client.call('drainCell', { params: { id }, body: { ...body, alongside } }, { signal });
  });
}
