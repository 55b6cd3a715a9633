/**
 * Sees what runs in a container without asking the engine, as a port. Adapter: `host/`, which reads /proc. Asked when
 * an instance never became healthy, so that its crash reason says what there was instead.
 */
import type { Sight } from './core/start-findings.ts';

export interface Witness {
  /** Never throws; undefined when the process is not this host's, or may not be looked at. */
  see(container: { readonly id: string; readonly pid: number }): Sight;
}
