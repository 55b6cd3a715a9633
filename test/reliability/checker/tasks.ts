/** "A task runs at most once": counted by what engines started and by what the tasks told themselves. */
import type { EngineEvent } from './evidence.ts';

/** @param marks how often each task said that it ran */
export function repeatedTasks(events: readonly EngineEvent[], marks: ReadonlyMap<string, number>): string[] {
  const started = Map.groupBy(
    events.filter(({ kind, action }) => kind === 'task' && action === 'start'),
    ({ guid }) => guid,
  );
  const twice = [...started].flatMap(([guid, starts]) =>
    starts.length > 1
      ? [`task ${guid} was started ${starts.length} times: ${starts.map(({ host }) => host)}`]
      : [],
  );
  const said = [...marks].flatMap(([guid, times]) => (times > 1 ? [`task ${guid} ran ${times} times`] : []));
  return [...twice, ...said];
}
