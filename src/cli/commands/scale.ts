/** `skep scale`: another number of instances. */
import { Command } from 'commander';
import { maxInstances } from '../../model/instance-name.ts';
import { awaitLrp } from '../await-lrp.ts';
import { parseWhole } from '../core/quantity.ts';
import { withGlobals } from '../flags.ts';
import type { Host } from '../io.ts';
import { findLrp, requireWholeName } from '../lookup.ts';
import { openSession, type Session } from '../session.ts';
import { type WaitFlags, withWaitFlags } from '../wait-flags.ts';

const manual = `
The instances with the highest indexes go first. Waits until it is true, as
skep run does.

Examples:
  $ skep scale hello 10
  $ skep scale hello 0 --detach`;

export function scaleCommand(host: Host): Command {
  const command = new Command('scale')
    .summary('change how many instances run')
    .description('Changes how many instances of an LRP run.')
    .usage('[OPTIONS] NAME N')
    .argument('<name>', 'NAME of an LRP')
    .argument('<n>', 'how many are to run', (text) => parseWhole('N', text, 0, maxInstances));
  withWaitFlags(command);
  command
    .addHelpText('after', manual)
    .action((name: string, instances: number, flags: WaitFlags) =>
      openSession(host, command, (session) => scale(session, name, instances, flags)),
    );
  return withGlobals(command);
}

async function scale(session: Session, name: string, instances: number, flags: WaitFlags): Promise<number> {
  const { client, signal } = session;
  const { guid, instances: before } = (await findLrp(session, name)).desired;
  requireWholeName(name, guid);
  const { desired } = await client.call('updateLrp', { params: { guid }, body: { instances } }, { signal });
  if (session.format === 'name') session.print(guid);
  const takeBack = `skep scale ${guid} ${before}`;
  if (flags.detach !== true)
    return await awaitLrp(session, { guid, wanted: instances, desired, timeoutMs: flags.timeout, takeBack });
  session.note(`${guid} is to have ${instances} instances: skep ps ${guid} shows how it gets there.`);
  return 0;
}
