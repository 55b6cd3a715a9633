/** `skep cert`: every certificate that the cluster issued and that has not expired. */
import { Command } from 'commander';
import type { CertificateView } from '../../api/core/auth-shapes.ts';
import { escapeLines } from '../core/escape.ts';
import { formatDuration } from '../core/format.ts';
import { withGlobals } from '../flags.ts';
import type { Host } from '../io.ts';
import { openSession, printListing } from '../session.ts';
import { rotateCommand } from './rotate-ca.ts';

const manual = `
Hosts renew theirs by themselves at two thirds of 30 days. Revoking those of a host
ends its connections at once; it comes back only with a new join token.

Examples:
  $ skep cert ls
  $ skep cert revoke host-c`;

export function certCommand(host: Host): Command {
  return new Command('cert')
    .summary('list and revoke certificates')
    .description('Lists and revokes the certificates of hosts and users.')
    .usage('COMMAND [OPTIONS]')
    .addCommand(listCommand(host))
    .addCommand(revokeCommand(host))
    .addCommand(rotateCommand(host))
    .addHelpText('after', manual);
}

function listCommand(host: Host): Command {
  const command = new Command('ls')
    .summary('list the certificates')
    .description('Lists certificates by name, oldest first.')
    .action(() =>
      openSession(host, command, async (session) => {
        const { rows } = await session.client.call('listCertificates', {}, { signal: session.signal });
        const now = session.io.clock.now();
        const untilText = (at: number): string => (at <= now ? 'expired' : `in ${formatDuration(at - now)}`);
        await printListing(session, {
          columns: [
            { title: 'NAME', cell: (row) => row.name },
            { title: 'ROLES', cell: (row) => row.roles.join('+') },
            {
              title: 'EXPIRES',
              cell: (row) => (row.revokedAt === undefined ? untilText(row.notAfter) : 'revoked'),
            },
            { title: 'RENEWS', cell: (row) => renewsText(row, now) },
            { title: 'AUTHORITY', cell: (row) => row.authorityName },
            { title: 'SERIAL', cell: (row) => row.serial },
            { title: 'ISSUED BY', wideOnly: true, cell: (row) => row.issuedBy },
          ],
          rows,
          nameOf: (row) => row.serial,
          none: 'No certificates.',
        });
        return undefined;
      }),
    );
  return withGlobals(command);
}

/** Hosts and users without a fixed end renew at two thirds of the life. */
function renewsText({ renewsAt, isReplaced, revokedAt }: CertificateView, now: number): string {
  if (revokedAt !== undefined || renewsAt === undefined) return '-';
  if (isReplaced) return 'replaced';
  return renewsAt <= now ? 'due' : `in ${formatDuration(renewsAt - now)}`;
}

/** Every server holds the store, and with it the keys that sign. */
const heldKeys = (server: string): string =>
  `${escapeLines(server)} leaves the servers. It held the keys of the authorities: if it is in wrong hands, change them now: skep cert rotate-ca start`;

function revokeCommand(host: Host): Command {
  const command = new Command('revoke')
    .summary('make certificates useless, at once')
    .description('Revokes one certificate by its serial number, or all of a host by its name.')
    .argument('<which>', 'serial number, or name of a host')
    .option('--force', 'a server that the store cannot do without, too: as in skep server remove')
    .action((which: string, { force = false }: { force?: boolean }) =>
      openSession(host, command, async (session) => {
        const input = { params: { which }, query: { force: String(force) } };
        const { serials, wasServer } = await session.client.call('revokeCertificates', input, {
          signal: session.signal,
        });
        session.note(`Revoked: ${serials.join(', ')}`);
        if (wasServer) session.warn(heldKeys(which));
        return undefined;
      }),
    );
  return withGlobals(command);
}
