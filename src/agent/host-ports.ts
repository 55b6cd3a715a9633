/** Host ports that instances of this cell hold, so that two never get the same one. */
import { SkepError } from '../base/core/errors.ts';
import type { Rng } from '../base/core/rng.ts';
import { type PortRange, pickPorts } from './core/ports.ts';

export interface HostPorts {
  /**
   * Replaces what `holder` holds by `count` free ports, which it returns, and by the `fixed` ones that it
   * insists on. Throws `InsufficientResources` when there are too few, or when a fixed one is held.
   */
  reserve(holder: string, count: number, fixed?: readonly number[]): number[];
  /** Notes ports that a found container holds already. */
  adopt(holder: string, ports: readonly number[]): void;
  release(holder: string): void;
}

export function hostPorts(range: PortRange, rng: Rng): HostPorts {
  const held = new Map<string, readonly number[]>();
  return {
    reserve(holder, count, fixed = []) {
      held.delete(holder);
      const taken = new Set([...held.values()].flat());
      const conflict = fixed.find((port) => taken.has(port));
      if (conflict !== undefined) throw heldAlready(conflict, range);
      const ports = pickPorts(range, count, new Set([...taken, ...fixed]), rng);
      if (ports === undefined) {
        throw new SkepError(
          'InsufficientResources',
          `no ${count} free host ports between ${range.from} and ${range.to}`,
          { hint: 'widen the port range of this cell, or run fewer instances with ports on it' },
        );
      }
      if (count + fixed.length > 0) held.set(holder, [...ports, ...fixed]);
      return ports;
    },
    adopt(holder, ports) {
      if (ports.length > 0) held.set(holder, ports);
    },
    release: (holder) => void held.delete(holder),
  };
}

/** Placement keeps instances that insist on one port apart; one that was picked for another is not known there. */
function heldAlready(port: number, { from, to }: PortRange): SkepError {
  return new SkepError('InsufficientResources', `host port ${port} is held by another instance here`, {
    hint: `choose host ports outside of ${from} to ${to}, from which this cell picks for others`,
  });
}
