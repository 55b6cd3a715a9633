/** `skep upgrade`: another release for the hosts of the cluster, or for this one. */
import { Command, Option } from 'commander';
import { SkepError } from '../../base/core/errors.ts';
import { parseWhole } from '../core/quantity.ts';
import { withGlobals } from '../flags.ts';
import type { Host } from '../io.ts';
import { openSession, type Session } from '../session.ts';
import { upgradeCluster } from '../upgrade/cluster.ts';
import type { HostAction } from '../upgrade/host.ts';
import { upgradeHere } from '../upgrade/local.ts';
import { openReleaseFile, type ReleaseFile } from '../upgrade/release-file.ts';

const manual = `
Sends a release file to the hosts, one after the other: to each through a server and
the connection that its agent holds, without SSH. The host's own install.sh verifies
it, sets it up, restarts the agent and goes back by itself when that fails. Containers
run on. Cells come first, --cells of them at a time; then the servers, one at a time,
the leader last. Each step waits until all is well: agent, engine, instances, quorum.
The first trouble stops it, with the reason; the same command goes on with the rest.

--check sends the file and looks whether every host could take it. --rollback takes
the hosts that run the file's version back to what each ran before. --local is about
this host only and asks nobody.

Examples:
  $ skep upgrade skep-0.2.0-linux-x64.run --check
  $ skep upgrade skep-0.2.0-linux-x64.run --cells 5
  $ skep upgrade skep-0.2.0-linux-x64.run --rollback`;

const maxCellsAtOnce = 100;

interface Flags {
  readonly cells: number;
  readonly check?: boolean;
  readonly rollback?: boolean;
  readonly local?: boolean;
}

export function upgradeCommand(host: Host): Command {
  const command = new Command('upgrade')
    .summary('bring another release to the hosts, one after the other')
    .description('Upgrades the hosts of the cluster, one after the other, and restarts no container.')
    .argument('<files...>', 'a release file; one for each kind of processor')
    .option(
      '--cells <n>',
      'so many cells at a time; servers always go one at a time',
      (text) => parseWhole('--cells', text, 1, maxCellsAtOnce),
      1,
    )
    .addOption(new Option('--check', 'look whether it would work, and change nothing').conflicts('rollback'))
    .option('--rollback', "take the hosts that run the file's version back to the release before")
    .option('--local', 'this host only')
    .addHelpText('after', manual)
    .action((files: string[], flags: Flags) =>
      openSession(host, command, (session) => upgrade(session, files, flags)),
    );
  return withGlobals(command);
}

async function upgrade(session: Session, paths: readonly string[], flags: Flags): Promise<number> {
  const action: HostAction =
    flags.check === true ? 'check' : flags.rollback === true ? 'rollback' : 'install';
  const files = await Promise.all(paths.map(openReleaseFile));
  const version = oneVersion(files);
  if (flags.local !== true) {
    return await upgradeCluster(session, { files, version, action, cellsAtOnce: flags.cells });
  }
  const own = files.find(({ arch }) => arch === process.arch);
  if (own !== undefined) return await upgradeHere(session, action, own.path);
  throw new SkepError('InvalidRequest', `no file is for linux-${process.arch}, which this host is`, {
    field: 'FILE',
  });
}

function oneVersion(files: readonly ReleaseFile[]): string {
  const versions = new Set(files.map(({ version }) => version));
  const [version] = versions;
  const arches = new Set(files.map(({ arch }) => arch));
  if (version !== undefined && versions.size === 1 && arches.size === files.length) return version;
  throw new SkepError('InvalidRequest', 'the files are not one version for different processors', {
    field: 'FILE',
    hint: 'name one file for each processor, all of one version',
  });
}
