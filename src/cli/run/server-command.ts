/** `skep server`: its verbs, and `recover`, which is done on the server's own host with the agent stopped. */
import { Command } from 'commander';
import { serverCommands } from '../commands/server.ts';
import { plural } from '../core/format.ts';
import { withGlobals } from '../flags.ts';
import type { Host } from '../io.ts';
import { confirm } from '../prompt.ts';
import { openSession, printData, type Session } from '../session.ts';
import { loadAgentConfig } from './agent-config-file.ts';
import { recover } from './recover.ts';
import { rejoinLines } from './rejoin-lines.ts';

const manual = `
For the day on which most servers are gone for good and nothing can be changed any
more. Run it on one server that is left, with its agent stopped: that server becomes
the only one, with every LRP, instance and setting that it has, and the others join it
again, one by one, with empty data. No container is stopped by it: cells come back by
themselves and adopt what runs.

If more than one server is left, take the one with the highest revision: 'skep status'
shows it. Are the lost ones only switched off, start them instead: that loses nothing.
The data are copied aside first (etcd.before-recover-TIME in the data folder).

Example, on the server that is left:
  $ systemctl stop skep
  $ skep server recover
  $ systemctl start skep`;

const groupManual = `
Examples:
  $ skep server ls
  $ skep server add host-d
  $ skep server remove host-b`;

interface Flags {
  readonly config?: string;
  readonly dataDir?: string;
}

export function serverCommand(host: Host): Command {
  const command = new Command('server')
    .summary('list, add and remove servers; recover from the loss of most')
    .description('Looks after the servers of the cluster.')
    .usage('COMMAND [OPTIONS]')
    .addHelpText('after', groupManual);
  for (const one of serverCommands(host)) command.addCommand(one);
  return command.addCommand(recoverCommand(host));
}

function recoverCommand(host: Host): Command {
  const command = new Command('recover')
    .summary('make this host the only server, with all its data')
    .description('Makes this host the only server after most were lost for good.')
    .option('--config <file>', "the agent's settings (default: /etc/skep/agent.yaml if it exists)")
    .option('--data-dir <dir>', "the agent's data folder, instead of the one in the settings")
    .addHelpText('after', manual)
    .action((flags: Flags) => openSession(host, command, (session) => run(session, flags)));
  return withGlobals(command);
}

async function run(session: Session, { config: path, dataDir }: Flags): Promise<number> {
  const config = loadAgentConfig(path, dataDir === undefined ? {} : { dataDir });
  const recovery = await recover({
    config,
    signal: session.signal,
    confirm: () =>
      confirm(
        session,
        `Make ${config.name} the only server? The others must be gone for good, or never start with their data again.`,
      ),
    say: session.note,
  });
  if (session.format !== 'table') {
    await printData(session, recovery);
    return 0;
  }
  const { records, revision, dropped, copiedTo } = recovery;
  session.print(
    `${config.name} is the only server now: ${plural(records, 'record')} of revision ${revision}.`,
  );
  session.print(`A copy of the data as they were: ${copiedTo}`);
  for (const line of rejoinLines({ config, others: dropped })) session.print(line);
  return 0;
}
