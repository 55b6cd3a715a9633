/**
 * What a command has of the outside: streams, environment, signals, time and the way to dial. `main.ts` builds
 * it from the process; tests pass one of their own and run commands in-process.
 */
import type { Prove } from '../api/client.ts';
import type { Clock } from '../base/clock.ts';
import type { Dial } from '../base/socket.ts';

/** A stream that text goes to; what a terminal adds is only there when it is one. */
export interface OutStream {
  write(data: string | Uint8Array): boolean;
  once(event: 'drain', listener: () => void): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

export interface InStream {
  readonly isTTY?: boolean | undefined;
  setRawMode?(raw: boolean): unknown;
  on(event: 'data', listener: (chunk: Uint8Array | string) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  off(event: 'data', listener: (chunk: Uint8Array | string) => void): unknown;
  off(event: 'end', listener: () => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

/** Where contexts are kept. The adapter is run/context-files.ts. */
export interface ContextFiles {
  /** In order of their names. */
  list(): readonly string[];
  /** The text of one; undefined when there is none. */
  read(name: string): string | undefined;
  /** For the owner only. */
  write(name: string, text: string): void;
  remove(name: string): void;
  /** The one that commands use unless told; undefined: none. */
  readonly current: string | undefined;
  use(name: string | undefined): void;
}

export type SignalName = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGQUIT' | 'SIGWINCH' | 'SIGUSR1' | 'SIGUSR2';

export interface Io {
  readonly stdout: OutStream;
  readonly stderr: OutStream;
  readonly stdin: InStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Calls `run` on each such signal instead of what it does by default; returns how to stop. */
  onSignal(name: SignalName, run: () => void): () => void;
  /** Whether a path exists: for the default socket. */
  exists(path: string): boolean;
  /** Reads a text file; throws as Node does. */
  readFile(path: string): string;
  readonly clock: Clock;
  readonly dial: Dial;
  /** Of this program. */
  readonly version: string;
  /** Makes the file that proves our user to the agent of this host. */
  readonly prove: Prove;
  readonly contexts: ContextFiles;
  /** A fresh key and a certificate request that it signs, PEM both. */
  makeRequest(name: string): Promise<{ readonly key: string; readonly request: string }>;
  /** Writes a file that must not exist, for the owner only; throws as Node does. */
  writeSecret(path: string, text: string): void;
  /** `Date.getTimezoneOffset` at a time. */
  offsetMinutes(at: number): number;
}

/** What builds commands: the outside, and where a command puts its exit status. */
export interface Host {
  readonly io: Io;
  setExit(code: number): void;
}
