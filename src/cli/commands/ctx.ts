/** `skep ctx`: the clusters that this person reaches, by names of their own. */
import { Command } from 'commander';
import { SkepError } from '../../base/core/errors.ts';
import { checkContextName, contextSchema, parseContext } from '../core/context.ts';
import { formatDuration } from '../core/format.ts';
import { withGlobals } from '../flags.ts';
import type { Host } from '../io.ts';
import { loadContext } from '../load-context.ts';
import { openSession, printData, printListing, type Session } from '../session.ts';

const manual = `
A context is a cluster's addresses and your certificate for it. Commands use, in this
order: --context, SKEP_CONTEXT, the one chosen with 'skep ctx use'. Without any they
speak to the agent of this host. Files: ~/.config/skep/contexts/ (yours alone).

Examples:
  $ skep ctx add alice.json --name prod
  $ skep ctx use prod
  $ skep --context lab ps`;

export function ctxCommand(host: Host): Command {
  return new Command('ctx')
    .summary('choose between clusters')
    .description('Lists, chooses and keeps contexts: clusters, and who you are there.')
    .usage('COMMAND [OPTIONS]')
    .addCommand(listCommand(host))
    .addCommand(useCommand(host))
    .addCommand(addCommand(host))
    .addCommand(renameCommand(host))
    .addCommand(removeCommand(host))
    .addCommand(showCommand(host))
    .addHelpText('after', manual);
}

function listCommand(host: Host): Command {
  const command = new Command('ls')
    .summary('list the contexts')
    .description('Lists contexts; the one in use is marked.')
    .action(() => offline(host, command, list));
  return withGlobals(command);
}

async function list(session: Session): Promise<void> {
  const { contexts } = session.io;
  const rows = contexts.list().map((name) => {
    const { user, servers, clusterId, endsAt, renewAt } = loadContext(contexts, name).context;
    const current = name === contexts.current;
    return { name, user, clusterId, servers, current, endsAt, renews: renewAt !== undefined };
  });
  await printListing(session, {
    columns: [
      { title: '', cell: (row) => (row.current ? '*' : ' ') },
      { title: 'NAME', cell: (row) => row.name },
      { title: 'USER', cell: (row) => row.user },
      { title: 'CLUSTER', cell: (row) => row.clusterId },
      { title: 'ENDS', cell: (row) => endText(row, session.io.clock.now()) },
      { title: 'SERVERS', cell: (row) => row.servers.join(' ') },
    ],
    rows,
    nameOf: (row) => row.name,
    none: 'No contexts: `skep ctx add FILE` adds one.',
  });
}

/** Contexts of before did not note it. */
function endText({ endsAt, renews }: { endsAt: number | undefined; renews: boolean }, now: number): string {
  if (endsAt === undefined) return '-';
  if (endsAt <= now) return 'expired';
  return `in ${formatDuration(endsAt - now)}${renews ? ', renews itself' : ''}`;
}

function useCommand(host: Host): Command {
  const command = new Command('use')
    .summary('choose the context that commands use')
    .description("Chooses the context that commands use from now on; '-' chooses none.")
    .argument('<name>', 'of the context')
    .action((name: string) =>
      offline(host, command, ({ io: { contexts }, note }) => {
        if (name === '-') return contexts.use(undefined);
        contexts.use(loadContext(contexts, name).name);
        note(`Commands speak to ${name} now.`);
      }),
    );
  return withGlobals(command);
}

function addCommand(host: Host): Command {
  const command = new Command('add')
    .summary('keep a context that somebody gave you')
    .description('Copies a context file; the first one is chosen at once.')
    .argument('<file>', 'that `skep user add` wrote')
    .option('--name <name>', 'what you call it (default: the cluster’s id)')
    .action((file: string, flags: { name?: string }) =>
      offline(host, command, ({ io, note }) => {
        const context = parseContext(io.readFile(file), file);
        const name = checkContextName(flags.name ?? context.clusterId);
        if (io.contexts.read(name) !== undefined) throw taken(name);
        io.contexts.write(name, `${JSON.stringify(context, null, 2)}\n`);
        if (io.contexts.current === undefined) io.contexts.use(name);
        note(`Kept as ${name}; ${file} is not needed any more: it holds a key, remove it.`);
      }),
    );
  return withGlobals(command);
}

function renameCommand(host: Host): Command {
  const command = new Command('rename')
    .summary('give a context another name')
    .description('Gives a context another name.')
    .argument('<name>', 'of the context')
    .argument('<new-name>', 'its name from now on')
    .action((from: string, to: string) =>
      offline(host, command, ({ io: { contexts } }) => {
        const { name, context } = loadContext(contexts, from);
        if (contexts.read(checkContextName(to)) !== undefined) throw taken(to);
        contexts.write(to, `${JSON.stringify(context, null, 2)}\n`);
        if (contexts.current === name) contexts.use(to);
        contexts.remove(name);
      }),
    );
  return withGlobals(command);
}

const taken = (name: string): SkepError =>
  new SkepError('ResourceExists', `there is a context ${name}`, {
    hint: 'take another name: --name NAME, or remove it first: skep ctx rm ' + name,
  });

function removeCommand(host: Host): Command {
  const command = new Command('rm')
    .summary('forget a context')
    .description('Removes a context with its key. The certificate is good until it expires or is revoked.')
    .argument('<name>', 'of the context')
    .action((given: string) =>
      offline(host, command, ({ io: { contexts } }) => {
        const { name } = loadContext(contexts, given);
        if (contexts.current === name) contexts.use(undefined);
        contexts.remove(name);
      }),
    );
  return withGlobals(command);
}

function showCommand(host: Host): Command {
  const command = new Command('show')
    .summary('show a context, without its key')
    .description('Shows a context without its key.')
    .argument('[name]', 'of the context (default: the one in use)')
    .action((given: string | undefined) =>
      offline(host, command, async (session) => {
        const { contexts } = session.io;
        const name = given ?? session.flags.context ?? contexts.current;
        if (name === undefined) {
          throw new SkepError('ResourceNotFound', 'no context is in use', {
            hint: '`skep ctx ls` lists them',
          });
        }
        const shown = contextSchema.omit({ key: true, v: true });
        const data = { name, ...shown.parse(loadContext(contexts, name).context) };
        await printData(session.format === 'table' ? { ...session, format: 'yaml' } : session, data);
      }),
    );
  return withGlobals(command);
}

/** Contexts are files: no cluster is asked, and one that is broken must not be in the way. */
function offline(
  host: Host,
  command: Command,
  work: (session: Session) => Promise<void> | void,
): Promise<void> {
  return openSession(
    host,
    command,
    async (session) => {
      await work(session);
      return undefined;
    },
    { offline: true },
  );
}
