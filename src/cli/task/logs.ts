/** `skep task logs`: what a task writes. */
import { Command } from 'commander';
import { readLog } from '../../api/client/log-source.ts';
import { SkepError } from '../../base/core/errors.ts';
import { exitCodes } from '../core/exit-codes.ts';
import { withGlobals } from '../flags.ts';
import type { Host } from '../io.ts';
import { type LogFlags, printerOptionsOf, sinceOf, tailOf, withLogFlags } from '../log-flags.ts';
import { LogPrinter } from '../log-printer.ts';
import { logReader } from '../log-reader.ts';
import { findTask } from '../lookup.ts';
import { openSession, type Session } from '../session.ts';

const manual = `
With -f it ends when the task does. What a task wrote is kept as long as its container.

Example:
  $ skep task logs -f night`;

export function taskLogsCommand(host: Host): Command {
  const command = new Command('logs')
    .summary('print what a task writes')
    .description('Prints what a task writes to standard output and standard error.')
    .argument('<name>', 'NAME of a task');
  withLogFlags(command)
    .addHelpText('after', manual)
    .action((name: string, flags: LogFlags) =>
      openSession(host, command, (session) => logs(session, name, flags), { moreFormats: ['jsonl'] }),
    );
  return withGlobals(command, ['jsonl']);
}

async function logs(session: Session, name: string, flags: LogFlags): Promise<number> {
  const task = await findTask(session, name);
  if (task.cellId === undefined && flags.follow !== true) {
    throw new SkepError('NotRunning', `${task.guid} has not been started yet`, {
      hint: `skep why ${task.guid}`,
    });
  }
  const printer = new LogPrinter(session, await printerOptionsOf(session, flags));
  const origin = { name: task.guid, cellId: task.cellId ?? '(no cell yet)', id: task.guid };
  const listener = printer.add(origin);
  const query = { target: task.guid, task: true, follow: flags.follow === true, previous: false };
  try {
    const isOpen = task.state === 'PENDING' || task.state === 'RUNNING';
    await readLog(
      logReader(session),
      { ...query, tail: tailOf(flags), since: sinceOf(session, flags) },
      listener,
      () => isOpen,
    );
  } finally {
    printer.finish();
  }
  return exitCodes.done;
}
