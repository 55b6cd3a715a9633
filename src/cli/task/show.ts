/** `skep task ls` and `skep task show`. */
import { Command } from 'commander';
import type { Task } from '../../model/task.ts';
import { escapeLines, escapeText } from '../core/escape.ts';
import { formatAge, formatDuration, formatMebibytes } from '../core/format.ts';
import { taskColumns, taskReason, taskState } from '../core/rows.ts';
import { withGlobals } from '../flags.ts';
import type { Host } from '../io.ts';
import { liveTable } from '../live-table.ts';
import { findTask, listTasks } from '../lookup.ts';
import { isData, openSession, printData, printListing } from '../session.ts';

const listManual = `
Examples:
  $ skep task ls
  $ skep task ls -w`;

const showManual = `
Example:
  $ skep task show night`;

export function taskListCommand(host: Host): Command {
  const command = new Command('ls')
    .summary('list tasks')
    .description('Lists tasks: those that wait, run, and are over and still kept.')
    .option('-w, --watch', 'go on and show changes as they happen')
    .addHelpText('after', `\n${listManual.trim()}`)
    .action((flags: { watch?: boolean }) =>
      openSession(host, command, async (session) => {
        const nameOf = (task: Task): string => task.guid;
        if (flags.watch === true) {
          return await liveTable<Task>(session, { kind: 'tasks' }, { columns: taskColumns, nameOf });
        }
        const rows = await listTasks(session);
        const columns = taskColumns(session.io.clock.now());
        await printListing(session, {
          columns,
          rows,
          nameOf,
          none: 'There is no task: skep task run NAME IMAGE',
        });
        return undefined;
      }),
    );
  return withGlobals(command);
}

export function taskShowCommand(host: Host): Command {
  const command = new Command('show')
    .summary('show everything about a task')
    .description('Shows everything about a task, with its result.')
    .argument('<name>', 'NAME of a task')
    .addHelpText('after', `\n${showManual.trim()}`)
    .action((name: string) =>
      openSession(host, command, async (session) => {
        const task = await findTask(session, name);
        if (isData(session)) await printData(session, task);
        else if (session.format === 'name') session.print(task.guid);
        else for (const line of taskLines(task, session.io.clock.now())) session.print(line);
        return undefined;
      }),
    );
  return withGlobals(command);
}

function taskLines(task: Task, now: number): string[] {
  const started = task.startedAt;
  const facts: [string, string | undefined][] = [
    ['Task', task.guid],
    ['State', taskState(task)],
    ['Why', taskReason(task) || undefined],
    ['Cell', task.cellId],
    ['Image', task.image],
    ['Command', task.action.args.length === 0 ? undefined : JSON.stringify(task.action.args)],
    ['Memory', formatMebibytes(task.memoryMb)],
    ['Age', formatAge(task.createdAt, now)],
    ['Took', started === undefined ? undefined : formatDuration((task.firstCompletedAt ?? now) - started)],
    ['Exit status', task.exitCode === undefined ? undefined : String(task.exitCode)],
    [
      'Rejections',
      task.rejectionCount === 0 ? undefined : `${task.rejectionCount}, last: ${task.rejectionReason}`,
    ],
  ];
  const lines = facts.flatMap(([title, text]) =>
    text === undefined ? [] : [`${title.padEnd(12)} ${escapeText(text)}`],
  );
  if (task.result !== undefined && task.result !== '')
    lines.push('Result', escapeLines(task.result.trimEnd()));
  return lines;
}
