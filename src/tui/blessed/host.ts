/** The process that the terminal UI runs in, as a port: its signals, its end. process-host.ts is the real one. */

export type EndSignal = 'SIGTERM' | 'SIGINT' | 'SIGHUP' | 'SIGQUIT';

export interface TerminalHost {
  /** Calls `run` at each such signal, instead of what it would do; returns what ends that. */
  onSignal(name: EndSignal | 'SIGTSTP' | 'SIGCONT', run: () => void): () => void;
  /** Calls `run` with an error that nobody caught. */
  onCrash(run: (error: unknown) => void): () => void;
  onExit(run: () => void): () => void;
  /** Stops the process and its group, as Ctrl-Z does; does nothing where nobody could continue it. */
  stop(): void;
  exit(status: number): void;
  /** Whether the terminal is ours now: it must be given back even when the process is killed without a word. */
  holds(held: boolean): void;
  /** Keeps a record of the error; returns the path of it. */
  recordCrash(error: unknown): string;
  /** Gives the text to tmux, which passes it on to the terminal it is in; as it comes, it ignores what programs send. */
  copyToTmux(text: string): void;
  /** To standard error. */
  say(line: string): void;
}
