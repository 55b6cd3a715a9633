/**
 * One host gets another release, or goes back: the order and the file are sent to its agent, which restarts in the
 * middle of it, and then the host is looked at until it is well or is not. Used by cluster.ts. Throws a SkepError
 * that says what went wrong there; what the host was then left with is what install.sh promises: it works as before.
 */
import { readData } from '../../api/client/data-stream.ts';
import { sendInput } from '../../api/client/stream.ts';
import type { CellView } from '../../api/core/routes.ts';
import {
  type UpgradeAction,
  type UpgradeOrder,
  type UpgradeReport,
  upgradeReportSchema,
} from '../../api/core/upgrade-shapes.ts';
import { withDeadline } from '../../base/clock.ts';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import type { Socket } from '../../base/socket.ts';
import type { ActualLrp } from '../../model/actual-lrp.ts';
import type { CellId, ProcessGuid } from '../../model/ids.ts';
import { escapeText } from '../core/escape.ts';
import { plural } from '../core/format.ts';
import { type InstancesFate, instancesFate } from '../core/upgrade-instances.ts';
import { allPages } from '../lookup.ts';
import type { Session } from '../session.ts';
import { chunksOf, type ReleaseFile } from './release-file.ts';

/** Agent and etcd start within seconds; a host that is busy takes longer. */
const returnDeadlineMs = 180_000;
const settleDeadlineMs = 120_000;
const pollMs = 500;
/** What `install.sh` says of a failure fits in these. */
const shownLines = 12;
const shownInstances = 5;

export type HostAction = Exclude<UpgradeAction, 'last'>;

export interface HostOutcome {
  readonly name: string;
  /** Instances that ran before and still do, untouched. */
  readonly ranOn: number;
  readonly instances: number;
}

export interface HostTask {
  readonly name: CellId;
  readonly action: HostAction;
  /** For this host's processor; a rollback needs none. */
  readonly file: ReleaseFile | undefined;
  /** The version that it must run afterwards, or with a rollback must not. */
  readonly version: string;
}

/** @throws SkepError when the host refused, went back by itself, did not return, is not well afterwards, or what ran did not run on */
export async function upgradeHost(session: Session, task: HostTask): Promise<HostOutcome> {
  const { name, action, version } = task;
  const before = await cellOf(session, name);
  const ran = await runningOn(session, name);
  const guids = [...new Set(ran.map(({ guid }) => guid))];
  const generations = await generationsOf(session, guids);
  const report = (await send(session, task)) ?? (await reportAfterRestart(session, name, before));
  if (report.code !== 0) throw failed(report, name);
  if (action === 'check') return { name, ranOn: ran.length, instances: ran.length };
  const fate = await until(session, settleDeadlineMs, `${name} is not well`, async () => {
    const cell = await wellCell(session, name);
    if ((cell.presence.version === version) !== (action === 'install'))
      throw unwell(`it runs ${cell.presence.version}`);
    const now = await fateOf(session, cell, ran, generations);
    if (now.undecided !== undefined) throw unwell(now.undecided);
    return now;
  });
  if (fate.restarted.length > 0) throw restarted(fate, ran.length);
  return { name, ranOn: fate.ranOn, instances: ran.length };
}

/** The report, or undefined when the agent ended before it could give one: it was restarted. */
async function send(session: Session, { name, action, file }: HostTask): Promise<UpgradeReport | undefined> {
  const socket = await session.client.openStream(
    { kind: 'upgrade', cell: name, arg: [action] },
    { signal: session.signal },
  );
  try {
    const order: UpgradeOrder =
      file === undefined || action === 'rollback' ? { action: 'rollback' } : { action, ...sumOf(file) };
    const sending = sendAll(socket, order, file);
    // Its failure is the stream's end, which the reading below tells better.
    sending.catch(() => undefined);
    return await firstReport(socket);
  } catch (error) {
    session.signal.throwIfAborted();
    // Cut off, or told with its last breath that the agent ends.
    if (error instanceof SkepError && (error.code === 'Unavailable' || error.code === 'Cancelled'))
      return undefined;
    throw error;
  } finally {
    socket.close(1000, 'done');
  }
}

const sumOf = ({ bytes, sha256 }: ReleaseFile): { bytes: number; sha256: string } => ({ bytes, sha256 });

async function sendAll(socket: Socket, order: UpgradeOrder, file: ReleaseFile | undefined): Promise<void> {
  await sendInput(socket, new TextEncoder().encode(JSON.stringify(order)));
  if (file === undefined || order.action === 'rollback') return;
  for await (const chunk of chunksOf(file.path)) await sendInput(socket, chunk);
}

async function firstReport(socket: Socket): Promise<UpgradeReport> {
  for await (const report of readData(socket, upgradeReportSchema)) return report;
  throw new SkepError('Unavailable', 'the agent ended the stream without a report');
}

