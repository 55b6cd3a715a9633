/**
 * Why a shell on a cell's host is refused, in the same words wherever it is: by a server, by the cell itself, which
 * alone decides, and by the UI before it asks. Used by api/stream-target.ts, agent/console and tui/core.
 */
import { SkepError } from '../../base/core/errors.ts';

/** What an operator does to get one. */
const remedy = '"hostShell: true" below "cell:" in its agent.yaml and a restart of its agent, or ssh';

/** The cell's own settings do not let anybody. */
export function hostShellIsOff(cell: string): SkepError {
  const message = `cell ${cell} allows no shell on its host`;
  return new SkepError('Unauthorized', message, { field: 'cell', hint: remedy });
}

/** Whoever asks, or looks at one that somebody else began, is not an admin with `console`. */
export function mayNotEnterHost(cell: string): SkepError {
  return new SkepError('Unauthorized', `a shell on the host of ${cell} is for admins who have console too`, {
    hint: '`skep user add NAME --role admin --console` makes such a user; root may on a server: sudo skep',
  });
}
