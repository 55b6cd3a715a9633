/** `skep restart`: instances replaced a few at a time, of the same definition. */
import { Command } from 'commander';
import { SkepError } from '../../base/core/errors.ts';
import { wantedInstances } from '../../model/desired-lrp.ts';
import type { ProcessGuid } from '../../model/ids.ts';
import { instanceName } from '../../model/instance-name.ts';
import { exitCodes } from '../core/exit-codes.ts';
import { plural } from '../core/format.ts';
import { parseWhole } from '../core/quantity.ts';
import { parseTarget } from '../core/target.ts';
import { withGlobals } from '../flags.ts';
import type { Host } from '../io.ts';
import { findLrp, requireWholeName } from '../lookup.ts';
import { type Restarted, restartLrp } from '../restart-lrp.ts';
import { isData, openSession, printData, type Session } from '../session.ts';
import { withTimeoutFlag } from '../wait-flags.ts';

const manual = `
Each instance is stopped and a new one of the same definition takes its place; the next
is taken when that runs and is ready (without a check: has stayed up for two seconds).
It stops at the first that crashes or is not up again in time (--timeout is for one
instance), and leaves the others as they are; so does Ctrl-C.

Examples:
  $ skep restart hello
  $ skep restart hello/2 worker --max-parallel 2`;

const atOnceMax = 50;
/** An instance that no check asks has started, too, when it exits at once. */
const steadyMs = 2_000;

interface Flags {
  readonly maxParallel: number;
  readonly timeout: number;
}

export function restartCommand(host: Host): Command {
  const command = new Command('restart')
    .summary('replace instances one after another')
    .description('Replaces instances of LRPs one after another, each when the one before runs again.')
    .argument('<name...>', 'NAME of an LRP, or NAME/INDEX')
    .option(
      '--max-parallel <n>',
      'replace so many at one time',
      (text) => parseWhole('--max-parallel', text, 1, atOnceMax),
      1,
    );
  withTimeoutFlag(command)
    .addHelpText('after', manual)
    .action((names: string[], flags: Flags) =>
      openSession(host, command, (session) => restart(session, names, flags)),
    );
  return withGlobals(command);
}

interface Job {
  readonly guid: ProcessGuid;
  readonly indexes: readonly number[];
  readonly isChecked: boolean;
}

/** Every name is looked up before the first instance stops. */
async function restart(session: Session, names: readonly string[], flags: Flags): Promise<number> {
  const jobs = new Map<ProcessGuid, Job>();
  for (const name of names) {
    const job = await jobOf(session, name);
    const known = jobs.get(job.guid)?.indexes ?? [];
    // An instance that is named twice, by itself and with its LRP, is replaced once.
    jobs.set(job.guid, { ...job, indexes: [...new Set([...known, ...job.indexes])] });
  }
  for (const { guid, indexes, isChecked } of jobs.values()) {
    const { maxParallel: atOnce, timeout: timeoutMs } = flags;
    const limits = { atOnce, timeoutMs, steadyMs: isChecked ? 0 : steadyMs };
    const done = await restartLrp(session, { guid, indexes, ...limits });
    const code = await tellEnd(session, guid, indexes.length, done);
    if (code !== exitCodes.done) return code;
  }
  return exitCodes.done;
}

async function jobOf(session: Session, name: string): Promise<Job> {
  const target = parseTarget(name);
  const { desired } = await findLrp(session, target.name);
  const { guid } = desired;
  requireWholeName(target.name, guid);
  const wanted = wantedInstances(desired);
  const { index } = target;
  if (index !== undefined && index >= wanted) {
    const valid = wanted === 0 ? 'none' : `0 to ${wanted - 1}`;
    throw new SkepError(
      'ResourceNotFound',
      `LRP "${guid}" has no instance ${index}: valid indexes: ${valid}`,
      {
        field: 'index',
        hint: `\`skep ps ${guid}\` lists its instances`,
      },
    );
  }
  const indexes = index === undefined ? Array.from({ length: wanted }, (_, each) => each) : [index];
  return { guid, indexes, isChecked: desired.checks.length > 0 || desired.readinessChecks.length > 0 };
}

async function tellEnd(session: Session, guid: string, total: number, done: Restarted): Promise<number> {
  const { replaced, skipped, problem } = done;
  const left = total - replaced - skipped;
  if (isData(session)) await printData(session, { guid, wanted: total, replaced, skipped });
  if (problem === undefined && left === 0) {
    if (!isData(session)) session.print(`${guid}: ${replaced} of ${total} replaced`);
    return exitCodes.done;
  }
  const name = problem === undefined ? guid : instanceName(guid, problem.index);
  const what =
    problem === undefined
      ? 'Only what was begun goes on'
      : problem.because === 'crashed'
        ? `${name} does not come up again`
        : `${name} is not up again in time; the cluster goes on trying`;
  const rest = `${guid}: ${replaced} of ${plural(total, 'instance')} replaced, the others are left as they are`;
  session.warn(`${what}: skep why ${name}`);
  session.warn(rest);
  return problem?.because === 'late' ? exitCodes.timedOut : exitCodes.failed;
}
