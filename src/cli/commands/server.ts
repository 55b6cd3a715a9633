/** `skep server ls|add|remove|auto`: which hosts are servers. `recover` is cli/run/server-command.ts. */
import { Command } from 'commander';
import { didYouMean } from '../../api/core/nearest.ts';
import { lastChangeLine, quorumLine } from '../../api/core/quorum-text.ts';
import type { ServerRow, Servers } from '../../api/core/server-shapes.ts';
import { SkepError } from '../../base/core/errors.ts';
import { escapeText } from '../core/escape.ts';
import { formatAge, formatDuration, formatMebibytes } from '../core/format.ts';
import { parseDurationMs, parseOneOf } from '../core/quantity.ts';
import type { Column } from '../core/table.ts';
import { withGlobals } from '../flags.ts';
import type { Host } from '../io.ts';
import { confirm } from '../prompt.ts';
import { followChange } from '../server/follow-change.ts';
import { isData, openSession, printData, printListing, type Session } from '../session.ts';

export const serverCommands = (host: Host): Command[] => [
  listCommand(host),
  addCommand(host),
  removeCommand(host),
  autoCommand(host),
];

const listManual = `
A server keeps the cluster's state and answers its API; most of them must answer, or
nothing can be changed. LAG counts entries of the log that a member lacks. Below the
table: which loss is survived, what the automatic quorum does next and when, and which
hosts could become servers (with -o json: all, and why not).

Example:
  $ skep server ls`;

function listCommand(host: Host): Command {
  const command = new Command('ls')
    .summary('list the servers, what is lost without which, and what comes next')
    .description('Lists the servers and what the automatic quorum does.')
    .addHelpText('after', listManual)
    .action(() => openSession(host, command, list));
  return withGlobals(command);
}

async function list(session: Session): Promise<undefined> {
  const { client, signal } = session;
  const servers = await client.call('listServers', {}, { signal });
  if (isData(session)) {
    await printData(session, servers);
    return;
  }
  await printListing(session, {
    columns: columnsAt(servers.now),
    rows: servers.rows,
    nameOf: ({ server }) => server,
    none: 'No servers.',
  });
  if (session.flags.quiet === true) return;
  for (const line of linesOf(servers)) session.print(escapeText(line));
}

const columnsAt = (now: number): Column<ServerRow>[] => [
  { title: 'SERVER', cell: ({ server }) => server },
  { title: 'ROLE', cell: ({ role, isLeader }) => (isLeader ? 'leader' : role) },
  { title: 'STATE', cell: (row) => stateOf(row, now) },
  { title: 'TERM', cell: ({ raftTerm }) => String(raftTerm ?? ''), align: 'right' },
  { title: 'LAG', cell: ({ lag }) => String(lag ?? ''), align: 'right' },
  { title: 'DB', cell: ({ dbSizeBytes }) => sizeOf(dbSizeBytes), align: 'right' },
  { title: 'SINCE', cell: ({ since }) => (since === undefined ? '' : formatAge(since, now)), align: 'right' },
  { title: 'ADDRESS', cell: ({ apiAddress }) => apiAddress ?? '' },
  { title: 'VERSION', cell: ({ version }) => version ?? '' },
];

function stateOf({ isReachable, silentSince }: ServerRow, now: number): string {
  if (isReachable) return 'answers';
  return silentSince === undefined ? 'silent' : `silent for ${formatAge(silentSince, now)}`;
}

const sizeOf = (bytes: number | undefined): string =>
  bytes === undefined ? '' : formatMebibytes(Math.ceil(bytes / 2 ** 20));

function linesOf({ survives, auto, quorum, standby, now }: Servers): string[] {
  const ready = standby.filter(({ canServe, reason }) => canServe && reason === undefined);
  const others = standby.length - ready.length;
  const [first] = standby.filter(({ canServe, reason }) => !canServe || reason !== undefined);
  const why =
    first === undefined ? '' : `${others} cannot or may not, such as ${first.host}: ${first.reason ?? ''}`;
  const could = ready.map(({ host }) => host).join(', ') || 'none';
  const next = quorumLine(quorum, now);
  const last = lastChangeLine(quorum, now);
  return [
    '',
    `Survives   ${survives === 0 ? 'the loss of no server' : `the loss of ${survives} of the servers that answer`}`,
    `Automatic  ${autoText(auto)}`,
    ...(next === undefined ? [] : [`Next       ${next}`]),
    ...(last === undefined ? [] : [`Last       ${last}`]),
    ...(standby.length === 0 ? [] : [`Standby    ${[could, why].filter((part) => part !== '').join('; ')}`]),
  ];
}

function autoText({ isOn, wanted, replaceAfterMs }: Servers['auto']): string {
  if (!isOn) return 'off: no server is added or replaced by itself';
  return `on: keeps ${wanted}, replaces one that is silent for ${formatDuration(replaceAfterMs)}`;
}

