/** How large and how fast the store is, for the page of the brain. Answers what it can within a second each. */
import { withDeadline } from '../../base/clock.ts';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import { type ApiContext, currentState, type Handler } from '../context.ts';
import type { StoreFigures } from '../core/store-shapes.ts';

const deadlineMs = 3_000;

export const storeFigures: Handler<'storeFigures'> = async (context, _input, { signal }) => {
  const [{ own, problem }, members] = await Promise.all([
    ownFigures(context, signal),
    sizes(context, signal),
  ]);
  return { server: context.server, ...(own === undefined ? {} : { own }), problem, members };
};

async function ownFigures(
  { etcdFigures, clock }: ApiContext,
  signal: AbortSignal,
): Promise<Pick<StoreFigures, 'own' | 'problem'>> {
  if (etcdFigures === undefined)
    return { problem: 'the store is not run by this cluster: nothing is known of it' };
  const late = (): SkepError =>
    new SkepError('Timeout', `its etcd did not tell within ${deadlineMs / 1_000} s`);
  try {
    const figures = await withDeadline(clock, deadlineMs, signal, late, (inner) =>
      etcdFigures({ signal: inner }),
    );
    const { version, dbBytes, dbBytesInUse, quotaBytes, fsyncP99Ms, commitP99Ms, alarms } = figures;
    const latencies = {
      ...(fsyncP99Ms === undefined ? {} : { fsyncP99Ms }),
      ...(commitP99Ms === undefined ? {} : { commitP99Ms }),
    };
    const own = { version, dbBytes, dbBytesInUse, quotaBytes, ...latencies, alarms: [...alarms] };
    return { own, problem: figures.unhealthy };
  } catch (error) {
    signal.throwIfAborted();
    return { problem: messageOf(error) };
  }
}

/** None when no member answers: the status says so already. */
async function sizes(context: ApiContext, signal: AbortSignal): Promise<StoreFigures['members']> {
  const ask = context.memberStatuses;
  if (ask === undefined) return [];
  const late = (): SkepError => new SkepError('Timeout', 'the members of the store do not answer');
  const [state, statuses] = await Promise.all([
    currentState(context, signal),
    withDeadline(context.clock, deadlineMs, signal, late, (inner) => ask({ signal: inner })).catch(
      () => new Map(),
    ),
  ]);
  signal.throwIfAborted();
  return [...state.servers.values()]
    .flatMap(({ value: { server, memberId } }) => {
      const dbBytes = statuses.get(memberId)?.dbSizeBytes;
      return dbBytes === undefined ? [] : [{ server, dbBytes }];
    })
    .sort((a, b) => (a.server < b.server ? -1 : 1));
}
