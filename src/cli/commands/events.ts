/** `skep events`: the journal of the cluster. */
import { Command } from 'commander';
import { SkepError } from '../../base/core/errors.ts';
import type { JournalEvent } from '../../model/event.ts';
import { escapeText } from '../core/escape.ts';
import { eventLine } from '../core/prose.ts';
import { parseWhole } from '../core/quantity.ts';
import { withGlobals } from '../flags.ts';
import type { Host } from '../io.ts';
import { retryFeed } from '../retry-feed.ts';
import { openSession, printData, type Session } from '../session.ts';

interface Flags {
  readonly follow?: boolean;
  readonly limit: number;
  readonly utc?: boolean;
}

type Row = JournalEvent & { readonly id: string };

const manual = `
The journal is bounded: the oldest events go first. NAME limits it to what is about
one LRP, instance (NAME/INDEX), task or cell.

Examples:
  $ skep events
  $ skep events -f hello
  $ skep events -f -o jsonl`;

export function eventsCommand(host: Host): Command {
  const command = new Command('events')
    .summary('show what happened, who did it and why')
    .description('Shows what happened in the cluster, oldest first: who did what, and why.')
    .argument('[name]', 'only what is about this LRP, instance, task or cell')
    .option('-f, --follow', 'go on and show events as they happen')
    .option(
      '-n, --limit <count>',
      'how many of the last ones',
      (text) => parseWhole('-n', text, 1, 10_000),
      200,
    )
    .option('--utc', 'times in UTC')
    .addHelpText('after', manual)
    .action((subject: string | undefined, flags: Flags) =>
      openSession(host, command, (session) => showEvents(session, subject, flags), {
        moreFormats: ['jsonl'],
      }),
    );
  return withGlobals(command, ['jsonl']);
}

async function showEvents(session: Session, subject: string | undefined, flags: Flags): Promise<undefined> {
  const { client, signal, format } = session;
  const query = { limit: flags.limit, ...(subject === undefined ? {} : { subject }) };
  const { rows } = await client.call('listEvents', { query }, { signal });
  const ordered = [...rows].sort((a, b) => (a.id < b.id ? -1 : 1));
  if (flags.follow !== true && (format === 'json' || format === 'yaml')) {
    await printData(session, ordered);
    return;
  }
  if (flags.follow === true && (format === 'json' || format === 'yaml')) {
    throw new SkepError('InvalidRequest', `-o ${format}: events that go on have no end to close it`, {
      hint: 'use -o jsonl',
    });
  }
  const show = (event: Row): void => session.print(formatEvent(session, event, flags));
  for (const event of ordered) show(event);
  if (ordered.length === 0 && flags.follow !== true) {
    session.note(
      subject === undefined
        ? 'Nothing has happened yet.'
        : `Nothing about ${escapeText(subject)} is in the journal (write the whole name).`,
    );
  }
  if (flags.follow === true) await followEvents(session, subject, ordered.at(-1)?.id, show);
}

function formatEvent(session: Session, event: Row, flags: Flags): string {
  if (session.format === 'jsonl') return JSON.stringify(event);
  if (session.format === 'name') return event.id;
  return eventLine(event, flags.utc === true ? undefined : session.io.offsetMinutes(event.at));
}

/** Resumes after the last event seen when the connection is lost. */
async function followEvents(
  session: Session,
  subject: string | undefined,
  seen: string | undefined,
  show: (event: Row) => void,
): Promise<void> {
  let since = seen;
  const query = () => ({
    ...(since === undefined ? {} : { since }),
    ...(subject === undefined ? {} : { subject }),
  });
  const feed = retryFeed(session, (signal) => session.client.events(query(), { signal }));
  for await (const event of feed) {
    since = event.id;
    show(event);
  }
}
