/**
 * A login shell on this cell's own host as a port. Adapter: `host/pty-shell.ts`. Composed only where the cell's own
 * settings say `hostShell: true`: without it nothing on this cell can begin one, whoever asks.
 */
import type { ProcessStream, TerminalSize } from './runtime.ts';

export interface HostShellOptions {
  /** The console's name: `SKEP_CONSOLE` in the shell's environment, and its unit's name under systemd. */
  readonly session: string;
  /** The terminal's from the first moment on. */
  readonly size: TerminalSize;
  /** Kills it, and everything in its terminal's session. */
  readonly signal: AbortSignal;
}

/**
 * Begins one, as the agent's user, with nothing of the agent's environment. Throws `Unavailable` where there is no
 * terminal to be had.
 */
export type OpenHostShell = (options: HostShellOptions) => Promise<ProcessStream>;
