/**
 * Asks the servers about containers that nobody claims. Only a quorum-backed answer that leaves one out makes
 * it stoppable; while there is none, everything runs on. Woken by instances and tasks, and by new sessions.
 */
import { cellRequests } from '../api/core/cell-protocol.ts';
import { type Loop, startLoop } from '../base/loop.ts';
import type { CellContext } from './cell-context.ts';
import type { Instances } from './instances.ts';
import type { Tasks } from './tasks.ts';

/** As many as one request may hold. */
const maxAsked = 1_000;

export function startConfirmer(cell: CellContext, instances: Instances, tasks: Tasks): Loop {
  const { clock, log, rng, signal } = cell;
  return startLoop({
    name: 'confirm',
    clock,
    log,
    rng,
    signal,
    everyMs: 30_000,
    debounceMs: 50,
    maxDelayMs: 500,
    async pass() {
      const asked = instances.unclaimed().slice(0, maxAsked);
      const askedTasks = tasks.unclaimed().slice(0, maxAsked);
      if (asked.length === 0 && askedTasks.length === 0) return;
      const params = cellRequests.confirm.params.parse({
        instances: asked.map(({ guid, index, instanceGuid, container }) => ({
          guid,
          index,
          instanceGuid,
          startedAt: container?.startedAt,
          definition: container?.identity.definition,
        })),
        tasks: askedTasks.map(({ guid, attempt, container }) => ({
          guid,
          attempt,
          startedAt: container?.startedAt,
        })),
      });
      const answer = await cell.links.request('confirm', params, { signal });
      const ours = new Set([...answer.instances, ...answer.tasks]);
      const gone = asked.filter(({ instanceGuid }) => !ours.has(instanceGuid));
      const goneTasks = askedTasks.filter(({ guid, attempt }) => !ours.has(attempt) && !ours.has(guid));
      log.info('orphans.confirmed', {
        asked: asked.length + askedTasks.length,
        stopped: [
          ...gone.map(({ instanceGuid }) => instanceGuid),
          ...goneTasks.map(({ attempt }) => attempt),
        ],
      });
      instances.disown(gone);
      tasks.disown(goneTasks);
    },
  });
}
