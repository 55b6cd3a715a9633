/** A long-running process that somebody wants. Fields and rules: reference/diego.md 1.2. */
import { z } from 'zod';
import { checkSchema } from './check.ts';
import { defaultDomain, defaults } from './defaults.ts';
import { domainNameSchema, maxInstances, processGuidSchema } from './ids.ts';
import { fixedPortsSchema, placementSchema, prioritySchema } from './placement.ts';
import { utf8Length, workloadShape } from './workload.ts';

const instancesSchema = z
  .number()
  .int('must be a whole number')
  .min(0, 'must be 0 or more')
  .max(maxInstances, `must be at most ${maxInstances}`);

const routesSchema = z
  .record(z.string().min(1), z.unknown())
  .refine((routes) => utf8Length(JSON.stringify(routes)) <= defaults.routesMaxBytes, {
    message: `must be at most ${defaults.routesMaxBytes} bytes`,
  });

const specShape = {
  ...workloadShape,
  guid: processGuidSchema,
  domain: domainNameSchema.default(defaultDomain),
  instances: instancesSchema.default(1),
  /** Container ports, in order, without repeats; each gets a host port of its own. */
  ports: z
    .array(z.number().int().min(1).max(65_535))
    .max(64)
    .transform((ports) => [...new Set(ports)])
    .default([]),
  checks: z.array(checkSchema).max(16).default([]),
  readinessChecks: z.array(checkSchema).max(16).default([]),
  /** 0 waits for ever. */
  startTimeoutMs: z.number().int().min(0).max(86_400_000).default(defaults.startTimeoutMs),
  stopGraceMs: z.number().int().min(0).max(3_600_000).default(defaults.stopGraceMs),
  routes: routesSchema.default({}),
  placement: placementSchema,
  priority: prioritySchema,
  fixedPorts: fixedPortsSchema,
};

/** What a client sends to desire an LRP; unknown fields are refused, so that a typing mistake is not lost. */
export const desiredLrpSpecSchema = z.strictObject(specShape);
export type DesiredLrpSpec = z.infer<typeof desiredLrpSpecSchema>;
/** The same before defaults are filled in. */
export type DesiredLrpInput = z.input<typeof desiredLrpSpecSchema>;

/** What may change on an existing LRP; anything else is a new LRP: reference/diego.md 1.2, Update. */
export const desiredLrpUpdateSchema = z.strictObject({
  instances: instancesSchema.optional(),
  routes: routesSchema.optional(),
  annotation: workloadShape.annotation.unwrap().optional(),
});
export type DesiredLrpUpdate = z.infer<typeof desiredLrpUpdateSchema>;

export const desiredLrpSchema = z.object({
  ...specShape,
  v: z.literal(1),
  /** Rises when what runs changes. */
  generation: z.number().int().min(1),
  /** Diego's modification tag: the epoch is drawn when the record is made, the index rises on every write. */
  epoch: z.string().min(1),
  modificationIndex: z.number().int().min(0),
  createdAt: z.number(),
  updatedAt: z.number(),
  /** Set once somebody removed the LRP: its instances are stopped, then the record goes. */
  removedAt: z.number().optional(),
});
export type DesiredLrp = Readonly<z.infer<typeof desiredLrpSchema>>;

/** A fresh record from a checked spec. */
export function desireLrp(spec: DesiredLrpSpec, now: number, epoch: string): DesiredLrp {
  return { ...spec, v: 1, generation: 1, epoch, modificationIndex: 0, createdAt: now, updatedAt: now };
}

/** Names what runs: another text after a change of it, and for an LRP that was removed and made again under its name. */
export function definitionOf({ epoch, generation }: DesiredLrp): string {
  return `${epoch}/${generation}`;
}

/** Applies an update; an empty one still raises the modification index, as Diego's does. */
export function updateLrp(lrp: DesiredLrp, update: DesiredLrpUpdate, now: number): DesiredLrp {
  return {
    ...lrp,
    instances: update.instances ?? lrp.instances,
    routes: update.routes ?? lrp.routes,
    annotation: update.annotation ?? lrp.annotation,
    modificationIndex: lrp.modificationIndex + 1,
    updatedAt: now,
  };
}

/** Marks an LRP as removed: nothing of it should run any more. */
export function removeLrp(lrp: DesiredLrp, now: number): DesiredLrp {
  return { ...lrp, removedAt: now, modificationIndex: lrp.modificationIndex + 1, updatedAt: now };
}

/** How many instances should run now. */
export function wantedInstances(lrp: DesiredLrp): number {
  return lrp.removedAt === undefined ? lrp.instances : 0;
}
