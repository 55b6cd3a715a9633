/** What a log says of an instance that writes nothing now, in place of its lines. Used by src/tui/log-feed.ts. */
import type { ActualLrp } from '../../model/actual-lrp.ts';
import { instanceName } from '../../model/instance-name.ts';

/** How it is and why, in one line. */
export function standingNote(instance: ActualLrp): string {
  const { guid, index, state, crashCount, crashReason, placementError } = instance;
  const crashes =
    crashCount === 0 ? '' : `, ${crashCount} ${crashCount === 1 ? 'crash' : 'crashes'} in a row`;
  const reason = placementError?.message ?? (crashCount === 0 ? undefined : crashReason);
  const why = reason === undefined ? '' : `: ${reason}`;
  return `-- ${instanceName(guid, index)} has no container: ${state}${crashes}${why} --`;
}
