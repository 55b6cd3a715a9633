/**
 * Whether a host may take an instance at all, apart from room: read independently of the auction's filters, for
 * clusters from a dump, whose LRPs have rules. Source: reference/diego.md 1.20.
 */
import type { CellPresence } from '../../src/model/cell.ts';
import type { CellSpec } from '../../src/model/cell-spec.ts';
import type { DesiredLrp } from '../../src/model/desired-lrp.ts';

/** True: it may; undefined: that depends on what else is where, and is not judged here. */
export function admits(cell: CellPresence, spec: CellSpec | undefined, lrp: DesiredLrp): boolean | undefined {
  const { os, arch, tags, runtime, volumeDrivers, sticky, sameCellAs, notWith, maxPerCell } = lrp.placement;
  if (spec?.cordon !== undefined || spec?.drain !== undefined) return false;
  if ((os !== undefined && os !== cell.os) || (arch !== undefined && arch !== cell.arch)) return false;
  const known = [...cell.requiredTags, ...cell.optionalTags];
  if (!cell.requiredTags.every((tag) => tags.includes(tag)) || !tags.every((tag) => known.includes(tag)))
    return false;
  if (runtime !== undefined && !cell.runtimes.includes(runtime)) return false;
  if (!volumeDrivers.every((driver) => cell.volumeDrivers.includes(driver))) return false;
  const isAboutNeighbours =
    sticky || sameCellAs !== undefined || notWith.length > 0 || maxPerCell !== undefined;
  return isAboutNeighbours || lrp.fixedPorts.length > 0 ? undefined : true;
}
