/** `skep task run` and `skep task wait`: start one, and wait how it ends. */
import { Command } from 'commander';
import { SkepError } from '../../base/core/errors.ts';
import type { Task } from '../../model/task.ts';
import { escapeLines, escapeText } from '../core/escape.ts';
import { exitCodes } from '../core/exit-codes.ts';
import { formatDuration } from '../core/format.ts';
import { settleMs } from '../core/progress.ts';
import { taskReason, taskState } from '../core/rows.ts';
import { withGlobals } from '../flags.ts';
import type { Host } from '../io.ts';
import { findTask } from '../lookup.ts';
import { type PlacementFlags, placementOf, withPlacementFlags } from '../placement-flags.ts';
import { isData, openSession, printData, type Session } from '../session.ts';
import { inFlags, type SpecFlags, specOf, withSpecFlags } from '../spec-flags.ts';
import { type WaitFlags, withTimeoutFlag, withWaitFlags } from '../wait-flags.ts';
import { watchRows } from '../watch-rows.ts';
import { TaskOutput } from './output.ts';

interface RunFlags extends SpecFlags, PlacementFlags, WaitFlags {
  readonly resultFile?: string;
}

const runManual = `
Waits until it is over and ends with the exit status of the command, if that is known.
Prints what the task writes, or with --result-file only the result. A task that cannot be placed is kept and tried again: the exit
status is 5 then. Ctrl-C stops the waiting, not the task.

Examples:
  $ skep task run hello busybox -- echo hello
  $ skep task run report registry.local/report:1 --result-file /out.json -m 1G
  $ skep task run night registry.local/backup:3 -d -- backup --full`;

const waitManual = `
Ends with the exit status of the task's command, if that is known.

Example:
  $ skep task wait night --timeout 2h`;

export function taskRunCommand(host: Host): Command {
  const command = new Command('run')
    .summary('run an image once')
    .description('Runs an image once, at most.')
    .usage('[OPTIONS] NAME IMAGE [-- COMMAND ARGUMENTS…]')
    .argument('<name>', 'what it is called: letters, digits, "_" and "-"')
    .argument('<image>', 'such as busybox:1.37')
    .argument('[command...]', "runs instead of the image's own command")
    .option('--result-file <path>', 'a file in the container whose content is the result');
  withSpecFlags(command);
  withPlacementFlags(command);
  withWaitFlags(command);
  command
    .addHelpText('after', runManual)
    .action((name: string, image: string, args: string[], flags: RunFlags) =>
      openSession(host, command, (session) => run(session, { name, image, args, flags })),
    );
  return withGlobals(command);
}

export function taskWaitCommand(host: Host): Command {
  const command = new Command('wait')
    .summary('wait until a task is over')
    .description('Waits until a task is over.')
    .argument('<name>', 'NAME of a task');
  withTimeoutFlag(command);
  command.addHelpText('after', waitManual).action((name: string, flags: Pick<WaitFlags, 'timeout'>) =>
    openSession(host, command, async (session) => {
      const task = await findTask(session, name);
      return await awaitTask(session, task.guid, flags.timeout);
    }),
  );
  return withGlobals(command);
}

interface Input {
  readonly name: string;
  readonly image: string;
  readonly args: readonly string[];
  readonly flags: RunFlags;
}

async function run(session: Session, { name, image, args, flags }: Input): Promise<number> {
  const { client, signal } = session;
  const file = flags.resultFile === undefined ? {} : { resultFile: flags.resultFile };
  const body = { guid: name, image, ...file, ...specOf(session.io, flags, args), ...placementOf(flags) };
  const { task } = await inFlags(client.call('desireTask', { body }, { signal }));
  if (session.format === 'name') session.print(task.guid);
  if (flags.detach !== true) {
    const showsOutput = flags.resultFile === undefined && session.format === 'table';
    const output = showsOutput ? new TaskOutput(session, task.guid) : undefined;
    return await awaitTask(session, task.guid, flags.timeout, { endsUnplaced: true, output });
  }
  if (isData(session)) await printData(session, task);
  else session.note(`${task.guid} was accepted: skep task wait ${task.guid} waits for its end.`);
  return exitCodes.done;
}

