/** `skep plan`: what a change or a loss would do, without doing it. */
import { Command } from 'commander';
import { nearest } from '../../api/core/nearest.ts';
import type { PlanRequest } from '../../api/core/plan-shapes.ts';
import type { CellView } from '../../api/core/routes.ts';
import { SkepError } from '../../base/core/errors.ts';
import type { CellId } from '../../model/ids.ts';
import { maxInstances } from '../../model/instance-name.ts';
import { exitCodes } from '../core/exit-codes.ts';
import { parseWhole } from '../core/quantity.ts';
import { resolveName } from '../core/target.ts';
import { withGlobals } from '../flags.ts';
import type { Host } from '../io.ts';
import { allPages, findLrp } from '../lookup.ts';
import { planDeadlineMs, printPlan } from '../print-plan.ts';
import { openSession, type Session } from '../session.ts';

const manual = `
Plays the change on a copy of the cluster as it is now, with the code that really
places instances, and prints where everything would land and what would not fit.
Nothing is changed. The exit status is 5 when something would find no place.

Examples:
  $ skep plan scale hello 30
  $ skep plan drain host-3
  $ skep plan lose zone-b
  $ skep plan rebalance`;

export function planCommand(host: Host): Command {
  return new Command('plan')
    .summary('show what a change or a loss would do')
    .description('Shows what a change or a loss would do, without doing it.')
    .usage('COMMAND [OPTIONS]')
    .addCommand(scaleCommand(host))
    .addCommand(drainCommand(host))
    .addCommand(loseCommand(host))
    .addCommand(rebalanceCommand(host))
    .addHelpText('after', manual);
}

function scaleCommand(host: Host): Command {
  const command = new Command('scale')
    .summary('another number of instances')
    .description('Shows where instances would start, or which would stop.')
    .usage('[OPTIONS] NAME N')
    .argument('<name>', 'NAME of an LRP')
    .argument('<n>', 'how many would run', (text) => parseWhole('N', text, 0, maxInstances))
    .addHelpText('after', '\nExample:\n  $ skep plan scale hello 30')
    .action((name: string, instances: number) =>
      ask(host, command, async (session) => {
        const { guid } = (await findLrp(session, name)).desired;
        return { kind: 'scale', guid, instances };
      }),
    );
  return withGlobals(command);
}

function drainCommand(host: Host): Command {
  const command = new Command('drain')
    .summary('everything on some cells moves elsewhere')
    .description('Shows where the instances of some cells would go if these were drained together.')
    .argument('<cell...>', 'CELL to drain')
    .addHelpText('after', '\nExample:\n  $ skep plan drain host-3 host-4')
    .action((names: string[]) =>
      ask(host, command, async (session) => {
        const known = (await presentCells(session)).map(({ presence }) => presence.cellId);
        return {
          kind: 'drain',
          cells: names.map((name) => resolveName('cell', name, known, nearest) as CellId),
        };
      }),
    );
  return withGlobals(command);
}

function loseCommand(host: Host): Command {
  const command = new Command('lose')
    .summary('some cells, or a zone, are gone at once')
    .description('Shows what would happen if some cells, or all cells of a zone, were gone at once.')
    .argument('<cell...>', 'CELL, or the name of one zone; a cell goes before a zone of the same name')
    .addHelpText('after', '\nExamples:\n  $ skep plan lose host-3\n  $ skep plan lose zone-b')
    .action((names: string[]) => ask(host, command, (session) => lossOf(session, names)));
  return withGlobals(command);
}

function rebalanceCommand(host: Host): Command {
  const command = new Command('rebalance')
    .summary('the moves that would even the cells')
    .description('Shows which moves would even the cells, best spread of each LRP first, then memory.')
    .option(
      '--max-moves <n>',
      'at most so many moves',
      (text) => parseWhole('--max-moves', text, 1, 10_000),
      100,
    )
    .addHelpText('after', '\nExample:\n  $ skep plan rebalance --max-moves 20')
    .action(({ maxMoves }: { maxMoves: number }) =>
      ask(host, command, async () => ({ kind: 'rebalance', maxMoves })),
    );
  return withGlobals(command);
}

function presentCells({ client, signal }: Session): Promise<CellView[]> {
  return allPages((after) =>
    client.call('listCells', { query: after === undefined ? {} : { after } }, { signal }),
  );
}

async function lossOf(session: Session, names: readonly string[]): Promise<PlanRequest> {
  const cells = await presentCells(session);
  const cellIds: readonly string[] = cells.map(({ presence }) => presence.cellId);
  const zones = new Set(cells.map(({ presence }) => presence.zone));
  const [only] = names;
  if (names.length === 1 && only !== undefined && !cellIds.includes(only) && zones.has(only)) {
    return { kind: 'loseZone', zone: only };
  }
  const zone = names.find((name) => !cellIds.includes(name) && zones.has(name));
  if (zone !== undefined) {
    const message = `${JSON.stringify(zone)} is a zone, and a zone is lost alone`;
    throw new SkepError('InvalidRequest', message, { field: 'cell', hint: `skep plan lose ${zone}` });
  }
  const resolved = names.map((name) => resolveName('cell or zone', name, [...cellIds, ...zones], nearest));
  const beginnings = resolved.filter((name) => !cellIds.includes(name));
  if (names.length === 1 && beginnings[0] !== undefined) return { kind: 'loseZone', zone: beginnings[0] };
  return { kind: 'loseCells', cells: resolved as CellId[] };
}

/** Asks and prints; the exit status says whether everything would fit. */
function ask(
  host: Host,
  command: Command,
  requestOf: (session: Session) => Promise<PlanRequest>,
): Promise<void> {
  return openSession(host, command, async (session) => {
    const body = await requestOf(session);
    const limits = { signal: session.signal, deadlineMs: planDeadlineMs };
    const plan = await session.client.call('plan', { body }, limits);
    await printPlan(session, plan);
    return plan.unplaced.length === 0 ? exitCodes.done : exitCodes.unplaced;
  });
}
