/**
 * What a cell may promise to workloads: the host's own, less a reserve for the host itself. Called by the
 * cell whenever it has read the host anew; the result is its presence's `capacity`.
 */
import type { Resources } from '../../model/resources.ts';

export interface CapacitySettings {
  /** What the operator set instead of the host's own; no reserve is taken from it. */
  readonly memoryMb?: number | undefined;
  readonly diskMb?: number | undefined;
  readonly containers?: number | undefined;
  /** What is left to the host; 10 % of its memory by default, at least 256 MiB. */
  readonly reserveMemoryMb?: number | undefined;
}

export const defaultContainers = 250;
const reserveShare = 0.1;
const reserveMemoryMinMb = 256;

/** @param host all of the host's memory and disk, in MiB */
export function capacityOf(
  host: { readonly memoryMb: number; readonly diskMb: number },
  settings: CapacitySettings,
): Resources {
  const usualReserveMb = Math.max(Math.ceil(host.memoryMb * reserveShare), reserveMemoryMinMb);
  const reserveMemoryMb = settings.reserveMemoryMb ?? usualReserveMb;
  const reserveDiskMb = Math.ceil(host.diskMb * reserveShare);
  return {
    memoryMb: settings.memoryMb ?? Math.max(0, Math.floor(host.memoryMb - reserveMemoryMb)),
    diskMb: settings.diskMb ?? Math.max(0, Math.floor(host.diskMb - reserveDiskMb)),
    containers: settings.containers ?? defaultContainers,
  };
}
