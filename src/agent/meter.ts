/**
 * What this host and its containers have used so far, as a port. Adapter: `host/`, which reads the kernel's own
 * files. Asked only while somebody looks.
 */
import type { ContainerReading, HostReading } from './core/stats-rates.ts';

export interface Meter {
  /** What cannot be read is 0 and named in `problem`. */
  host(): Promise<HostReading>;
  /** By container id; one that has ended meanwhile is not in it. */
  containers(
    running: readonly { readonly id: string; readonly pid: number }[],
  ): Promise<ReadonlyMap<string, ContainerReading>>;
}
