/** Tasks: wanted, listed, cancelled, deleted. Rules: reference/diego.md 1.9. */
import { SkepError } from '../../base/core/errors.ts';
import { defaults } from '../../model/defaults.ts';
import { cancelReason, failTask, desireTask as freshTask, resolveTask, type Task } from '../../model/task.ts';
import { taskKey } from '../../store/core/keys.ts';
import { currentState, type Handler } from '../context.ts';
import { noSuchTask } from '../not-found.ts';
import { inOrder, pageOf } from '../paging.ts';
import { journal, nounOf, put, write } from '../write.ts';

export const listTasks: Handler<'listTasks'> = async (context, { query }, call) => {
  const state = await currentState(context, call.signal);
  const matches = (task: Task): boolean =>
    (query.domain === undefined || task.domain === query.domain) &&
    (query.cell === undefined || task.cellId === query.cell);
  const page = pageOf(inOrder(state.tasks, state.order.tasks, query.after), query.limit, ({ value }) =>
    matches(value) ? value : undefined,
  );
  return { ...page, revision: state.revision };
};

export const getTask: Handler<'getTask'> = async (context, { params }, call) => {
  const state = await currentState(context, call.signal);
  const task = state.tasks.get(params.guid)?.value;
  if (task === undefined) throw noSuchTask(state, params.guid);
  return task;
};

/** Throws `ResourceExists` for a guid in use, in whatever domain and state. */
export const desireTask: Handler<'desireTask'> = async (context, { body }, call) => {
  const key = taskKey(body.guid);
  const { revision, result } = await write(context, call, [key], ([record]) => {
    if (record !== undefined) {
      throw new SkepError('ResourceExists', `task "${body.guid}" exists already`, {
        field: 'guid',
        hint: `choose another name; an ended task goes by itself after ${defaults.taskKeptMs / 1_000} s`,
      });
    }
    const task = freshTask(body, context.clock.now());
    const event = journal(context, call, {
      type: 'task.desired',
      subject: body.guid,
      message: `wants one run of ${task.image}`,
    });
    return { puts: [put(key, task), event], result: task };
  });
  return { revision, task: result };
};

/** Fails a PENDING or RUNNING task at once; its cell is then told to stop the container. */
export const cancelTask: Handler<'cancelTask'> = async (context, { params }, call) => {
  const key = taskKey(params.guid);
  const { revision } = await write(context, call, [key], ([record]) => {
    const task = nounOf('task', record);
    if (task === undefined) throw noSuchTask(context.replica.state, params.guid);
    const move = failTask(task, cancelReason, context.clock.now());
    if (!move.ok) {
      throw new SkepError(move.refusal, `task "${params.guid}" is ${task.state}: ${move.message}`, {
        hint: 'it has ended already: there is nothing to cancel',
      });
    }
    const event = journal(context, call, {
      type: 'task.cancelled',
      subject: params.guid,
      message: `${cancelReason} while ${task.state}`,
      ...(task.cellId === undefined ? {} : { cellId: task.cellId }),
    });
    return { puts: [put(key, move.next), event], result: undefined };
  });
  return { revision };
};

/** Diego's Resolving and Delete in one: only what has ended may be deleted. */
export const deleteTask: Handler<'deleteTask'> = async (context, { params }, call) => {
  const key = taskKey(params.guid);
  const { revision } = await write(context, call, [key], ([record]) => {
    const task = nounOf('task', record);
    if (task === undefined) throw noSuchTask(context.replica.state, params.guid);
    const move = resolveTask(task, context.clock.now());
    if (!move.ok && task.state !== 'RESOLVING') {
      throw new SkepError(move.refusal, `task "${params.guid}" is ${task.state}: ${move.message}`, {
        hint: `wait until it has ended (\`skep task wait ${params.guid}\`), or cancel it: \`skep task cancel ${params.guid}\``,
      });
    }
    const event = journal(context, call, {
      type: 'task.deleted',
      subject: params.guid,
      message: 'deleted on request',
    });
    return { deletes: [key], puts: [event], result: undefined };
  });
  return { revision };
};