const addManual = `
The host must be a cell that is present; it gets the certificates of a server, starts
an etcd beside its cell and votes when it has caught up, some seconds later. Nothing on
it is restarted. One server changes at a time. An even number of servers survives no
more losses than the odd one below it. Ctrl-C only stops watching.

Example:
  $ skep server add host-d`;

function addCommand(host: Host): Command {
  const command = new Command('add')
    .summary('make a host a server')
    .description('Makes a host that is a cell a server as well.')
    .argument('<host>', 'its name, as `skep cells` shows it')
    .addHelpText('after', addManual)
    .action((name: string) =>
      openSession(host, command, async (session) => {
        const { client, signal } = session;
        const { change } = await client.call('addServer', { params: { server: name } }, { signal });
        return await followChange(session, change);
      }),
    );
  return withGlobals(command);
}

const removeManual = `
A server that runs hands over its lead, leaves the quorum and is a cell from then on:
its containers run on. One that is dead is struck off. What would leave no majority is
refused, with the numbers. What would only lower the losses that are survived needs
--force. The automatic quorum does not take the host back; 'skep server add' does.
What it held as a server is revoked, so it can come back as a cell only. Was it stolen,
'skep cert revoke NAME' shuts out its cell too.

Examples:
  $ skep server remove host-b
  $ skep server remove host-b --force --yes`;

function removeCommand(host: Host): Command {
  const command = new Command('remove')
    .summary('make a server a cell only, or strike off a dead one')
    .description('Removes a server from the quorum.')
    .argument('<server>', 'its name, as `skep server ls` shows it')
    .option('--force', 'also when fewer losses are survived then; never when no majority is left')
    .addHelpText('after', removeManual)
    .action((name: string, { force = false }: { force?: boolean }) =>
      openSession(host, command, (session) => remove(session, name, force)),
    );
  return withGlobals(command);
}

async function remove(session: Session, name: string, force: boolean): Promise<number> {
  const { client, signal } = session;
  const { rows } = await client.call('listServers', {}, { signal });
  requireServer(
    name,
    rows.map(({ server }) => server),
  );
  await confirm(session, `Remove server ${escapeText(name)}?`);
  const { change } = await client.call(
    'removeServer',
    { params: { server: name }, body: { force } },
    { signal },
  );
  return await followChange(session, change);
}

/** Nobody is asked about a name that is none. Throws `ResourceNotFound` with those that are. */
function requireServer(name: string, servers: readonly string[]): void {
  if (servers.includes(name)) return;
  const hint = [didYouMean(name, servers), `the servers are ${servers.join(', ')}`];
  throw new SkepError('ResourceNotFound', `there is no server ${JSON.stringify(name)}`, {
    hint: hint.filter((part) => part !== undefined).join(' '),
  });
}

const autoManual = `
On (the default), the cluster keeps three servers by itself: it takes capable hosts
('server: auto' in their settings) until there are three, and when a server has been
silent for ten minutes another host replaces it. It changes one server at a time, never
without a majority that answers, and says beforehand what it will do: 'skep server ls',
'skep status', the page :brain, and the events.

Examples:
  $ skep server auto off
  $ skep server auto 5
  $ skep server auto on --replace-after 30m`;

function autoCommand(host: Host): Command {
  const command = new Command('auto')
    .summary('let the cluster keep 1, 3 or 5 servers by itself, or not')
    .description('Switches the automatic quorum on or off, or says how many servers it keeps.')
    .argument('<what>', 'on, off, or how many servers: 1, 3 or 5', (text: string) =>
      parseOneOf('WHAT', text, ['on', 'off', '1', '3', '5']),
    )
    .option('--replace-after <time>', 'how long a server must be silent: 10m', (text) =>
      parseDurationMs('--replace-after', text),
    )
    .addHelpText('after', autoManual)
    .action((what: string, { replaceAfter }: { replaceAfter?: number }) =>
      openSession(host, command, (session) => setAuto(session, what, replaceAfter)),
    );
  return withGlobals(command);
}

const wantedOf: Readonly<Record<string, 1 | 3 | 5>> = { '1': 1, '3': 3, '5': 5 };

async function setAuto(
  session: Session,
  what: string,
  replaceAfterMs: number | undefined,
): Promise<undefined> {
  if (replaceAfterMs !== undefined && replaceAfterMs < 1_000) {
    throw new SkepError('InvalidRequest', 'a server must be silent for a second at least', {
      field: '--replace-after',
    });
  }
  const wanted = wantedOf[what];
  const body = {
    isOn: what !== 'off',
    ...(wanted === undefined ? {} : { wanted }),
    ...(replaceAfterMs === undefined ? {} : { replaceAfterMs }),
  };
  const done = await session.client.call('setAutoServers', { body }, { signal: session.signal });
  if (isData(session)) await printData(session, done);
  else session.print(`The automatic quorum is ${autoText(done.auto)}.`);
}
