/**
 * Facts about the host as a port: what there is to promise to workloads. Adapter: `host/`, with
 * systeminformation. The cell reads them when it starts and on every sweep, so that a resized host is noticed.
 */

export interface HostFacts {
  /** All of the memory, in MiB. */
  readonly memoryMb: number;
  /** Size of the file system that holds the containers, in MiB. */
  readonly diskMb: number;
  /** `linux`. */
  readonly os: string;
  /** `x64`, `arm64`. */
  readonly arch: string;
}

export interface Host {
  /** Throws `Unavailable` with the reason when the host cannot be read. */
  facts(options: { readonly signal: AbortSignal }): Promise<HostFacts>;
}
