/** Amounts of memory, disk and container slots, and the few sums that placement needs. */
import { z } from 'zod';

export const resourcesSchema = z.object({
  memoryMb: z.number().int().nonnegative(),
  diskMb: z.number().int().nonnegative(),
  containers: z.number().int().nonnegative(),
});
export type Resources = Readonly<z.infer<typeof resourcesSchema>>;

export type ResourceName = keyof Resources;
/** In the order in which messages list them: sorted by word. */
export const resourceNames: readonly ResourceName[] = ['containers', 'diskMb', 'memoryMb'];

/** How a shortage is called in messages: Diego's words, reference/diego.md 1.20. */
export const resourceWords: Readonly<Record<ResourceName, string>> = {
  memoryMb: 'memory',
  diskMb: 'disk',
  containers: 'containers',
};

export const noResources: Resources = { memoryMb: 0, diskMb: 0, containers: 0 };

export function addResources(a: Resources, b: Resources): Resources {
  return {
    memoryMb: a.memoryMb + b.memoryMb,
    diskMb: a.diskMb + b.diskMb,
    containers: a.containers + b.containers,
  };
}

/** What a container of this need takes from a cell that spends `overheadMb` of its memory on each container. */
export function withOverhead(need: Resources, overheadMb: number): Resources {
  return overheadMb === 0 ? need : { ...need, memoryMb: need.memoryMb + overheadMb * need.containers };
}

/** May go below zero: a cell whose capacity shrank is over-committed until something leaves. */
export function subtractResources(a: Resources, b: Resources): Resources {
  return {
    memoryMb: a.memoryMb - b.memoryMb,
    diskMb: a.diskMb - b.diskMb,
    containers: a.containers - b.containers,
  };
}
