/** `skep ps`: LRPs, or the instances of one. */
import { Command } from 'commander';
import type { LrpView } from '../../api/core/routes.ts';
import type { ActualLrp } from '../../model/actual-lrp.ts';
import { instanceName } from '../../model/instance-name.ts';
import { instanceColumns, lrpColumns } from '../core/rows.ts';
import { parseTarget } from '../core/target.ts';
import { withGlobals } from '../flags.ts';
import type { Host } from '../io.ts';
import { liveTable } from '../live-table.ts';
import { findLrp, listInstances, listLrps, noSuchInstance } from '../lookup.ts';
import { openSession, printListing, type Session } from '../session.ts';

const manual = `
Without a name: one line an LRP, with how many of its instances are ready. With a
name: one line an instance, with its state, where it is reached, and in WHY the
reason when it is not as desired. SINCE is how long it has been in its state.

Examples:
  $ skep ps
  $ skep ps hello
  $ skep ps -w hello
  $ skep ps -o name`;

export function psCommand(host: Host): Command {
  const command = new Command('ps')
    .summary('list LRPs, or the instances of one')
    .description('Lists LRPs, or the instances of one of them.')
    .argument('[name]', 'NAME of an LRP, or NAME/INDEX')
    .option('-w, --watch', 'go on and show changes as they happen')
    .addHelpText('after', manual)
    .action((name: string | undefined, flags: { watch?: boolean }) =>
      openSession(host, command, (session) =>
        name === undefined
          ? listAll(session, flags.watch === true)
          : listOne(session, name, flags.watch === true),
      ),
    );
  return withGlobals(command);
}

async function listAll(session: Session, watch: boolean): Promise<undefined> {
  const nameOf = (view: LrpView): string => view.desired.guid;
  if (watch) return await liveTable<LrpView>(session, { kind: 'lrps' }, { columns: lrpColumns, nameOf });
  const rows = await listLrps(session);
  const columns = lrpColumns(session.io.clock.now());
  await printListing(session, { columns, rows, nameOf, none: 'Nothing runs here yet: skep run NAME IMAGE' });
  return undefined;
}

async function listOne(session: Session, name: string, watch: boolean): Promise<undefined> {
  const target = parseTarget(name);
  const { guid } = (await findLrp(session, target.name)).desired;
  const nameOf = (lrp: ActualLrp): string => instanceName(lrp.guid, lrp.index);
  const isMeant = (lrp: ActualLrp): boolean => target.index === undefined || lrp.index === target.index;
  if (watch) {
    const table = { columns: instanceColumns, nameOf, isShown: isMeant };
    return await liveTable<ActualLrp>(session, { kind: 'instances', guid }, table);
  }
  const all = await listInstances(session, guid);
  const rows = all.filter(isMeant);
  if (rows.length === 0 && target.index !== undefined) noSuchInstance(guid, target.index, all);
  const columns = instanceColumns(session.io.clock.now());
  const none = `${guid} has no instance: skep scale ${guid} N starts some`;
  await printListing(session, { columns, rows, nameOf, none });
  return undefined;
}
