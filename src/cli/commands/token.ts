/** `skep token`: what lets a new host in. */
import { Command } from 'commander';
import { type TokenRole, tokenRoles } from '../../model/auth.ts';
import { formatDuration } from '../core/format.ts';
import { parseDurationMs, parseWhole } from '../core/quantity.ts';
import { choiceOption, withGlobals } from '../flags.ts';
import type { Host } from '../io.ts';
import { isData, openSession, printData, printListing, type Session } from '../session.ts';

const manual = `
A token is a secret: whoever has it can bring a host into the cluster until it has
expired or been used. It is printed once and stored as a hash. It also names the
cluster's authority, so that a joining host finds out who it talks to before it tells
the secret.

Examples:
  $ skep token create --role cell --ttl 30m --uses 5
  $ skep token create --role server --print-join
  $ skep token ls
  $ skep token revoke k3v9x2ab`;

export function tokenCommand(host: Host): Command {
  return new Command('token')
    .summary('let new hosts join: make, list and revoke tokens')
    .description('Makes, lists and revokes the tokens that hosts join with.')
    .usage('COMMAND [OPTIONS]')
    .addCommand(createCommand(host))
    .addCommand(listCommand(host))
    .addCommand(revokeCommand(host))
    .addHelpText('after', manual);
}

interface CreateFlags {
  readonly role: TokenRole;
  readonly ttl: number;
  readonly uses: number;
  readonly printJoin?: boolean;
}

function createCommand(host: Host): Command {
  const command = new Command('create')
    .summary('make a token and print it')
    .description('Makes a join token and prints it; nobody can print it again.')
    .addOption(choiceOption('--role <role>', 'what the host becomes', tokenRoles).makeOptionMandatory())
    .option(
      '--ttl <time>',
      'how long it is good: 30m, 24h, 7d',
      (text) => parseDurationMs('--ttl', text),
      3_600_000,
    )
    .option('--uses <n>', 'how many hosts it is for', (text) => parseWhole('--uses', text, 1, 1_000), 1)
    .option('--print-join', 'print the command for the new host as well')
    .action((flags: CreateFlags) => openSession(host, command, (session) => create(session, flags)));
  return withGlobals(command);
}

async function create(session: Session, flags: CreateFlags): Promise<number> {
  const body = { role: flags.role, ttlMs: flags.ttl, uses: flags.uses };
  const made = await session.client.call('createToken', { body }, { signal: session.signal });
  if (isData(session)) {
    await printData(session, made);
    return 0;
  }
  session.print(made.token);
  const uses = flags.uses === 1 ? 'one' : String(flags.uses);
  session.note(`Good for ${uses} ${flags.role}, for ${formatDuration(flags.ttl)}. Keep it secret.`);
  if (flags.printJoin === true) {
    const only = flags.role === 'cell' ? ' --server=auto' : '';
    session.note('On the new host, with the token in the file ./token (chmod 600):');
    session.note(
      `  skep agent --address ITS-ADDRESS${only} --join ${made.servers.join(' ')} --token-file ./token`,
    );
  }
  return 0;
}

function listCommand(host: Host): Command {
  const command = new Command('ls')
    .summary('list the tokens')
    .description('Lists join tokens, without their secrets.')
    .action(() =>
      openSession(host, command, async (session) => {
        const { rows } = await session.client.call('listTokens', {}, { signal: session.signal });
        const now = session.io.clock.now();
        await printListing(session, {
          columns: [
            { title: 'ID', cell: (row) => row.id },
            { title: 'ROLE', cell: (row) => row.role },
            { title: 'USES LEFT', cell: (row) => String(row.usesLeft), align: 'right' },
            {
              title: 'EXPIRES',
              cell: (row) => (row.expiresAt <= now ? 'expired' : `in ${formatDuration(row.expiresAt - now)}`),
            },
            { title: 'MADE BY', cell: (row) => row.createdBy },
          ],
          rows,
          nameOf: (row) => row.id,
          none: 'No tokens.',
        });
        return undefined;
      }),
    );
  return withGlobals(command);
}

function revokeCommand(host: Host): Command {
  const command = new Command('revoke')
    .summary('make a token useless')
    .description('Revokes a token: no host can join with it any more. Those that have joined stay.')
    .argument('<id>', 'of the token, as `skep token ls` shows it')
    .action((id: string) =>
      openSession(host, command, async (session) => {
        await session.client.call('revokeToken', { params: { id } }, { signal: session.signal });
        session.note(`Token ${id} is revoked.`);
        return undefined;
      }),
    );
  return withGlobals(command);
}
