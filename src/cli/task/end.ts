/** `skep task cancel` and `skep task rm`. */
import { Command } from 'commander';
import { withGlobals } from '../flags.ts';
import type { Host } from '../io.ts';
import { findTask, requireWholeName } from '../lookup.ts';
import { confirm } from '../prompt.ts';
import { openSession } from '../session.ts';

const cancelManual = `
A task that waits never starts; one that runs is stopped. Either is then over, failed,
with the reason "task was cancelled".

Example:
  $ skep task cancel night`;

const rmManual = `
Only a task that is over can be removed: cancel one that is not. Asks first on a
terminal; without one, --yes is needed.

Example:
  $ skep task rm night --yes`;

export function taskCancelCommand(host: Host): Command {
  const command = new Command('cancel')
    .summary('cancel a task')
    .description('Cancels a task that waits or runs.')
    .argument('<name>', 'NAME of a task')
    .addHelpText('after', cancelManual)
    .action((name: string) =>
      openSession(host, command, async (session) => {
        const { guid } = await findTask(session, name);
        requireWholeName(name, guid);
        await session.client.call('cancelTask', { params: { guid } }, { signal: session.signal });
        session.note(`${guid} was cancelled.`);
        return undefined;
      }),
    );
  return withGlobals(command);
}

export function taskRmCommand(host: Host): Command {
  const command = new Command('rm')
    .summary('remove a task that is over')
    .description('Removes a task that is over, with its result.')
    .argument('<name>', 'NAME of a task')
    .addHelpText('after', rmManual)
    .action((name: string) =>
      openSession(host, command, async (session) => {
        const { guid } = await findTask(session, name);
        requireWholeName(name, guid);
        await confirm(session, `Remove the task ${guid} and its result?`);
        await session.client.call('deleteTask', { params: { guid } }, { signal: session.signal });
        session.note(`${guid} was removed.`);
        return undefined;
      }),
    );
  return withGlobals(command);
}
