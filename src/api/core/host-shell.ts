/**
 * Why a shell on a cell's host is refused, in the same words wherever it is: by a server, by the cell itself, which
 * alone decides, and by the UI before it asks. Used by api/stream-target.ts, agent/console and tui/core.
 */
import { SkepError } from '../../base/core/errors.ts';

/** What an operator does to get one. */
export const hostShellRemedy =
  'on that host put "hostShell: true" under "cell:" in /etc/skep/agent.yaml and restart its agent; or ssh to it';

/** The cell's own settings do not let anybody. */
export function hostShellIsOff(cell: string): SkepError {
  const message = `cell ${cell} lets nobody open a shell on its host: its "hostShell" is not true`;
  return new SkepError('Unauthorized', message, { field: 'cell', hint: hostShellRemedy });
}

/** Whoever asks, or looks at one that somebody else began, is not an admin with `console`. */
export function mayNotEnterHost(cell: string): SkepError {
  return new SkepError('Unauthorized', `a shell on the host of ${cell} is for admins who have console too`, {
    hint: '`skep user add NAME --role admin --console` makes such a user; root may on a server: sudo skep',
  });
}
