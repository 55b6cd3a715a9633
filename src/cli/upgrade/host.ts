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
import type { CellId } from '../../model/ids.ts';
import { instanceName } from '../../model/instance-name.ts';
import { escapeText } from '../core/escape.ts';
import { allPages } from '../lookup.ts';
import type { Session } from '../session.ts';
import { chunksOf, type ReleaseFile } from './release-file.ts';

/** Agent and etcd start within seconds; a host that is busy takes longer. */
const returnDeadlineMs = 180_000;
const settleDeadlineMs = 120_000;
const pollMs = 500;
/** What `install.sh` says of a failure fits in these. */
const shownLines = 12;

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

/** @throws SkepError when the host refused, went back by itself, did not return, or is not well afterwards */
export async function upgradeHost(session: Session, task: HostTask): Promise<HostOutcome> {
  const { name, action, version } = task;
  const before = await cellOf(session, name);
  const ran = await runningOn(session, name);
  const report = (await send(session, task)) ?? (await reportAfterRestart(session, name, before));
  if (report.code !== 0) throw failed(report, name);
  if (action === 'check') return { name, ranOn: ran.length, instances: ran.length };
  return await settled(
    session,
    name,
    ran,
    (cell) => (cell.presence.version === version) === (action === 'install'),
  );
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

/** Well: the version is right, the engine answers, a leader is there, and what ran here runs, or was moved on purpose. */
async function settled(
  session: Session,
  name: CellId,
  ran: readonly ActualLrp[],
  isRight: (cell: CellView) => boolean,
): Promise<HostOutcome> {
  return await until(session, settleDeadlineMs, `${name} is not well`, async () => {
    const cell = await cellOf(session, name);
    if (!isRight(cell)) throw unwell(`it runs ${cell.presence.version}`);
    if (!cell.presence.engine.ok)
      throw unwell(`its container engine: ${cell.presence.engine.reason ?? 'no answer'}`);
    const { leader, servers } = await session.client.call('status', {}, { signal: session.signal });
    if (leader === undefined) throw unwell('no server leads');
    const silent = servers.find(({ health }) => health === 'unknown');
    if (silent !== undefined) throw unwell(`server ${silent.server} does not answer`);
    const now = new Set((await runningOn(session, name)).map(({ instanceGuid }) => instanceGuid));
    const lost = ran.filter(({ instanceGuid }) => !now.has(instanceGuid));
    for (const { guid, index } of lost) await refuseCrashed(session, guid, index);
    return { name, ranOn: ran.length - lost.length, instances: ran.length };
  });
}

/** An instance that is gone was stopped by somebody; one that crashed is trouble. */
async function refuseCrashed(session: Session, guid: string, index: number): Promise<void> {
  const query = { guid, index };
  const { rows } = await session.client.call('listInstances', { query }, { signal: session.signal });
  const crashed = rows.find(({ state }) => state === 'CRASHED');
  if (crashed === undefined) return;
  throw unwell(`${instanceName(guid, index)} crashed: ${crashed.crashReason ?? 'no reason is known'}`);
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

async function runningOn(session: Session, cell: string): Promise<ActualLrp[]> {
  const { client, signal } = session;
  const all = await allPages((after) =>
    client.call('listInstances', { query: { cell, ...(after === undefined ? {} : { after }) } }, { signal }),
  );
  return all.filter(({ state, cellId }) => state === 'RUNNING' && cellId === cell);
}
