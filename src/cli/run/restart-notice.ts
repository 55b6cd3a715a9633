/**
 * SIGURG: install.sh is about to restart this agent. Its cell then stays present without it for longer than usual, and
 * SIGTERM is obeyed once the servers know that: a host that is slow to start the next agent loses no instance. A signal
 * and no call of the API, since a cell without a server has none; this one, since an agent that does not know it
 * ignores it. Made by agent.ts; cell.ts says which cell it is.
 */
import { defaults } from '../../model/defaults.ts';

/** What of a cell is needed here. */
export interface StayingCell {
  /** Resolves when the cell's lease lasts that long, or after a few seconds; never rejects. */
  stayFor(ttlMs: number): Promise<void>;
}

export interface RestartNotice {
  /** From now on that cell is the one that stays. */
  concerns(cell: StayingCell): void;
  /** When this agent may end: at once unless it was told of a restart, and also of one told in the same moment. */
  mayEnd(): Promise<void>;
  /** Heeds the signal no more. */
  close(): void;
}

export function restartNotice(): RestartNotice {
  let cell: StayingCell | undefined;
  let staying: Promise<void> | undefined;
  const heed = (): void => {
    staying = cell?.stayFor(defaults.upgradePresenceTtlMs);
  };
  process.on('SIGURG', heed);
  return {
    concerns(next) {
      cell = next;
    },
    async mayEnd() {
      // Of two signals that wait for a busy process the kernel delivers SIGTERM first.
      await new Promise(setImmediate);
      await staying;
    },
    close: () => void process.off('SIGURG', heed),
  };
}
