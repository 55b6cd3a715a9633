/** `skep user`: people, each with a certificate of their own. */
import { Command } from 'commander';
import { SkepError } from '../../base/core/errors.ts';
import { cellIdSchema } from '../../model/ids.ts';
import { type UserRole, userRoles } from '../../model/rights.ts';
import type { Context } from '../core/context.ts';
import { formatAge, formatDuration } from '../core/format.ts';
import { parseDurationMs } from '../core/quantity.ts';
import { choiceOption, withGlobals } from '../flags.ts';
import type { Host } from '../io.ts';
import { openSession, printListing, type Session } from '../session.ts';

const manual = `
viewer sees everything that the API shows, operator changes workloads, cells and
settings too, admin also users, tokens and certificates. --console lets one enter
containers, whatever the role.

Without --ttl the certificate is good for 90 days and renews itself in its last 30 while
it is used; with --ttl access ends then.

The file that 'add' writes is the person's key to the cluster: hand it over on a safe
way, and let the person do 'skep ctx add FILE'. The key is made here and is nowhere
else.

Examples:
  $ skep user add alice --role operator --console --file alice.json
  $ skep user ls
  $ skep user revoke alice`;

export function userCommand(host: Host): Command {
  return new Command('user')
    .summary('add, list and revoke users')
    .description('Adds, lists and revokes users: people with a certificate of their own.')
    .usage('COMMAND [OPTIONS]')
    .addCommand(addCommand(host))
    .addCommand(listCommand(host))
    .addCommand(revokeCommand(host))
    .addHelpText('after', manual);
}

interface AddFlags {
  readonly role: UserRole;
  readonly console?: boolean;
  readonly ttl?: number;
  readonly file: string;
}

const defaultTtlMs = 90 * 24 * 60 * 60 * 1_000;

function addCommand(host: Host): Command {
  const command = new Command('add')
    .summary('add a user and write the file that lets them in')
    .description('Makes a key, has the cluster sign it, and writes a context file (readable by you alone).')
    .argument('<name>', 'of the user')
    .addOption(choiceOption('--role <role>', 'what they may do', userRoles).makeOptionMandatory())
    .option('--console', 'they may enter containers')
    .option('--ttl <time>', 'until when, for good: 30d, 8h (default: it renews itself)', (text) =>
      parseDurationMs('--ttl', text),
    )
    .requiredOption('--file <file>', 'where the context is written; must not exist')
    .action((name: string, flags: AddFlags) =>
      openSession(host, command, (session) => add(session, name, flags)),
    );
  return withGlobals(command);
}

async function add(session: Session, name: string, flags: AddFlags): Promise<undefined> {
  const { client, io, signal } = session;
  const checked = cellIdSchema.safeParse(name);
  if (!checked.success) {
    throw new SkepError(
      'InvalidRequest',
      `${JSON.stringify(name)}: ${checked.error.issues[0]?.message ?? ''}`,
      {
        field: 'NAME',
      },
    );
  }
  if (io.exists(flags.file)) {
    throw new SkepError('ResourceExists', `${flags.file} exists`, {
      hint: 'name a file that does not exist',
    });
  }
  const { key, request } = await io.makeRequest(name);
  const body = {
    name: checked.data,
    role: flags.role,
    console: flags.console === true,
    ttlMs: flags.ttl ?? defaultTtlMs,
    renews: flags.ttl === undefined,
    request,
  };
  const answer = await client.call('addUser', { body }, { signal });
  const context: Context = { v: 1, user: name, ...answer, key };
  io.writeSecret(flags.file, `${JSON.stringify(context, null, 2)}\n`);
  session.note(`${flags.file} lets ${name} in ${until(flags.ttl)}. There: skep ctx add ${flags.file}`);
  return undefined;
}

const until = (ttlMs: number | undefined): string =>
  ttlMs === undefined
    ? `until revoked, if used at least every ${formatDuration(defaultTtlMs / 3)}`
    : `for ${formatDuration(ttlMs)}`;

function listCommand(host: Host): Command {
  const command = new Command('ls')
    .summary('list the users')
    .description('Lists users: what they may do and until when.')
    .action(() =>
      openSession(host, command, async (session) => {
        const { rows } = await session.client.call('listUsers', {}, { signal: session.signal });
        const now = session.io.clock.now();
        await printListing(session, {
          columns: [
            { title: 'NAME', cell: (row) => row.name },
            { title: 'ROLE', cell: (row) => row.role },
            { title: 'CONSOLE', cell: (row) => (row.console ? 'yes' : 'no') },
            {
              title: 'EXPIRES',
              cell: (row) => (row.expiresAt <= now ? 'expired' : `in ${formatDuration(row.expiresAt - now)}`),
            },
            { title: 'AGE', align: 'right', cell: (row) => formatAge(row.createdAt, now) },
            { title: 'ADDED BY', wideOnly: true, cell: (row) => row.createdBy },
          ],
          rows,
          nameOf: (row) => row.name,
          none: 'No users.',
        });
        return undefined;
      }),
    );
  return withGlobals(command);
}

function revokeCommand(host: Host): Command {
  const command = new Command('revoke')
    .summary('lock a user out, at once')
    .description('Revokes the certificates of a user: connections end at once, new ones are refused.')
    .argument('<name>', 'of the user')
    .action((name: string) =>
      openSession(host, command, async (session) => {
        await session.client.call('revokeUser', { params: { name } }, { signal: session.signal });
        session.note(`${name} is locked out.`);
        return undefined;
      }),
    );
  return withGlobals(command);
}
