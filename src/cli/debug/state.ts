/** `skep debug state`: one server's copy of the state, for a report or for the simulator. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { Command } from 'commander';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import { withGlobals } from '../flags.ts';
import type { Host } from '../io.ts';
import { openSession, type Session } from '../session.ts';

const manual = `
Everything that the server knows: LRPs, instances, tasks, cells, the journal. One
JSON object a line, the answers of GET /v1/debug/state page by page. The file holds
the environment of every LRP, secrets among it: it is made for its owner alone, and
it is yours to look through before you send it to anybody. Nothing is changed.

Examples:
  $ skep debug state cluster.jsonl
  $ skep debug state | zstd > cluster.jsonl.zst
  In a checkout of Skep, play faults on a copy of the cluster:
    $ npm run sim -- --seeds 50 --from cluster.jsonl`;

const pageDeadlineMs = 60_000;

export function debugStateCommand(host: Host): Command {
  const command = new Command('state')
    .summary('write down everything that a server knows')
    .description('Writes down everything that a server knows of the cluster.')
    .argument('[file]', 'a new file (default: standard output)')
    .addHelpText('after', manual)
    .action((file: string | undefined) => openSession(host, command, (session) => state(session, file)));
  return withGlobals(command);
}

async function state(session: Session, path: string | undefined): Promise<undefined> {
  const { io } = session;
  if (path === undefined && io.stdout.isTTY === true) {
    throw new SkepError(
      'InvalidRequest',
      'the state is long, and may hold secrets: it is not printed on a terminal',
      {
        hint: 'name a file: skep debug state cluster.jsonl',
      },
    );
  }
  const file = path === undefined ? undefined : create(path);
  try {
    const { records, revision } = await writePages(session, file);
    session.note(`${records} records of revision ${revision}; environments of LRPs are among them`);
  } finally {
    if (file !== undefined) closeSync(file);
  }
  return undefined;
}

/** For its owner alone, and never over a file that there is. */
function create(path: string): number {
  try {
    return openSync(path, 'wx', 0o600);
  } catch (error) {
    const exists = (error as NodeJS.ErrnoException).code === 'EEXIST';
    const reason = exists ? 'there is such a file already' : messageOf(error);
    throw new SkepError('InvalidRequest', `${path}: ${reason}`, {
      field: 'file',
      hint: 'name a new file',
      cause: error,
    });
  }
}

/** Page by page, so that a large cluster fits in memory. */
async function writePages(
  session: Session,
  file: number | undefined,
): Promise<{ readonly records: number; readonly revision: number }> {
  const { io, client, signal } = session;
  let records = 0;
  for (let after: string | undefined; ; ) {
    const query = after === undefined ? {} : { after };
    const page = await client.call('debugState', { query }, { signal, deadlineMs: pageDeadlineMs });
    const line = `${JSON.stringify(page)}\n`;
    if (file !== undefined) writeSync(file, line);
    else if (!io.stdout.write(line)) await drained(session);
    records += page.rows.length;
    const { revision } = page;
    if (page.next === undefined) return { records, revision };
    after = page.next;
  }
}

/** A slow reader of the pipe holds the next page back. */
function drained({ io, signal }: Session): Promise<void> {
  return new Promise((resolve, reject) => {
    io.stdout.once('drain', resolve);
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
