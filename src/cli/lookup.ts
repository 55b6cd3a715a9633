/** Which LRP, task or instance a name on the command line means: the name itself, or its only beginning. */
import { nearest } from '../api/core/nearest.ts';
import type { LrpView } from '../api/core/routes.ts';
import { SkepError } from '../base/core/errors.ts';
import type { ActualLrp } from '../model/actual-lrp.ts';
import type { ProcessGuid, TaskGuid } from '../model/ids.ts';
import { instanceName } from '../model/instance-name.ts';
import type { Task } from '../model/task.ts';
import { escapeText } from './core/escape.ts';
import { resolveName } from './core/target.ts';
import type { Session } from './session.ts';

interface Page<T> {
  readonly rows: readonly T[];
  readonly next?: string | undefined;
}

/** Every row of a paged list. */
export async function allPages<T>(page: (after: string | undefined) => Promise<Page<T>>): Promise<T[]> {
  const rows: T[] = [];
  let after: string | undefined;
  do {
    const { rows: more, next } = await page(after);
    rows.push(...more);
    after = next;
  } while (after !== undefined);
  return rows;
}

const pageQuery = (after: string | undefined) => (after === undefined ? {} : { after });

export function listLrps({ client, signal }: Session): Promise<LrpView[]> {
  return allPages((after) => client.call('listLrps', { query: pageQuery(after) }, { signal }));
}

export function listTasks({ client, signal }: Session): Promise<Task[]> {
  return allPages((after) => client.call('listTasks', { query: pageQuery(after) }, { signal }));
}

/** The instances of one LRP in the order of their index, the ordinary one before the others. */
export async function listInstances({ client, signal }: Session, guid: string): Promise<ActualLrp[]> {
  const rows = await allPages((after) =>
    client.call('listInstances', { query: { guid, ...pageQuery(after) } }, { signal }),
  );
  return rows.sort((a, b) => a.index - b.index || rank(a) - rank(b));
}

const rank = ({ presence }: ActualLrp): number => (presence === 'ORDINARY' ? 0 : 1);

/** A name that may not even be a guid is no reason to ask for it by itself. */
const mayBeGuid = (name: string): boolean => /^[a-zA-Z0-9_-]{1,128}$/.test(name);

/** Throws `ResourceNotFound` or, when ambiguous, `InvalidRequest`. */
export async function findLrp(session: Session, name: string): Promise<LrpView> {
  const { client, signal } = session;
  const exact = await orUndefined(name, () =>
    client.call('getLrp', { params: { guid: name as ProcessGuid } }, { signal }),
  );
  if (exact !== undefined) return exact;
  const views = await listLrps(session);
  const guid = resolveName(
    'LRP',
    name,
    views.map((view) => view.desired.guid),
    nearest,
  );
  return views.find((view) => view.desired.guid === guid) ?? gone('LRP', guid);
}

/** Throws `ResourceNotFound` or, when ambiguous, `InvalidRequest`. */
export async function findTask(session: Session, name: string): Promise<Task> {
  const { client, signal } = session;
  const exact = await orUndefined(name, () =>
    client.call('getTask', { params: { guid: name as TaskGuid } }, { signal }),
  );
  if (exact !== undefined) return exact;
  const tasks = await listTasks(session);
  const guid = resolveName(
    'task',
    name,
    tasks.map((task) => task.guid),
    nearest,
  );
  return tasks.find((task) => task.guid === guid) ?? gone('task', guid);
}

async function orUndefined<T>(name: string, ask: () => Promise<T>): Promise<T | undefined> {
  if (!mayBeGuid(name)) return undefined;
  try {
    return await ask();
  } catch (error) {
    if (error instanceof SkepError && error.code === 'ResourceNotFound') return undefined;
    throw error;
  }
}

/**
 * For commands that change something: the beginning of a name is not enough. `web` may have been removed by
 * somebody a moment ago, and is then the beginning of `web-admin`. Throws `InvalidRequest`.
 */
export function requireWholeName(given: string, guid: string): void {
  if (given === guid) return;
  const message = `"${escapeText(given)}" is only the beginning of ${guid}, and this changes something`;
  throw new SkepError('InvalidRequest', message, { field: 'name', hint: `type the whole name: ${guid}` });
}

const indexesListed = 10;

/** Why there is no such instance. Throws `ResourceNotFound`. */
export function noSuchInstance(guid: string, index: number, all: readonly ActualLrp[]): never {
  const known = [...new Set(all.map((lrp) => lrp.index))];
  const named = known.slice(0, indexesListed).join(', ');
  const rest = known.length > indexesListed ? ` and ${known.length - indexesListed} more` : '';
  const which = known.length === 1 ? 'index' : 'indexes';
  throw new SkepError('ResourceNotFound', `${instanceName(guid, index)} does not exist`, {
    field: 'index',
    hint: named === '' ? `${guid} has no instance` : `${guid} has the ${which} ${named}${rest}`,
  });
}

function gone(kind: string, guid: string): never {
  throw new SkepError('ResourceNotFound', `${kind} ${guid} has just gone`);
}
