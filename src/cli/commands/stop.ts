/** `skep stop`: no instance of an LRP, or one of them replaced. */
import { Command } from 'commander';
import { instanceName } from '../../model/instance-name.ts';
import { awaitLrp } from '../await-lrp.ts';
import { parseTarget } from '../core/target.ts';
import { withGlobals } from '../flags.ts';
import type { Host } from '../io.ts';
import { findLrp, requireWholeName } from '../lookup.ts';
import { openSession, type Session } from '../session.ts';
import { type WaitFlags, withWaitFlags } from '../wait-flags.ts';

const manual = `
NAME stops every instance and keeps the definition: skep scale NAME N brings it back.
NAME/INDEX stops that one instance; since the LRP still wants it, a new one replaces
it. To be rid of an LRP: skep rm NAME.

Examples:
  $ skep stop hello
  $ skep stop hello/2`;

export function stopCommand(host: Host): Command {
  const command = new Command('stop')
    .summary('stop all instances and keep the definition, or stop one')
    .description('Stops all instances of an LRP and keeps its definition, or stops one instance.')
    .argument('<name>', 'NAME of an LRP, or NAME/INDEX');
  withWaitFlags(command);
  command
    .addHelpText('after', manual)
    .action((name: string, flags: WaitFlags) =>
      openSession(host, command, (session) => stop(session, name, flags)),
    );
  return withGlobals(command);
}

async function stop(session: Session, name: string, flags: WaitFlags): Promise<number> {
  const { client, signal } = session;
  const target = parseTarget(name);
  const { guid, instances } = (await findLrp(session, target.name)).desired;
  requireWholeName(target.name, guid);
  if (target.index !== undefined) {
    await client.call('retireInstance', { params: { guid, index: target.index } }, { signal });
    session.note(`${instanceName(guid, target.index)} is stopping; a new instance will replace it.`);
    return 0;
  }
  const { desired } = await client.call(
    'updateLrp',
    { params: { guid }, body: { instances: 0 } },
    { signal },
  );
  const back = `skep scale ${guid} ${Math.max(1, instances)}`;
  session.note(`${guid} keeps its definition; ${back} brings it back.`);
  if (flags.detach === true) return 0;
  return await awaitLrp(session, { guid, wanted: 0, desired, timeoutMs: flags.timeout, takeBack: back });
}