type End =
  | { readonly kind: 'over' | 'unplaced'; readonly task: Task }
  | { readonly kind: 'gone' | 'timeout' | 'stopped' };

interface AwaitOptions {
  /** Whether a task that has no place ends the waiting. */
  readonly endsUnplaced?: boolean;
  /** Where what it writes goes; undefined: nowhere. */
  readonly output?: TaskOutput | undefined;
}

async function awaitTask(
  session: Session,
  guid: string,
  timeoutMs: number,
  options: AwaitOptions = {},
): Promise<number> {
  const end = await watchTask(session, guid, timeoutMs, options);
  switch (end.kind) {
    case 'over':
      if (end.task.cellId !== undefined) await options.output?.finish();
      return await tellEnd(session, end.task, options.output !== undefined);
    case 'unplaced':
      session.warn(`${guid} cannot be placed: ${escapeText(taskReason(end.task))}`);
      session.warn(
        `It was accepted and starts as soon as there is room; skep task cancel ${guid} takes it back.`,
      );
      return exitCodes.unplaced;
    case 'gone':
      throw new SkepError('ResourceNotFound', `task ${guid} has gone: how it ended is no longer known`);
    case 'timeout':
      session.warn(`Waited ${formatDuration(timeoutMs)} in vain; the task goes on: skep task wait ${guid}`);
      return exitCodes.timedOut;
    case 'stopped':
      session.warn(`Only the waiting was stopped; the task goes on: skep task wait ${guid}`);
      return exitCodes.failed;
  }
}

async function watchTask(
  session: Session,
  guid: string,
  timeoutMs: number,
  { endsUnplaced = false, output }: AwaitOptions,
): Promise<End> {
  const { clock } = session.io;
  const { promise, resolve, reject } = Promise.withResolvers<End>();
  const stop = new AbortController();
  const timers = [clock.after(timeoutMs, () => resolve({ kind: 'timeout' }))];
  let told = '';
  let wasSeen = false;
  let isUnplaced = false;
  const show = (task: Task): void => {
    const text = `${guid} is ${taskState(task)}${task.cellId === undefined ? '' : ` on ${task.cellId}`}`;
    if (text !== told) session.note(text);
    told = text;
  };
  const look = (task: Task): void => {
    if (task.state === 'COMPLETED' || task.state === 'RESOLVING') return resolve({ kind: 'over', task });
    show(task);
    if (task.state === 'RUNNING') output?.follow();
    const refused =
      task.state === 'PENDING' && task.cellId === undefined && task.placementError !== undefined;
    if (refused && !isUnplaced && endsUnplaced) {
      timers.push(clock.after(settleMs, () => isUnplaced && resolve({ kind: 'unplaced', task })));
    }
    isUnplaced = refused;
  };
  const watching = (async () => {
    const signal = AbortSignal.any([session.signal, stop.signal]);
    for await (const rows of watchRows<Task>(session, { kind: 'tasks', guid }, signal)) {
      const task = rows.get(guid);
      if (task !== undefined) look(task);
      else if (wasSeen) resolve({ kind: 'gone' });
      wasSeen ||= task !== undefined;
    }
    resolve({ kind: 'stopped' });
  })().catch(reject);
  try {
    return await promise;
  } finally {
    for (const timer of timers) timer.cancel();
    stop.abort();
    await watching;
  }
}

/** The command's own exit status; 1 when it failed without one. */
async function tellEnd(session: Session, task: Task, outputWasShown: boolean): Promise<number> {
  if (isData(session)) await printData(session, task);
  else if (task.result !== undefined && task.result !== '') session.print(escapeLines(task.result.trimEnd()));
  const ran = task.cellId !== undefined;
  const where = outputWasShown || !ran ? '' : `; what it wrote: skep task logs ${task.guid}`;
  if (!task.failed) {
    session.note(`${task.guid} completed${where}`);
    return exitCodes.done;
  }
  session.warn(`${task.guid} failed: ${escapeText(task.failureReason ?? 'no reason is known')}${where}`);
  return task.exitCode !== undefined && task.exitCode > 0 ? task.exitCode : exitCodes.failed;
}
