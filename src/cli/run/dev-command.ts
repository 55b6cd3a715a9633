/** `skep dev`: a throw-away cluster of this machine in the foreground. */
import { Command } from 'commander';
import { parseWhole } from '../core/quantity.ts';
import type { Host } from '../io.ts';

const manual = `
Runs agents on 127.0.0.1, 127.0.0.2, … of this machine, all with the same ports,
with their data in a temporary folder, until Ctrl-C. Then it stops them, removes
the containers that it started, and the folder. Needs root (or the right to use
Docker) and etcd (apt-get install etcd-server).

Example:
  $ skep dev --cells 3
  and in another terminal:
  $ export SKEP_SERVER=127.0.0.1:7400
  $ skep cells`;

export function devCommand(host: Host): Command {
  return new Command('dev')
    .summary('run a throw-away cluster on this machine')
    .description('Runs a throw-away cluster on this machine, in the foreground.')
    .option('--cells <n>', 'how many agents to run, 1 to 20', (text) => parseWhole('--cells', text, 1, 20), 3)
    .option(
      '--servers <n>',
      'how many of them are servers (default: 3 if there are 3 cells, else 1)',
      (text) => parseWhole('--servers', text, 1, 7),
    )
    .option(
      '--port <n>',
      'first of three ports: API, etcd clients, etcd peers',
      (text) => parseWhole('--port', text, 1, 65_533),
      7400,
    )
    .addHelpText('after', manual)
    .action(async (flags: { cells: number; servers?: number; port: number }) => {
      const { runDev } = await import('./dev.ts');
      const servers = flags.servers ?? (flags.cells >= 3 ? 3 : 1);
      host.setExit(
        await runDev({
          cells: flags.cells,
          servers: Math.min(servers, flags.cells),
          port: flags.port,
        }),
      );
    });
}
