/** `skep rebalance`: even the cells, each instance's replacement first. */
import { Command, Option } from 'commander';
import { rebalanceMovesMax } from '../../model/rebalance.ts';
import { exitCodes } from '../core/exit-codes.ts';
import { parseWhole } from '../core/quantity.ts';
import { withGlobals } from '../flags.ts';
import type { Host } from '../io.ts';
import { planDeadlineMs, printPlan } from '../print-plan.ts';
import { isData, openSession, printData, type Session } from '../session.ts';

const manual = `
Moves instances from full cells to emptier ones, and apart where more of one LRP
than needed share a zone or a cell. No constraint is broken and no zone gets worse.
An instance stops only when its replacement runs, at most five move at a time; one
whose replacement finds no place or crashes stays. Goes on when this command ends:
skep status shows how far it is. --plan only shows the moves. --stop ends one that is
under way: whatever has no running replacement yet stays where it is.

Examples:
  $ skep rebalance --plan
  $ skep rebalance --max-moves 20
  $ skep rebalance --stop`;

interface Flags {
  readonly plan?: boolean;
  readonly stop?: boolean;
  readonly maxMoves: number;
}

export function rebalanceCommand(host: Host): Command {
  const command = new Command('rebalance')
    .summary('even the cells, start-first')
    .description('Moves instances so that the cells are evenly used, replacements first.')
    .addOption(new Option('--plan', 'show the moves and do nothing').conflicts('stop'))
    .option('--stop', 'end a rebalance that is under way')
    .option(
      '--max-moves <n>',
      'at most so many moves',
      (text) => parseWhole('--max-moves', text, 1, rebalanceMovesMax),
      100,
    )
    .addHelpText('after', manual)
    .action((flags: Flags) => openSession(host, command, (session) => rebalance(session, flags)));
  return withGlobals(command);
}

async function rebalance(session: Session, { plan: onlyPlan, stop, maxMoves }: Flags): Promise<number> {
  if (stop === true) return await stopMoves(session);
  const limits = { signal: session.signal, deadlineMs: planDeadlineMs };
  if (onlyPlan === true) {
    const body = { kind: 'rebalance', maxMoves } as const;
    await printPlan(session, await session.client.call('plan', { body }, limits));
    return 0;
  }
  const { plan } = await session.client.call('rebalance', { body: { maxMoves } }, limits);
  await printPlan(session, plan);
  if (plan.moves.length > 0) session.note('The moves are under way: skep status shows how far they are.');
  return 0;
}

async function stopMoves(session: Session): Promise<number> {
  const stopped = await session.client.call('stopRebalance', {}, { signal: session.signal });
  if (isData(session)) await printData(session, stopped);
  const { left, asked } = stopped;
  session.note(
    asked === 0
      ? 'No rebalance is under way.'
      : `The rebalance is stopped: ${left} of ${asked} moves were left; what has not moved stays.`,
  );
  const { autoRebalance } = await session.client.call('getSettings', {}, { signal: session.signal });
  if (autoRebalance) {
    session.note('The brain will even the cells again: skep brain settings autoRebalance=false ends that.');
  }
  return exitCodes.done;
}
