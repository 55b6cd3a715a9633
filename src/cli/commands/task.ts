/** `skep task`: units of work that run at most once. */
import { Command } from 'commander';
import type { Host } from '../io.ts';
import { taskCancelCommand, taskRmCommand } from '../task/end.ts';
import { taskLogsCommand } from '../task/logs.ts';
import { taskRunCommand, taskWaitCommand } from '../task/run.ts';
import { taskListCommand, taskShowCommand } from '../task/show.ts';

const manual = `
A task is one unit of work that runs at most once: it is never started a second time
once its command has begun, whatever happens to its host. How it ended is kept for a
while after it is over.

Example:
  $ skep task run backup registry.local/backup:3 -- backup --full
  $ skep task ls`;

export function taskCommand(host: Host): Command {
  return new Command('task')
    .summary('run units of work that run at most once')
    .description('Runs units of work that run at most once.')
    .usage('COMMAND [OPTIONS]')
    .addCommand(taskRunCommand(host))
    .addCommand(taskListCommand(host))
    .addCommand(taskShowCommand(host))
    .addCommand(taskLogsCommand(host))
    .addCommand(taskWaitCommand(host))
    .addCommand(taskCancelCommand(host))
    .addCommand(taskRmCommand(host))
    .addHelpText('after', manual);
}
