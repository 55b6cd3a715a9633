/**
 * Identifiers and how they are spelled. Branded so that a cell's id is never passed where a process guid
 * is meant. Every id that becomes a part of a store key is limited to characters that need no escaping.
 */
import { z } from 'zod';

const spelled = /^[a-zA-Z0-9_-]+$/;
const maxIdLength = 128;

/** Diego's rule for process and task guids: reference/diego.md 1.21. */
export const guidSchema = z
  .string()
  .min(1, 'must not be empty')
  .max(maxIdLength, `must be at most ${maxIdLength} characters`)
  .regex(spelled, 'may only hold letters, digits, "_" and "-"');

/** Host names may hold dots, so cell ids may too. */
export const cellIdSchema = z
  .string()
  .min(1, 'must not be empty')
  .max(maxIdLength, `must be at most ${maxIdLength} characters`)
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]*$/, 'may only hold letters, digits, ".", "_" and "-"')
  .brand<'CellId'>();

export const processGuidSchema = guidSchema.brand<'ProcessGuid'>();
export const taskGuidSchema = guidSchema.brand<'TaskGuid'>();
export const instanceGuidSchema = guidSchema.brand<'InstanceGuid'>();
export const domainNameSchema = z
  .string()
  .min(1, 'must not be empty')
  .max(maxIdLength)
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]*$/, 'may only hold letters, digits, ".", "_" and "-"');

export type CellId = z.infer<typeof cellIdSchema>;
export type ProcessGuid = z.infer<typeof processGuidSchema>;
export type TaskGuid = z.infer<typeof taskGuidSchema>;
export type InstanceGuid = z.infer<typeof instanceGuidSchema>;

/** Milliseconds since the epoch. */
export type Millis = number;

export { instanceName, maxInstances } from './instance-name.ts';
