/** Host ports that instances of this cell hold, so that two never get the same one. */
import { SkepError } from '../base/core/errors.ts';
import type { Rng } from '../base/core/rng.ts';
import { type PortRange, pickPorts } from './core/ports.ts';

export interface HostPorts {
  /** Replaces what `holder` holds by `count` free ports. Throws `InsufficientResources` when there are too few. */
  reserve(holder: string, count: number): number[];
  /** Notes ports that a found container holds already. */
  adopt(holder: string, ports: readonly number[]): void;
  release(holder: string): void;
}

export function hostPorts(range: PortRange, rng: Rng): HostPorts {
  const held = new Map<string, readonly number[]>();
  return {
    reserve(holder, count) {
      held.delete(holder);
      const ports = pickPorts(range, count, new Set([...held.values()].flat()), rng);
      if (ports === undefined) {
        throw new SkepError(
          'InsufficientResources',
          `no ${count} free host ports between ${range.from} and ${range.to}`,
          { hint: 'widen the port range of this cell, or run fewer instances with ports on it' },
        );
      }
      if (count > 0) held.set(holder, ports);
      return ports;
    },
    adopt(holder, ports) {
      if (ports.length > 0) held.set(holder, ports);
    },
    release: (holder) => void held.delete(holder),
  };
}
