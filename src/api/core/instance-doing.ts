/**
 * What a cell is doing with one instance, as the cell says itself when a server asks it (`doing` of cell-protocol.ts),
 * and that in words. Nothing of it is kept: `why` asks while somebody looks. Texts in it may be a workload's own, so
 * whoever shows them escapes them.
 */
import { z } from 'zod';
import { spanOf, times } from './age.ts';

/** What a cell sends is clipped to less (`clipReason`). */
const textSchema = z.string().max(2_048);
/** More checks than these are not told. */
export const doingChecksMax = 8;

export const instanceDoingSchema = z.object({
  cellId: z.string().max(256),
  /** When it was said. This and every other moment here is by the cell's clock, in milliseconds. */
  at: z.number(),
  phase: z.enum([
    /** Nothing is done yet; `reason` says what for. */
    'waiting',
    /** The engine is asked whether the image is here. */
    'looking',
    'pulling',
    /** Others are created before it. */
    'queued',
    'creating',
    'starting',
    /** It runs, and has not passed `checks` since. */
    'checking',
    /** `checks`: those of readiness that fail. */
    'running',
    'stopping',
    'crashed',
  ]),
  /** Since when it is in this phase. */
  since: z.number().optional(),
  /** Why it waits, is stopped, or crashed. */
  reason: textSchema.optional(),
  image: textSchema.optional(),
  /** How far the pull is, as far as the engine tells. */
  progress: textSchema.optional(),
  checks: z
    .array(
      z.object({
        /** As `skep run --check` takes it. */
        check: textSchema,
        purpose: z.enum(['liveness', 'readiness']),
        /** How often it has failed, of one that has never passed. */
        failures: z.number().int().optional(),
        /** What it said last; absent before it failed once. */
        output: textSchema.optional(),
      }),
    )
    .max(doingChecksMax)
    .optional(),
  /** What comes by itself: the start counts as a crash, the stop becomes a kill, the cell starts it anew. */
  nextAt: z.number().optional(),
  /** Steps that failed in a row, and when the next try is. */
  trouble: z.object({ reason: textSchema, times: z.number().int(), againAt: z.number() }).optional(),
  /** Why the container engine does not answer; absent while it does. */
  engineAway: textSchema.optional(),
});
export type InstanceDoing = Readonly<z.infer<typeof instanceDoingSchema>>;

/** What came of asking a cell about an instance: its answer, or in a sentence why there is none. */
export interface Told {
  readonly doing?: InstanceDoing | undefined;
  readonly silence?: string | undefined;
}

/** Whether there is more to say than that it runs. */
export function isNoteworthy({ phase, checks = [], trouble, engineAway }: InstanceDoing): boolean {
  return phase !== 'running' || checks.length > 0 || trouble !== undefined || engineAway !== undefined;
}

/** `its image nginx is being pulled for 40 s (3 of 7 layers, 45 of 210 MB)`. */
export function doingText(doing: InstanceDoing): string {
  const { trouble, engineAway, at } = doing;
  const parts = [phaseText(doing)];
  if (engineAway !== undefined) parts.push(`its container engine does not answer: ${engineAway}`);
  if (trouble !== undefined) {
    const again =
      trouble.againAt <= at ? 'it is tried again now' : `next try in ${spanOf(trouble.againAt - at)}`;
    parts.push(`the last step failed ${times(trouble.times)}, last: ${trouble.reason}; ${again}`);
  }
  return parts.join('; ');
}

function phaseText(doing: InstanceDoing): string {
  const { phase, reason, image = 'its image', progress, at, since, nextAt } = doing;
  const span = since === undefined ? '' : ` for ${spanOf(at - since)}`;
  const because = reason === undefined ? '' : `: ${reason}`;
  const after = reason === undefined ? '' : `, after it had crashed: ${reason}`;
  switch (phase) {
    case 'waiting':
      return `the cell has not begun with it yet${because}`;
    case 'looking':
      return `the engine has been asked${span} whether image ${image} is on that host${after}`;
    case 'pulling':
      return `image ${image} has been pulled${span}${progress === undefined ? '' : ` (${progress})`}${after}`;
    case 'queued':
      return `it has waited${span} for its turn to be created, behind others on that cell${after}`;
    case 'creating':
      return `its container has been in creation${span}${after}`;
    case 'starting':
      return `its container is being started${span}${after}`;
    case 'checking':
      return `its container has run${span} and ${checksText(doing)}${untilText(at, nextAt, 'that counts as a crash')}`;
    case 'running':
      return `its container runs${span}${(doing.checks ?? []).length === 0 ? '' : ` but ${checksText(doing)}`}`;
    case 'stopping':
      return `its container is being stopped${span}${because}${untilText(at, nextAt, 'it is killed')}`;
    case 'crashed': {
      const ago = since === undefined ? '' : ` ${spanOf(at - since)} ago`;
      const alone = 'the cell starts it anew, unless a server has taken the report of the crash';
      return `it crashed${ago}${because}${untilText(at, nextAt, alone)}`;
    }
  }
}

function checksText({ checks = [] }: InstanceDoing): string {
  if (checks.length === 0) return 'its checks have not passed yet';
  return checks
    .map(({ check, failures = 0, output }) => {
      const counted = failures === 0 ? '' : `, failed ${times(failures)}`;
      return `has not passed ${check} yet${counted}${output === undefined ? '' : `, last: ${output}`}`;
    })
    .join('; ');
}

function untilText(at: number, nextAt: number | undefined, what: string): string {
  if (nextAt === undefined) return '';
  return `; ${nextAt <= at ? 'now' : `in ${spanOf(nextAt - at)}`} ${what}`;
}
