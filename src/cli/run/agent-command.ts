/** `skep agent`: the daemon on each host. Parses its flags, then hands over to agent.ts. */
import { Command } from 'commander';
import { parseOneOf } from '../core/quantity.ts';
import { choiceOption } from '../flags.ts';
import type { Host } from '../io.ts';
import type { ConfigOverrides } from './agent-config-file.ts';

interface AgentFlags {
  readonly config?: string;
  readonly name?: string;
  readonly dataDir?: string;
  readonly socket?: string;
  readonly address?: string;
  readonly server?: boolean | 'auto';
  readonly join?: readonly string[];
  readonly tokenFile?: string;
  readonly insecure?: boolean;
  readonly etcdEndpoints?: readonly string[];
  readonly zone?: string;
  readonly logLevel?: string;
  readonly explain?: boolean;
  readonly metricsListen?: string;
}

const manual = `
The daemon on a host: always a cell that runs containers unless told otherwise,
and maybe a server that keeps the cluster's state and answers its API. It runs in
the foreground and logs JSON lines to standard error. Stopping it (SIGTERM) or
killing it stops no container: the agent that starts next adopts them.

The first server of a cluster founds it: it makes the certificates that everybody
else is known by. A host that joins needs a token once: 'skep token create' on a
server prints one. A token is a secret: it comes from a file or standard input, never
from the command line. Certificates renew themselves.

Settings come from a YAML file, and flags win over it. Every setting is described
in docs/configuration.md. A setting that is wrong is refused at start with file,
line, field and reason.

With --explain the brain, while this server leads, writes a line for every decision
to explain.jsonl in the data folder: where an instance was placed, with the score
and the cell that came second, what was refused and why, what was restarted, moved
or stopped and by which rule. SIGUSR2 switches that on and off. docs/placement.md
says how to read it.

Examples:
  The first server of a cluster, and a cell:
    $ skep agent --name host-a --address 10.0.0.1
  A second server, with what 'skep token create --role server' printed on the first:
    $ skep agent --name host-b --address 10.0.0.2 --join 10.0.0.1:7400 --token-file -
  A cell, which the cluster may make a server when it needs one (never: --server=false):
    $ skep agent --name host-c --address 10.0.0.3 --server=auto \\
        --join 10.0.0.1:7400 --token-file /root/token`;

export function agentCommand(host: Host): Command {
  return new Command('agent')
    .summary('run the daemon of this host')
    .description('Runs the daemon of this host: a cell, and maybe a server.')
    .option('--config <file>', 'read settings from FILE (default: /etc/skep/agent.yaml if it exists)')
    .option('--name <name>', 'cell id and server name (default: the host name)')
    .option('--data-dir <dir>', 'where state is kept (default: /var/lib/skep)')
    .option('--socket <path>', 'where the API answers root and group skep (default: /run/skep/skep.sock)')
    .option('--address <address>', 'address of this host to listen on (default: 127.0.0.1)')
    .option('--server <yes>', 'false: a cell only; auto: a cell that may become a server', parseServer)
    .option('--join <address...>', 'API address of a server to join, ADDRESS:PORT')
    .option('--token-file <file>', 'join token for a host without a certificate; - reads standard input')
    .option('--insecure', 'plain HTTP instead of TLS, on loopback addresses only')
    .option('--etcd-endpoints <urls>', 'use this etcd instead of running one, URL,URL', (text) =>
      text.split(','),
    )
    .option('--zone <zone>', 'what this host fails together with (default: default)')
    .addOption(choiceOption('--log-level <level>', 'how much to log', ['debug', 'info', 'warn', 'error']))
    .option('--explain', 'write down what the brain decides and why: explain.jsonl in the data folder')
    .option(
      '--metrics-listen <address>',
      'loopback ADDRESS:PORT that serves /metrics too, for a cell without an API',
    )
    .addHelpText('after', manual)
    .action(async (flags: AgentFlags) => {
      const { runAgent } = await import('./agent.ts');
      host.setExit(await runAgent(flags.config, overridesOf(flags)));
    });
}

function parseServer(text: string): boolean | 'auto' {
  const choice = parseOneOf('--server', text, ['true', 'false', 'auto']);
  return choice === 'auto' ? choice : choice === 'true';
}

function overridesOf(flags: AgentFlags): ConfigOverrides {
  const { config: _file, zone, ...settings } = flags;
  return { ...settings, ...(zone === undefined ? {} : { cell: { zone } }) };
}