/** Waits for the next agent of the host, and asks it how the installation ended. */
async function reportAfterRestart(session: Session, name: CellId, before: CellView): Promise<UpgradeReport> {
  const late = `${name} has not come back after ${returnDeadlineMs / 1_000} s`;
  return await until(session, returnDeadlineMs, late, async () => {
    const now = await cellOf(session, name);
    if (now.presence.bootId === before.presence.bootId)
      throw new SkepError('Unavailable', 'its agent has not restarted');
    const { signal } = session;
    const socket = await session.client.openStream(
      { kind: 'upgrade', cell: name, arg: ['last'] },
      { signal },
    );
    try {
      await sendAll(socket, { action: 'last' }, undefined);
      return await firstReport(socket);
    } finally {
      socket.close(1000, 'done');
    }
  });
}

/** The engine answers, and so do all servers, of which one leads. @throws what is not well */
async function wellCell(session: Session, name: CellId): Promise<CellView> {
  const cell = await cellOf(session, name);
  const { ok, reason = 'no answer' } = cell.presence.engine;
  if (!ok) throw unwell(`its container engine: ${reason}`);
  const { leader, servers } = await session.client.call('status', {}, { signal: session.signal });
  if (leader === undefined) throw unwell('no server leads');
  const silent = servers.find(({ health }) => health === 'unknown');
  if (silent !== undefined) throw unwell(`server ${silent.server} does not answer`);
  return cell;
}

/** What became of those that ran on the host before. */
async function fateOf(
  session: Session,
  cell: CellView,
  before: readonly ActualLrp[],
  generationsBefore: ReadonlyMap<string, number>,
): Promise<InstancesFate> {
  const here = await instancesOn(session, cell.presence.cellId);
  const guidsHere = new Set(here.map(({ instanceGuid }) => instanceGuid));
  const gone = before.filter(({ instanceGuid }) => !guidsHere.has(instanceGuid));
  const elsewhere = await Promise.all(gone.map(({ guid, index }) => instancesOf(session, guid, index)));
  const generationsAfter = await generationsOf(session, [...generationsBefore.keys()]);
  const isDrained = cell.spec?.drain !== undefined;
  return instancesFate({
    before,
    after: [...here, ...elsewhere.flat()],
    generationsBefore,
    generationsAfter,
    isDrained,
  });
}

/** Of those LRPs that are there. */
async function generationsOf(
  { client, signal }: Session,
  guids: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  for (const guid of guids) {
    try {
      const params = { guid: guid as ProcessGuid };
      const { desired } = await client.call('getLrp', { params }, { signal });
      found.set(guid, desired.generation);
    } catch (error) {
      if (!(error instanceof SkepError) || error.code !== 'ResourceNotFound') throw error;
    }
  }
  return found;
}

function restarted({ restarted: names }: InstancesFate, count: number): SkepError {
  const more = names.length > shownInstances ? `, and ${names.length - shownInstances} more` : '';
  const shown = names.slice(0, shownInstances).map(escapeText).join(', ');
  const message = `${names.length} of ${plural(count, 'instance')} did not run on: ${shown}${more}`;
  return new SkepError('InvalidStateTransition', message, {
    hint: 'the host has the release and is well; `skep events` tells what happened to them',
  });
}

function unwell(reason: string): SkepError {
  return new SkepError('Unavailable', reason);
}

function failed({ code, lines }: UpgradeReport, name: string): SkepError {
  const said = lines.slice(-shownLines).map((line) => `\n    ${escapeText(line)}`);
  const message = `install.sh on ${name} ended with status ${code}:${said.join('')}`;
  return new SkepError('InvalidStateTransition', message, {
    hint: `the release before is in use there; mend the cause, then run this again`,
  });
}

/** Tries until it works; at the deadline throws what was wrong the last time. */
async function until<T>(
  session: Session,
  deadlineMs: number,
  late: string,
  look: () => Promise<T>,
): Promise<T> {
  const { clock } = session.io;
  let last: unknown;
  const tooLate = (): SkepError =>
    new SkepError('Timeout', `${late}: ${escapeText(messageOf(last ?? 'nothing answered'))}`, {
      hint: 'look at it: skep cells, skep status, and the log of its agent',
    });
  return await withDeadline(clock, deadlineMs, session.signal, tooLate, async (signal) => {
    for (;;) {
      try {
        return await look();
      } catch (error) {
        signal.throwIfAborted();
        last = error;
      }
      await clock.sleep(pollMs, signal);
    }
  });
}

function cellOf(session: Session, id: CellId): Promise<CellView> {
  return session.client.call('getCell', { params: { id } }, { signal: session.signal });
}

/** Those that count: what is on its way out may go on doing so. */
async function runningOn(session: Session, cell: string): Promise<ActualLrp[]> {
  const all = await instancesOn(session, cell);
  return all.filter(
    ({ state, presence, retire }) => state === 'RUNNING' && presence === 'ORDINARY' && retire === undefined,
  );
}

function instancesOn({ client, signal }: Session, cell: string): Promise<ActualLrp[]> {
  return allPages((after) =>
    client.call('listInstances', { query: { cell, ...(after === undefined ? {} : { after }) } }, { signal }),
  );
}

function instancesOf({ client, signal }: Session, guid: string, index: number): Promise<ActualLrp[]> {
  return allPages((after) => {
    const query = { guid, index, ...(after === undefined ? {} : { after }) };
    return client.call('listInstances', { query }, { signal });
  });
}
