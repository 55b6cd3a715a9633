/** A view answered once: what the terminal shows, for scripts and for whoever reads no tables that move. */
import { withDeadline } from '../../base/clock.ts';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import { currentState, type Handler } from '../context.ts';
import { validate } from '../core/validation.ts';
import { viewQuerySchema } from '../core/view-shapes.ts';
import { Bell } from '../views/bell.ts';
import { windowOf } from '../views/window.ts';

/** A list of 250,000 rows is in order within seconds. */
const deadlineMs = 30_000;
const lookEveryMs = 1_000;

export const view: Handler<'view'> = async (context, { query: { q } }, call) => {
  const { views, clock, replica } = context;
  if (views === undefined) throw new SkepError('Unavailable', 'this server keeps no views');
  const query = validate(viewQuerySchema, parse(q), 'q');
  await currentState(context, call.signal);
  const leave = views.enter();
  try {
    const bell = new Bell();
    const lease = views.acquire(query, () => bell.ring());
    try {
      const late = (): SkepError =>
        new SkepError('Timeout', `the rows were not in order within ${deadlineMs / 1_000} s`, {
          hint: 'ask for less: a scope, or the order that it has unless told',
        });
      await withDeadline(clock, deadlineMs, call.signal, late, async (signal) => {
        while (!signal.aborted && lease.population.progress(lease.order) !== undefined) {
          await bell.wait(clock, lookEveryMs);
        }
      });
      return windowOf(lease, query, 0, replica);
    } finally {
      lease.release();
    }
  } finally {
    leave();
  }
};

function parse(q: string): unknown {
  try {
    return JSON.parse(q) as unknown;
  } catch (error) {
    throw new SkepError('InvalidRequest', `q is not JSON: ${messageOf(error)}`, {
      field: 'q',
      hint: 'such as q={"kind":"lrps","window":{"start":0,"count":100}}, percent-encoded',
      cause: error,
    });
  }
}
