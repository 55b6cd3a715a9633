/** What a log says of an instance that writes nothing now, in place of its lines. Used by src/tui/log-feed.ts. */
import type { ActualLrp } from '../../model/actual-lrp.ts';
import { instanceName } from '../../model/instance-name.ts';
import { isStartFailure } from '../../model/start-failure.ts';

/** How it is and why, in one line. */
export function standingNote(instance: ActualLrp): string {
  const { guid, index, state, crashCount, crashReason, placementError } = instance;
  const crashes =
    crashCount === 0 ? '' : `, ${crashCount} ${crashCount === 1 ? 'crash' : 'crashes'} in a row`;
  const reason = placementError?.message ?? (crashCount === 0 ? undefined : crashReason);
  const why = reason === undefined ? '' : `: ${reason}`;
  const name = instanceName(guid, index);
  const more = reason === undefined || mayHaveWritten(instance) ? '' : `; ":why ${name}" tells what to do`;
  return `-- ${name} has no container: ${state}${crashes}${why}${more} --`;
}

/** Whether there may be last lines of a crashed one: what could not be started wrote nothing. */
export function mayHaveWritten({ crashCount, crashReason = '' }: ActualLrp): boolean {
  return crashCount > 0 && !isStartFailure(crashReason);
}
