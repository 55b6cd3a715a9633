/** What `skep console` opens a shell in: an instance of an LRP, or a task. */
import { SkepError } from '../base/core/errors.ts';
import { findTask } from './lookup.ts';
import { pickInstance } from './pick-instance.ts';
import type { Session } from './session.ts';

export interface ConsoleTarget {
  readonly target: string;
  readonly task?: true;
}

const taskPrefix = 'task:';

/**
 * `task:NAME` is a task; any other NAME an LRP, or a task when there is no such LRP. Throws `ResourceNotFound` or, when
 * the name may mean several, `InvalidRequest`.
 */
export async function pickConsole(session: Session, text: string): Promise<ConsoleTarget> {
  if (text.startsWith(taskPrefix)) return await taskNamed(session, text.slice(taskPrefix.length));
  try {
    return { target: await pickInstance(session, text) };
  } catch (error) {
    if (text.includes('/') || !isUnknown(error)) throw error;
    return await taskNamed(session, text).catch((other: unknown) => {
      throw isUnknown(other) ? noneOf(error) : other;
    });
  }
}

async function taskNamed(session: Session, name: string): Promise<ConsoleTarget> {
  return { target: (await findTask(session, name)).guid, task: true };
}

const isUnknown = (error: unknown): error is SkepError =>
  error instanceof SkepError && error.code === 'ResourceNotFound';

/** As for an LRP, but it says that tasks were looked through too. */
const noneOf = ({ message, hint }: SkepError): SkepError =>
  new SkepError('ResourceNotFound', `${message}, and no task of that name`, {
    field: 'name',
    ...(hint === undefined ? {} : { hint }),
  });
