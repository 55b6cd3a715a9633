/**
 * The hosts of a cluster get another release, step by step: a step begins when everything is well, and the first
 * trouble stops it all, with the reason. Nothing is remembered anywhere: the same command goes on where this one
 * ended, because a host that has the version is left alone. Used by commands/upgrade.ts.
 */
import { messageOf, SkepError } from '../../base/core/errors.ts';
import type { CellId } from '../../model/ids.ts';
import { escapeText } from '../core/escape.ts';
import { plural } from '../core/format.ts';
import { orderUpgrade, type UpgradeOrder } from '../core/upgrade-order.ts';
import { allPages } from '../lookup.ts';
import { confirm } from '../prompt.ts';
import type { Session } from '../session.ts';
import { type HostAction, type HostOutcome, upgradeHost } from './host.ts';
import type { ReleaseFile } from './release-file.ts';

export interface ClusterUpgrade {
  /** One for each processor, of one version. */
  readonly files: readonly ReleaseFile[];
  readonly version: string;
  readonly action: HostAction;
  readonly cellsAtOnce: number;
}

interface Hosts {
  readonly order: UpgradeOrder;
  readonly arches: ReadonlyMap<string, string>;
}

/** The exit status. @throws SkepError with what is to be mended before anything is begun, or what went wrong */
export async function upgradeCluster(session: Session, wish: ClusterUpgrade): Promise<number> {
  await refuseUnwell(session);
  const { order, arches } = await hostsOf(session, wish);
  explain(session, order, wish);
  if (order.steps.length > 0 && wish.action !== 'check') {
    await confirm(
      session,
      `${wish.action === 'rollback' ? 'Take back' : 'Upgrade'} ${plural(order.steps.flat().length, 'host')}?`,
    );
  }
  let count = 0;
  for (const step of order.steps) {
    if (count > 0 && wish.action !== 'check') await refuseUnwell(session);
    const tasks = step.map((name) => runOne(session, wish, name as CellId, arches.get(name)));
    count += await allOrStop(session, await Promise.allSettled(tasks), step);
  }
  const verb = { install: `Upgraded to ${wish.version}`, check: 'Could be upgraded', rollback: 'Went back' };
  session.print(`${verb[wish.action]}: ${plural(count, 'host')}.`);
  return order.unreachable.length > 0 ? 9 : 0;
}

async function runOne(
  session: Session,
  { files, version, action }: ClusterUpgrade,
  name: CellId,
  arch: string | undefined,
): Promise<HostOutcome> {
  session.note(
    `${escapeText(name)}: ${{ install: 'upgrading', check: 'checking', rollback: 'going back' }[action]}`,
  );
  const file = files.find((each) => each.arch === arch);
  return await upgradeHost(session, { name, action, version, file });
}

/** Says each outcome; the number of those that went well. @throws the first trouble, after all of the step have ended */
async function allOrStop(
  session: Session,
  outcomes: readonly PromiseSettledResult<HostOutcome>[],
  step: readonly string[],
): Promise<number> {
  let trouble: unknown;
  for (const [at, outcome] of outcomes.entries()) {
    const name = escapeText(step[at] ?? '');
    if (outcome.status === 'fulfilled') {
      const { ranOn, instances } = outcome.value;
      session.note(`${name}: well, ${ranOn} of ${plural(instances, 'instance')} ran on`);
    } else {
      trouble ??= outcome.reason;
      session.warn(`${name}: ${messageOf(outcome.reason)}`);
    }
  }
  if (trouble === undefined) return outcomes.length;
  session.signal.throwIfAborted();
  const code = trouble instanceof SkepError ? trouble.code : 'Internal';
  throw new SkepError(code, 'stopped there: no other host is begun', {
    hint: 'mend the cause, then run the same command again: it goes on with the hosts that are left',
    cause: trouble,
  });
}

/** A cluster that is not well is not made worse. */
async function refuseUnwell({ client, signal }: Session): Promise<void> {
  const { leader, servers, cells } = await client.call('status', {}, { signal });
  const hint = 'skep status and skep doctor tell more; mend that first';
  if (leader === undefined) throw new SkepError('Unavailable', 'no server leads', { hint });
  const silent = servers.find(({ health }) => health === 'unknown' || health === 'learner');
  if (silent !== undefined) {
    throw new SkepError('InvalidStateTransition', `server ${silent.server} is not well (${silent.health})`, {
      hint,
    });
  }
  if (cells.engineDown > 0) {
    const message = `the container engine of ${plural(cells.engineDown, 'cell')} does not answer`;
    throw new SkepError('InvalidStateTransition', message, { hint });
  }
}

async function hostsOf({ client, signal }: Session, wish: ClusterUpgrade): Promise<Hosts> {
  const { leader, servers } = await client.call('status', {}, { signal });
  const cells = await allPages((after) =>
    client.call('listCells', { query: after === undefined ? {} : { after } }, { signal }),
  );
  const hosts = cells.map(({ presence: { cellId, version, arch } }) => ({ name: cellId, version, arch }));
  const order = orderUpgrade(
    hosts,
    servers.map(({ server }) => server),
    leader?.server,
    {
      version: wish.version,
      arches: new Set(wish.files.map(({ arch }) => arch)),
      isRollback: wish.action === 'rollback',
      cellsAtOnce: wish.cellsAtOnce,
    },
  );
  return { order, arches: new Map(hosts.map(({ name, arch }) => [name, arch])) };
}

/** @throws InvalidRequest when a host's processor has no file: half a cluster is not upgraded by mistake */
function explain(session: Session, order: UpgradeOrder, { version, action }: ClusterUpgrade): void {
  const [foreign] = order.foreign;
  if (foreign !== undefined) {
    const message = `host ${foreign.name} is linux-${foreign.arch}, and no file is for that`;
    throw new SkepError('InvalidRequest', message, {
      field: 'FILE',
      hint: 'name one file for each processor',
    });
  }
  if (order.done.length > 0) {
    const how = action === 'rollback' ? 'does not run' : 'runs';
    session.note(`${plural(order.done.length, 'host')} ${how} ${version} already: left alone`);
  }
  for (const server of order.unreachable) {
    session.warn(
      `server ${escapeText(server)} has no cell: upgrade it there, with skep upgrade FILE --local`,
    );
  }
  for (const [at, step] of order.steps.entries())
    session.note(`step ${at + 1}: ${step.map(escapeText).join(', ')}`);
}
