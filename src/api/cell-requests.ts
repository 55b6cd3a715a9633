/**
 * Answers the requests of one cell's session: validates, runs the handler of the method within a deadline,
 * and turns whatever is thrown into an error body. Called by cell-session.ts; never throws.
 */
import { withDeadline, within } from '../base/clock.ts';
import { type ErrorBody, messageOf, SkepError } from '../base/core/errors.ts';
import { defaults } from '../model/defaults.ts';
import { encode } from '../store/core/codec.ts';
import { presenceKey } from '../store/core/keys.ts';
import { confirmClaims } from './cell-confirm.ts';
import { recordConsole } from './cell-consoles.ts';
import { reportCrashed, reportStarted, reportStopped } from './cell-instances.ts';
import { type CellContext, slotOf } from './cell-report.ts';
import { reportTaskCompleted, reportTaskRejected, reportTaskStarted } from './cell-tasks.ts';
import {
  type CellRequestName,
  type CellRequestParams,
  type CellRequestResult,
  cellRequests,
} from './core/cell-protocol.ts';

type Handlers = {
  readonly [N in CellRequestName]: (
    context: CellContext,
    params: CellRequestParams<N>,
  ) => Promise<CellRequestResult<N>>;
};

const handlers: Handlers = {
  register,
  heartbeat,
  started: (context, params) =>
    emptyAfter(settledOnce(context, 'started', params, () => reportStarted(context, params))),
  crashed: (context, params) =>
    emptyAfter(settledOnce(context, 'crashed', params, () => reportCrashed(context, params))),
  stopped: (context, params) =>
    emptyAfter(settledOnce(context, 'stopped', params, () => reportStopped(context, params))),
  startTask: (context, params) => emptyAfter(reportTaskStarted(context, params)),
  completeTask: (context, params) => emptyAfter(reportTaskCompleted(context, params)),
  rejectTask: (context, params) => emptyAfter(reportTaskRejected(context, params)),
  confirm: confirmClaims,
  consoleEvent: (context, params) => emptyAfter(recordConsole(context, params)),
};

async function emptyAfter(work: Promise<void>): Promise<Record<string, never>> {
  await work;
  return {};
}

const instanceReports: ReadonlySet<CellRequestName> = new Set(['started', 'crashed', 'stopped']);

/**
 * A report that is said again while it is being settled, because its answer was late, waits with the first: under
 * load it would otherwise cost as much again, and more, since its comparison fails.
 */
function settledOnce(
  { reports }: CellContext,
  method: CellRequestName,
  params: object,
  report: () => Promise<void>,
): Promise<void> {
  const text = `${method} ${JSON.stringify(params)}`;
  const known = reports.get(text);
  if (known !== undefined) return known;
  const settling = report().finally(() => reports.delete(text));
  reports.set(text, settling);
  return settling;
}

export type CellAnswer = { readonly result: unknown } | { readonly error: ErrorBody };

/** Runs one request of a cell. What is not a SkepError is logged and answered as Internal. */
export async function answerCellRequest(
  context: CellContext,
  method: CellRequestName,
  params: unknown,
): Promise<CellAnswer> {
  try {
    return { result: await inTime(context, method, params) };
  } catch (error) {
    if (error instanceof SkepError) {
      context.log.debug('cell.request_refused', { method, code: error.code, reason: error.message });
      return { error: error.toBody() };
    }
    context.log.error('cell.request_failed', { method, reason: messageOf(error) });
    return { error: { code: 'Internal', message: `${method} failed: ${messageOf(error)}` } };
  }
}

function inTime(context: CellContext, method: CellRequestName, params: unknown): Promise<unknown> {
  const { clock } = context;
  const late = (ms: number) => (): Error => new SkepError('Timeout', `${method} took longer than ${ms} ms`);
  const { cellReportDeadlineMs: reportMs, cellRequestDeadlineMs: requestMs } = defaults;
  // A report goes on when its answer is late: whoever says it again waits for the same.
  if (instanceReports.has(method)) {
    return within(clock, reportMs, late(reportMs), handle(context, method, params));
  }
  return withDeadline(clock, requestMs, context.signal, late(requestMs), (signal) =>
    handle({ ...context, signal }, method, params),
  );
}

/** One method: the table's schema and handler belong to the same name, which the compiler cannot see. */
async function handle<N extends CellRequestName>(context: CellContext, method: N, params: unknown) {
  const parsed = cellRequests[method].params.safeParse(params);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const field = issue?.path.join('.');
    throw new SkepError('InvalidRequest', `${method}: ${field || 'params'}: ${issue?.message}`, { field });
  }
  return handlers[method](context, parsed.data as CellRequestParams<N>);
}

async function register(context: CellContext, params: CellRequestParams<'register'>) {
  const { presence } = params;
  if (presence.cellId !== context.cellId) {
    const message = `this session speaks for cell ${context.cellId}, not for ${presence.cellId}`;
    throw new SkepError('Unauthorized', message, { field: 'presence.cellId' });
  }
  const options = { signal: context.signal };
  const { ttlMs = defaults.presenceTtlMs } = params;
  const lives = params.leaseId !== undefined && (await extendLease(context, params.leaseId));
  const leaseId =
    lives && params.leaseId !== undefined ? params.leaseId : await context.bbs.grantLease(ttlMs, options);
  const put = { key: presenceKey(context.cellId), value: encode({ ...presence, leaseId }), leaseId };
  // Alone, not with others' reports: a lease that ended meanwhile would fail all of them.
  const [outcome] = await context.bbs.commit([{ compare: [], puts: [put] }], options);
  if (!outcome?.committed) throw new SkepError('Internal', 'the store refused a write without a condition');
  return { leaseId, ttlMs, revision: outcome.revision };
}

async function heartbeat(context: CellContext, params: CellRequestParams<'heartbeat'>) {
  const lives = await extendLease(context, params.leaseId);
  if (lives && isPresentAs(context, params.revision)) return {};
  const what = lives ? 'presence was written by another request' : 'lease has run out';
  throw new SkepError('ResourceNotFound', `the ${what}: cell ${context.cellId} is to register again`);
}

/**
 * False when it has ended, or is not the one under which this cell is present: numbers of leases follow one another, so
 * that a cell that means harm would else keep a dead cell alive, or a dead leader.
 */
async function extendLease(context: CellContext, leaseId: string): Promise<boolean> {
  const { bbs, replica, cellId, signal } = context;
  const isMine = replica.state.cells.get(cellId)?.value.leaseId === leaseId;
  return (isMine || (await storedLease(context)) === leaseId) && (await bbs.keepAlive(leaseId, { signal }));
}

/** The lease of this cell's presence by the store itself, which this server's copy may be behind. */
async function storedLease({ bbs, cellId, signal }: CellContext): Promise<string | undefined> {
  const { records } = await bbs.read([presenceKey(cellId)], { signal });
  const slot = slotOf('presence', records[0]);
  return slot === undefined || slot === 'corrupt' ? undefined : slot.value.leaseId;
}

/** Whether the presence is the one written at this revision, as far as this server's copy can tell. */
function isPresentAs({ replica, cellId }: CellContext, revision: number): boolean {
  const { cells, revision: known } = replica.state;
  return known < revision || cells.get(cellId)?.revision === revision;
}
