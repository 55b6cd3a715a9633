/** `skep audit`: who did what, how they were known and from where. A view of the journal. */
import { Command } from 'commander';
import type { EventRow } from '../../api/client/feeds.ts';
import { eventLine } from '../core/prose.ts';
import { parseSince, parseWhole } from '../core/quantity.ts';
import { withGlobals } from '../flags.ts';
import type { Host } from '../io.ts';
import { retryFeed } from '../retry-feed.ts';
import { isData, openSession, printData, type Session } from '../session.ts';

interface Flags {
  readonly follow?: boolean;
  readonly who?: string;
  readonly since?: string;
  readonly limit: number;
  readonly utc?: boolean;
}

const manual = `
Every change and every console is in the journal with who asked for it: the name in
the certificate or the proved user of the local socket, and the address. The journal
is bounded: the oldest lines go first. Changes that the cluster made by itself are in
'skep events'.

Examples:
  $ skep audit --since 24h
  $ skep audit -f --who alice`;

export function auditCommand(host: Host): Command {
  const command = new Command('audit')
    .summary('show who did what, and from where')
    .description('Shows what people and hosts asked for: who, how they were known, from where, what.')
    .option('-f, --follow', 'go on and show what happens')
    .option('--who <text>', 'only where the name or address holds this')
    .option('--since <time>', 'only since then: 15m, 2026-11-21T18:00:00Z')
    .option(
      '-n, --limit <count>',
      'look at so many of the last events',
      (text) => parseWhole('-n', text, 1, 10_000),
      10_000,
    )
    .option('--utc', 'times in UTC')
    .addHelpText('after', manual)
    .action((flags: Flags) =>
      openSession(host, command, (session) => audit(session, flags), { moreFormats: ['jsonl'] }),
    );
  return withGlobals(command, ['jsonl']);
}

async function audit(session: Session, flags: Flags): Promise<undefined> {
  const { client, signal, io } = session;
  const from = flags.since === undefined ? 0 : parseSince('--since', flags.since, io.clock.now());
  const isMeant = ({ actor, at }: EventRow): boolean =>
    actor !== undefined && at >= from && (flags.who === undefined || actor.includes(flags.who));
  const { rows } = await client.call('listEvents', { query: { limit: flags.limit } }, { signal });
  const ordered = [...rows].sort((a, b) => (a.id < b.id ? -1 : 1));
  const meant = ordered.filter(isMeant);
  if (isData(session) && session.format !== 'jsonl') {
    await printData(session, meant);
    return undefined;
  }
  const show = (event: EventRow): void => session.print(lineOf(session, event, flags));
  for (const event of meant) show(event);
  if (meant.length === 0 && flags.follow !== true) session.note('Nobody did anything of that kind.');
  if (flags.follow !== true) return undefined;
  let since = ordered.at(-1)?.id;
  const query = () => (since === undefined ? {} : { since });
  for await (const event of retryFeed(session, (stop) => client.events(query(), { signal: stop }))) {
    since = event.id;
    if (isMeant(event)) show(event);
  }
  return undefined;
}

function lineOf(session: Session, event: EventRow, flags: Flags): string {
  if (session.format === 'jsonl') return JSON.stringify(event);
  if (session.format === 'name') return event.id;
  return eventLine(event, flags.utc === true ? undefined : session.io.offsetMinutes(event.at));
}
