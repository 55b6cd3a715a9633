/** `skep logs`: what instances write, merged in the order of time. */
import { Command } from 'commander';
import { type LogQuery, readLog } from '../../api/client/log-source.ts';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import type { ActualLrp } from '../../model/actual-lrp.ts';
import { instanceName } from '../../model/instance-name.ts';
import { isStartFailure } from '../../model/start-failure.ts';
import { escapeText } from '../core/escape.ts';
import { exitCodeOf, exitCodes } from '../core/exit-codes.ts';
import { parseTarget, type Target } from '../core/target.ts';
import { withGlobals } from '../flags.ts';
import { followLrpLogs } from '../follow-lrp-logs.ts';
import type { Host } from '../io.ts';
import { type LogFlags, printerOptionsOf, sinceOf, tailOf, withLogFlags } from '../log-flags.ts';
import { type LogOrigin, LogPrinter } from '../log-printer.ts';
import { logReader } from '../log-reader.ts';
import { findLrp, listInstances, noSuchInstance } from '../lookup.ts';
import { openSession, type Session } from '../session.ts';

interface Flags extends LogFlags {
  readonly previous?: boolean;
}

const manual = `
Lines of several instances come in the order of their time, each with its instance and
cell before it. With -f new instances join, and the end of one is told; it goes on
over crashes, restarts and moves to other cells. Control characters are shown, not
passed on, except colours on a terminal.

Examples:
  $ skep logs hello
  $ skep logs -f -n 20 hello worker/0
  $ skep logs --previous hello/2
  $ skep logs hello --since 15m --stream err --grep 'timeout|refused'
  $ skep logs -f hello -o jsonl`;

export function logsCommand(host: Host): Command {
  const command = new Command('logs')
    .summary('print what instances write')
    .description('Prints what instances write to standard output and standard error.')
    .argument('<name...>', 'NAME of an LRP, or NAME/INDEX');
  withLogFlags(command)
    .option('--previous', 'what the container before wrote, the one that crashed')
    .addHelpText('after', manual)
    .action((names: string[], flags: Flags) =>
      openSession(host, command, (session) => logs(session, names, flags), { moreFormats: ['jsonl'] }),
    );
  return withGlobals(command, ['jsonl']);
}

async function logs(session: Session, names: readonly string[], flags: Flags): Promise<number> {
  const printer = new LogPrinter(session, await printerOptionsOf(session, flags));
  const range = { tail: tailOf(flags), since: sinceOf(session, flags) };
  const targets: Target[] = [];
  for (const text of names) {
    const target = parseTarget(text);
    targets.push({ ...target, name: (await findLrp(session, target.name)).desired.guid });
  }
  if (flags.follow !== true) return await readAll(session, printer, targets, flags, range);
  if (flags.previous === true) {
    throw new SkepError('InvalidRequest', '--previous: what has ended cannot be followed', {
      field: '--previous',
    });
  }
  const follow = ({ name, index }: Target) => followLrpLogs(session, printer, { guid: name, index }, range);
  await Promise.all(targets.map(follow));
  printer.finish();
  return exitCodes.done;
}

/** 9 when some logs could not be read, the first failure's own status when none could. */
async function readAll(
  session: Session,
  printer: LogPrinter,
  targets: readonly Target[],
  flags: Flags,
  range: Pick<LogQuery, 'tail' | 'since'>,
): Promise<number> {
  const instances: ActualLrp[] = [];
  for (const target of targets) instances.push(...(await instancesOf(session, target)));
  if (instances.length === 0) {
    const why = [...new Set(targets.map(({ name }) => `skep why ${name}`))].join(', ');
    session.note(`No instance has run yet, so nothing was written: ${why}`);
  }
  const origins = instances.map(
    (lrp, i): LogOrigin => ({
      name: instanceName(lrp.guid, lrp.index),
      cellId: lrp.cellId ?? '(last cell)',
      id: `${i}`,
    }),
  );
  const listeners = origins.map((origin) => printer.add(origin));
  const read = async (origin: LogOrigin, i: number): Promise<number> => {
    const listener = listeners[i];
    if (listener === undefined) return exitCodes.failed;
    const query = {
      target: origin.name,
      task: false,
      follow: false,
      previous: flags.previous === true,
      ...range,
    };
    return await readLog(logReader(session), query, listener, () => false)
      .then(
        () => exitCodes.done,
        (error: unknown) => tellFailure(session, origin, whySilent(instances[i], error)),
      )
      .finally(() => printer.end(origin));
  };
  const codes: number[] = await Promise.all(origins.map(read));
  printer.finish();
  const failed = codes.filter((code) => code !== exitCodes.done);
  if (failed.length === 0) return exitCodes.done;
  return failed.length < codes.length ? exitCodes.partial : (failed[0] ?? exitCodes.failed);
}

/** Of an instance that could not even be started: not that no output is kept, but why there was none. */
function whySilent(lrp: ActualLrp | undefined, error: unknown): unknown {
  const isSilent =
    error instanceof SkepError && (error.code === 'NotRunning' || error.code === 'ResourceNotFound');
  const { crashReason = '' } = lrp ?? {};
  if (lrp === undefined || !isSilent || !isStartFailure(crashReason)) return error;
  return new SkepError('NotRunning', `there is no output, its last start failed: ${crashReason}`, {
    hint: `skep why ${instanceName(lrp.guid, lrp.index)}`,
  });
}

function tellFailure(session: Session, origin: LogOrigin, error: unknown): number {
  session.warn(`skep: ${origin.name}: ${escapeText(messageOf(error))}`);
  if (!(error instanceof SkepError)) return exitCodes.failed;
  if (error.hint !== undefined) session.warn(`  hint: ${escapeText(error.hint)}`);
  return exitCodeOf(error.code);
}

/** Those of the target that run or ran: an instance that never had a container wrote nothing. */
async function instancesOf(session: Session, { name, index }: Target): Promise<ActualLrp[]> {
  const all = (await listInstances(session, name)).filter((lrp) => lrp.presence === 'ORDINARY');
  if (index === undefined) return all.filter((lrp) => lrp.instanceGuid !== undefined || lrp.crashCount > 0);
  const found = all.filter((lrp) => lrp.index === index);
  if (found.length > 0) return found;
  return noSuchInstance(name, index, all);
}
