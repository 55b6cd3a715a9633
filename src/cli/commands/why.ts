/** `skep why`: the reason behind the state of an LRP, an instance or a task. */
import { Command } from 'commander';
import { SkepError } from '../../base/core/errors.ts';
import { whyLines } from '../core/prose.ts';
import { parseTarget } from '../core/target.ts';
import { withGlobals } from '../flags.ts';
import type { Host } from '../io.ts';
import { findLrp, findTask } from '../lookup.ts';
import { isData, openSession, printData, type Session } from '../session.ts';

const manual = `
Says in a sentence why something does not run, or why it runs where it does: what
the placement refused and which cell came nearest, how the last crash ended and
when the next try is due, what a failing check said. Of what starts, its cell is
asked at that moment: how far the image is, which check has not passed and what it
said last. Below it: what happened.

Examples:
  $ skep why hello
  $ skep why hello/2
  $ skep why nightly-backup`;

export function whyCommand(host: Host): Command {
  const command = new Command('why')
    .summary('explain why something is as it is')
    .description('Explains why an LRP, one of its instances or a task is as it is.')
    .argument('<name>', 'NAME of an LRP or a task, or NAME/INDEX')
    .addHelpText('after', manual)
    .action((name: string) =>
      openSession(host, command, async (session) => {
        const target = parseTarget(name);
        const query = target.index === undefined ? {} : { index: target.index };
        const guid = await findSubject(session, target.name);
        const why = await session.client.call('why', { params: { guid }, query }, { signal: session.signal });
        if (isData(session)) await printData(session, why);
        else for (const line of whyLines(why, session.io.clock.now(), session.paint)) session.print(line);
        return undefined;
      }),
    );
  return withGlobals(command);
}

/** An LRP, or else a task; the refusal of the LRP is the one that is told. */
async function findSubject(session: Session, name: string): Promise<string> {
  try {
    return (await findLrp(session, name)).desired.guid;
  } catch (error) {
    if (!(error instanceof SkepError) || error.code !== 'ResourceNotFound') throw error;
    const task = await findTask(session, name).catch((cause: unknown) => {
      if (cause instanceof SkepError && cause.code === 'ResourceNotFound') throw error;
      throw cause;
    });
    return task.guid;
  }
}
