/**
 * The container engine as a port. Adapters: `docker/` (Docker Engine, Podman), test/kit/fake-runtime.ts.
 * Suite: test/contract/runtime.contract.ts. Everything that waits takes a signal and has a deadline of its
 * own; an engine that does not answer is SkepError `Unavailable`.
 */
import type { EnvVar } from '../model/workload.ts';
import type { Container, ContainerIdentity, ContainerSpec } from './core/container.ts';
import type { PullProgress } from './core/pull-progress.ts';

export type {
  Container,
  ContainerIdentity,
  ContainerSpec,
  ContainerState,
  PortMapping,
} from './core/container.ts';

export interface RuntimeEvent {
  readonly kind: 'died' | 'started' | 'gone' | 'oom';
  readonly id: string;
  readonly identity: ContainerIdentity;
}

export interface RuntimeInfo {
  /** `docker 20.10.24`, `podman 4.3.1`. */
  readonly name: string;
  readonly memoryMb: number;
  /** Of the file system that holds the writable layers. */
  readonly diskMb: number;
  /** Whether the storage driver can limit the writable layer. */
  readonly canLimitDisk: boolean;
  /** OCI runtimes that containers may ask for, and volume drivers: what placement rules name. */
  readonly runtimes?: readonly string[];
  readonly volumeDrivers?: readonly string[];
}

export interface LogOptions {
  readonly follow: boolean;
  /** How many of the last lines; undefined: all. */
  readonly tail?: number | undefined;
  /** Only lines at or after this moment, milliseconds. */
  readonly since?: number | undefined;
  readonly signal: AbortSignal;
}

export interface LogLine {
  readonly at: number;
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}

export interface ExecOptions {
  readonly args: readonly string[];
  readonly tty: boolean;
  readonly stdin: boolean;
  readonly env?: readonly EnvVar[] | undefined;
  readonly user?: string | undefined;
  readonly size?: TerminalSize | undefined;
  readonly signal: AbortSignal;
}

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** A process or console with its streams. Ends when the remote side ends or its signal aborts. */
export interface ProcessStream {
  /** Output in order; with a terminal `stderr` only says why it could not be started. Backpressure: the next is read when asked. */
  readonly output: AsyncIterable<{ readonly stream: 'stdout' | 'stderr'; readonly data: Uint8Array }>;
  write(data: Uint8Array): Promise<void>;
  /** No more input. */
  endInput(): void;
  resize(size: TerminalSize): Promise<void>;
  /** Sends a signal by name (`SIGTERM`) to the process. */
  kill(signalName: string): Promise<void>;
  /** The exit status, once the output has ended; undefined when it is not known (a detached console). */
  readonly exitCode: Promise<number | undefined>;
}

export interface Runtime {
  info(options: { readonly signal: AbortSignal }): Promise<RuntimeInfo>;
  /** Containers of this cluster and cell, whatever their state. */
  list(owner: {
    readonly clusterId: string;
    readonly cellId: string;
    readonly signal: AbortSignal;
  }): Promise<readonly Container[]>;
  /** Undefined when it does not exist. */
  inspect(id: string, options: { readonly signal: AbortSignal }): Promise<Container | undefined>;
  /**
   * Makes sure the image is here, pulling it if need be. Throws `ResourceNotFound` or `Unavailable` with
   * the registry's own reason. `onProgress` is called when a pull begins, and as it gets on if the engine tells.
   */
  ensureImage(
    image: string,
    options: {
      readonly signal: AbortSignal;
      readonly onProgress?: ((progress: PullProgress) => void) | undefined;
    },
  ): Promise<void>;
  /** The image must be here. A second call with the same instance guid throws `ResourceExists`. */
  create(spec: ContainerSpec, options: { readonly signal: AbortSignal }): Promise<string>;
  /** Starting a running container does nothing. A host port that is taken throws `ResourceConflict`. */
  start(id: string, options: { readonly signal: AbortSignal }): Promise<void>;
  /** SIGTERM, then SIGKILL after `graceMs`. Stopping what is gone or has ended does nothing. */
  stop(id: string, options: { readonly graceMs: number; readonly signal: AbortSignal }): Promise<void>;
  /** Removes it with its writable layer; removing what is gone does nothing. */
  remove(id: string, options: { readonly signal: AbortSignal }): Promise<void>;
  /** Calls back on every event of this cell's containers until the signal aborts; throws when the engine goes. */
  events(
    owner: { readonly clusterId: string; readonly cellId: string; readonly signal: AbortSignal },
    onEvent: (event: RuntimeEvent) => void,
  ): Promise<void>;
  logs(id: string, options: LogOptions): AsyncIterable<LogLine>;
  exec(id: string, options: ExecOptions): Promise<ProcessStream>;
  /**
   * Ends what `exec` started in this container and nobody reads any more: each process, and what its terminal's
   * session holds, whose environment has `variable` with a value that `matches`. SIGHUP, then SIGKILL. Resolves with
   * how many there were.
   */
  endExecs(
    id: string,
    options: {
      readonly variable: string;
      matches(value: string): boolean;
      readonly signal: AbortSignal;
    },
  ): Promise<number>;
  /** The main process's own streams. */
  attach(
    id: string,
    options: { readonly stdin: boolean; readonly signal: AbortSignal },
  ): Promise<ProcessStream>;
  /** The content of one file, at most `maxBytes`; throws `TooLarge` above that, `ResourceNotFound` without it. */
  readFile(
    id: string,
    path: string,
    options: { readonly maxBytes: number; readonly signal: AbortSignal },
  ): Promise<Uint8Array>;
}
