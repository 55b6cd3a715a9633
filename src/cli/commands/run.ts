/** `skep run`: a new LRP. */
import { Command } from 'commander';
import type { ProcessGuid } from '../../model/ids.ts';
import { maxInstances } from '../../model/instance-name.ts';
import { awaitLrp } from '../await-lrp.ts';
import { parseCheck } from '../core/check-flag.ts';
import { parseDurationMs, parseWhole } from '../core/quantity.ts';
import { withGlobals } from '../flags.ts';
import type { Host, Io } from '../io.ts';
import { type LrpPlacementFlags, lrpPlacementOf, withLrpPlacementFlags } from '../placement-flags.ts';
import { isData, openSession, printData, type Session } from '../session.ts';
import { collect, inFlags, type SpecFlags, specOf, withSpecFlags } from '../spec-flags.ts';
import { type WaitFlags, withWaitFlags } from '../wait-flags.ts';

interface Flags extends SpecFlags, LrpPlacementFlags, WaitFlags {
  readonly instances: number;
  readonly port?: readonly string[];
  readonly check?: readonly string[];
  readonly ready?: readonly string[];
  readonly startTimeout?: number;
  readonly stopGrace?: number;
}

const manual = `
An LRP (long-running process) is an image of which N instances are to run, for ever:
what ends is started again, what is lost with its host is started elsewhere.

Waits until every instance runs and is ready; without --check, until it has stayed up
for a second. What cannot be placed is accepted all the same and starts as soon as
there is room; the exit status is 5 then. Ctrl-C stops the waiting, not the LRP.

A check decides whether an instance works: tcp:PORT, http:PORT/PATH or cmd:'COMMAND'.
One that fails --check is restarted; one that fails --ready is only not reachable.
Each port gets a host port of its own: skep ps NAME shows it.

Examples:
  $ skep run hello nginx:1.27 -n 3 -p 80 --check http:80/
  $ skep run worker registry.local/worker:7 -m 512 -e QUEUE=mail -- worker --verbose
  $ skep run db postgres:17 -p 5432 --env-file db.env --ready tcp:5432 -d
  $ skep run edge haproxy:3 -n 3 --tag edge --max-per-cell 1 --host-port 80:80 --spread-by rack`;

export function runCommand(host: Host): Command {
  const command = new Command('run')
    .summary('run an image as a long-running process (LRP)')
    .description('Runs an image as a long-running process (LRP).')
    .usage('[OPTIONS] NAME IMAGE [-- COMMAND ARGUMENTS…]')
    .argument('<name>', 'what it is called: letters, digits, "_" and "-"')
    .argument('<image>', 'such as nginx:1.27')
    .argument('[command...]', "runs instead of the image's own command")
    .option(
      '-n, --instances <n>',
      'how many are to run',
      (text) => parseWhole('-n', text, 0, maxInstances),
      1,
    )
    .option(
      '-p, --port <port>',
      'a port of the container, to be reached on its host; may be repeated',
      collect,
    )
    .option('--check <check>', 'is it healthy? may be repeated', collect)
    .option('--ready <check>', 'may it be reached? may be repeated', collect)
    .option('--start-timeout <duration>', 'how long it may take to become healthy (default: 60s)', (text) =>
      parseDurationMs('--start-timeout', text),
    )
    .option('--stop-grace <duration>', 'from SIGTERM to SIGKILL (default: 10s)', (text) =>
      parseDurationMs('--stop-grace', text),
    );
  withSpecFlags(command);
  withLrpPlacementFlags(command);
  withWaitFlags(command);
  command
    .addHelpText('after', manual)
    .action((name: string, image: string, args: string[], flags: Flags) =>
      openSession(host, command, (session) => run(session, { name, image, args, flags })),
    );
  return withGlobals(command);
}

interface Input {
  readonly name: string;
  readonly image: string;
  readonly args: readonly string[];
  readonly flags: Flags;
}

async function run(session: Session, input: Input): Promise<number> {
  const { client, signal } = session;
  const { desired } = await inFlags(
    client.call('desireLrp', { body: bodyOf(session.io, input) }, { signal }),
  );
  const guid = desired.guid;
  if (session.format === 'name') session.print(guid);
  if (input.flags.detach === true) {
    if (isData(session)) await printData(session, desired);
    else session.note(`${guid} was accepted: skep ps ${guid} shows how it comes up.`);
    return 0;
  }
  const { timeout: timeoutMs } = input.flags;
  const wait = { guid, wanted: desired.instances, desired, timeoutMs, takeBack: `skep rm ${guid}` };
  const code = await awaitLrp(session, wait);
  if (isData(session))
    await printData(
      session,
      await client.call('getLrp', { params: { guid: guid as ProcessGuid } }, { signal }),
    );
  return code;
}

function bodyOf(io: Io, { name, image, args, flags }: Input) {
  const ports = (flags.port ?? []).map((text) => parseWhole('-p', text, 1, 65_535));
  return {
    guid: name,
    image,
    instances: flags.instances,
    ports,
    checks: (flags.check ?? []).map((text) => parseCheck('--check', text)),
    readinessChecks: (flags.ready ?? []).map((text) => parseCheck('--ready', text)),
    ...(flags.startTimeout === undefined ? {} : { startTimeoutMs: flags.startTimeout }),
    ...(flags.stopGrace === undefined ? {} : { stopGraceMs: flags.stopGrace }),
    ...specOf(io, flags, args),
    ...lrpPlacementOf(flags, ports),
  };
}
