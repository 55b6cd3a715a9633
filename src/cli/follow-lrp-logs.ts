/**
 * `logs -f`: reads the log of every container that an LRP has, joins new ones, and tells the end of each. Used by
 * commands/logs.ts.
 */
import { type LogQuery, readLog } from '../api/client/log-source.ts';
import { reasonBeside } from '../api/core/log-end.ts';
import { messageOf } from '../base/core/errors.ts';
import type { ActualLrp } from '../model/actual-lrp.ts';
import { instanceName } from '../model/instance-name.ts';
import { escapeText } from './core/escape.ts';
import { formatEnd } from './core/log-line.ts';
import type { LogOrigin, LogPrinter } from './log-printer.ts';
import { logReader } from './log-reader.ts';
import type { Session } from './session.ts';
import { watchRows } from './watch-rows.ts';

export interface FollowedLrp {
  readonly guid: string;
  /** Undefined: every index. */
  readonly index: number | undefined;
}

/** Runs until Ctrl-C, over crashes, restarts and moves. */
export async function followLrpLogs(
  session: Session,
  printer: LogPrinter,
  lrp: FollowedLrp,
  first: Pick<LogQuery, 'tail' | 'since'>,
): Promise<void> {
  const current = new Map<string, ActualLrp>();
  const reading = new Map<string, Promise<void>>();
  let isFirst = true;
  for await (const rows of watchRows<ActualLrp>(session, { kind: 'instances', guid: lrp.guid })) {
    current.clear();
    for (const actual of rows.values()) {
      const id = actual.instanceGuid;
      if (id === undefined || (lrp.index !== undefined && actual.index !== lrp.index)) continue;
      current.set(id, actual);
      if (reading.has(id)) continue;
      const origin = originOf(actual, id);
      if (!isFirst) session.note(`-- ${origin.name} on ${origin.cellId} joined --`);
      const query = queryOf(origin, isFirst ? first : { tail: undefined, since: undefined });
      reading.set(id, follow(session, printer, origin, query, { current, rows }));
    }
    isFirst = false;
  }
  await Promise.all(reading.values());
}

const originOf = (lrp: ActualLrp, id: string): LogOrigin => ({
  name: instanceName(lrp.guid, lrp.index),
  cellId: lrp.cellId ?? '(no cell)',
  id,
});

function queryOf(origin: LogOrigin, range: Pick<LogQuery, 'tail' | 'since'>): LogQuery {
  return { target: origin.name, task: false, follow: true, previous: false, ...range };
}

interface Known {
  /** Instances that exist now, by instance guid. */
  readonly current: ReadonlyMap<string, ActualLrp>;
  readonly rows: ReadonlyMap<string, ActualLrp>;
}

/** Never rejects: what happens to one log is told and the others go on. */
async function follow(
  session: Session,
  printer: LogPrinter,
  origin: LogOrigin,
  query: LogQuery,
  known: Known,
): Promise<void> {
  const listener = printer.add(origin);
  try {
    const code = await readLog(logReader(session), query, listener, () => known.current.has(origin.id));
    printer.end(origin);
    if (session.signal.aborted) return;
    session.note(
      formatEnd(
        origin.name,
        origin.cellId,
        code,
        reasonBeside(code, known.rows.get(origin.name)?.crashReason),
      ),
    );
  } catch (error) {
    printer.end(origin);
    if (known.current.has(origin.id)) session.warn(`-- ${origin.name}: ${escapeText(messageOf(error))} --`);
    else
      session.note(
        formatEnd(origin.name, origin.cellId, undefined, known.rows.get(origin.name)?.crashReason),
      );
  }
}
