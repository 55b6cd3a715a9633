/**
 * One instance of an LRP and its state machine. Each verb is pure: it takes the record that was read and
 * returns the next one, or a refusal with Diego's name. Table: reference/diego.md 1.3.
 */
import { z } from 'zod';
import { crashHistorySchema, withCrash } from './crash-history.ts';
import {
  type CellId,
  cellIdSchema,
  domainNameSchema,
  type InstanceGuid,
  instanceGuidSchema,
  type Millis,
  type ProcessGuid,
  processGuidSchema,
} from './ids.ts';
import { nextCrashCount, restartsAtOnce } from './restart-policy.ts';
import { clipReason } from './workload.ts';

export const actualStates = ['UNCLAIMED', 'CLAIMED', 'RUNNING', 'CRASHED'] as const;
export type ActualState = (typeof actualStates)[number];

/**
 * ORDINARY is the instance that counts; SUSPECT was it until its cell was lost, and is kept until the
 * ordinary one runs. EVACUATING is the one on a cell that is drained, kept until its replacement runs. Each
 * lives under a key of its own.
 */
export const presences = ['ORDINARY', 'SUSPECT', 'EVACUATING'] as const;
export type Presence = (typeof presences)[number];

export const netInfoSchema = z.object({
  /** Where others reach the host ports. */
  address: z.string(),
  /** The container's own address. */
  instanceAddress: z.string(),
  ports: z.array(z.object({ containerPort: z.number().int(), hostPort: z.number().int() })),
});
export type NetInfo = Readonly<z.infer<typeof netInfoSchema>>;

/** Why the auction refused, kept on the record so that any server can tell. */
export const refusalSchema = z.object({
  message: z.string(),
  /** Cells that were looked at, and how many each filter dropped. */
  cells: z.number().int(),
  counts: z.record(z.string(), z.number().int()),
  nearest: z.object({ cellId: cellIdSchema, lacks: z.string() }).optional(),
  /** The smallest change that would give it a place. */
  change: z.string().optional(),
});
export type Refusal = Readonly<z.infer<typeof refusalSchema>>;

export const actualLrpSchema = z.object({
  v: z.literal(1),
  guid: processGuidSchema,
  index: z.number().int().min(0),
  domain: domainNameSchema,
  presence: z.enum(presences),
  state: z.enum(actualStates),
  /** Set while CLAIMED or RUNNING; both or neither. */
  instanceGuid: instanceGuidSchema.optional(),
  cellId: cellIdSchema.optional(),
  /** The cell that this index ran on last, for LRPs whose placement is sticky. */
  home: cellIdSchema.optional(),
  /** When the state was entered. */
  since: z.number(),
  /** When the record was last written. */
  updatedAt: z.number(),
  crashCount: z.number().int().min(0),
  crashReason: z.string().optional(),
  /** Where it crashed lately. */
  crashes: crashHistorySchema.optional(),
  /** Only on UNCLAIMED: why it could not be placed. */
  placementError: refusalSchema.optional(),
  netInfo: netInfoSchema.optional(),
  containerId: z.string().optional(),
  /** False until the readiness checks pass. */
  routable: z.boolean(),
  /** The last output of a check that failed, while it matters. */
  checkOutput: z.string().optional(),
  /** The instance is to be stopped: why and since when. The record goes when its container has gone. */
  retire: z
    .object({
      reason: z.string(),
      since: z.number(),
      /** The cell is there and has not done it in time: when that was told. */
      overdueAt: z.number().optional(),
    })
    .optional(),
  epoch: z.string(),
  modificationIndex: z.number().int().min(0),
});
export type ActualLrp = Readonly<z.infer<typeof actualLrpSchema>>;

export type ActualRefusal =
  | 'ActualLRPCannotBeClaimed'
  | 'ActualLRPCannotBeStarted'
  | 'ActualLRPCannotBeCrashed'
  | 'ActualLRPCannotBeFailed'
  | 'ActualLRPCannotBeRemoved'
  | 'ActualLRPCannotBeUnclaimed';

/** The outcome of a verb: the next record, or why there is none. `changed: false` needs no write. */
export type ActualMove =
  | { readonly ok: true; readonly changed: boolean; readonly next: ActualLrp }
  | { readonly ok: false; readonly refusal: ActualRefusal };

export interface InstanceKey {
  readonly instanceGuid: InstanceGuid;
  readonly cellId: CellId;
}

export interface StartReport extends InstanceKey {
  readonly netInfo: NetInfo;
  readonly containerId: string;
  readonly routable: boolean;
  readonly checkOutput?: string | undefined;
  /** Restarts that the cell did by itself while no server answered. */
  readonly crashCount?: number | undefined;
  readonly crashReason?: string | undefined;
}

/** A record for an index that has none yet. */
export function newActualLrp(
  key: { readonly guid: ProcessGuid; readonly index: number; readonly domain: string },
  now: Millis,
  epoch: string,
): ActualLrp {
  return {
    v: 1,
    ...key,
    presence: 'ORDINARY',
    state: 'UNCLAIMED',
    since: now,
    updatedAt: now,
    crashCount: 0,
    routable: false,
    epoch,
    modificationIndex: 0,
  };
}

function ownedBy(lrp: ActualLrp, key: InstanceKey): boolean {
  return lrp.instanceGuid === key.instanceGuid && lrp.cellId === key.cellId;
}

function moved(lrp: ActualLrp, change: Partial<ActualLrp>, now: Millis): ActualMove {
  const next: ActualLrp = { ...lrp, ...change, updatedAt: now, modificationIndex: lrp.modificationIndex + 1 };
  return { ok: true, changed: true, next };
}

const refused = (refusal: ActualRefusal): ActualMove => ({ ok: false, refusal });

const ofOneContainer = [
  'instanceGuid',
  'cellId',
  'netInfo',
  'containerId',
  'checkOutput',
  'retire',
  'placementError',
] as const;

/** Drops what belongs to one container: it never outlives the claim. */
function withoutContainer(lrp: ActualLrp): ActualLrp {
  // Nearly always, when it is claimed: it has none of it.
  if (!lrp.routable && ofOneContainer.every((field) => lrp[field] === undefined)) return lrp;
  const { instanceGuid, cellId, netInfo, containerId, checkOutput, retire, placementError, ...rest } = lrp;
  return { ...rest, routable: false };
}

/**
 * UNCLAIMED → CLAIMED for a cell. Claiming again with the same key changes nothing. A sticky index remembers
 * the cell as its home, for as long as the record lives.
 */
export function claim(lrp: ActualLrp, key: InstanceKey, now: Millis, sticky = false): ActualMove {
  if (lrp.state === 'CLAIMED' && ownedBy(lrp, key)) return { ok: true, changed: false, next: lrp };
  if (lrp.state !== 'UNCLAIMED') return refused('ActualLRPCannotBeClaimed');
  const home = sticky ? { home: key.cellId } : {};
  return moved(withoutContainer(lrp), { state: 'CLAIMED', ...key, ...home, since: now }, now);
}

/**
 * CLAIMED → RUNNING, or news about a RUNNING one. Only the claimed instance may start: invariant 3 of
 * DESIGN.md is stricter than Diego, which lets any container take a CLAIMED index over.
 */
export function start(lrp: ActualLrp, report: StartReport, now: Millis): ActualMove {
  if (!ownedBy(lrp, report) || (lrp.state !== 'CLAIMED' && lrp.state !== 'RUNNING')) {
    return refused('ActualLRPCannotBeStarted');
  }
  const crashCount = report.crashCount ?? lrp.crashCount;
  const restarted = lrp.state !== 'RUNNING' || crashCount !== lrp.crashCount;
  const { checkOutput: _old, ...rest } = lrp;
  const next: ActualLrp = {
    ...rest,
    state: 'RUNNING',
    netInfo: report.netInfo,
    containerId: report.containerId,
    routable: report.routable,
    crashCount,
    ...(report.crashReason === undefined ? {} : { crashReason: clipReason(report.crashReason) }),
    ...(report.checkOutput === undefined ? {} : { checkOutput: clipReason(report.checkOutput) }),
    since: restarted ? now : lrp.since,
  };
  return !restarted && sameRecord(lrp, next) ? { ok: true, changed: false, next: lrp } : moved(next, {}, now);
}

/** Whether two records say the same, whatever the order of their fields. */
function sameRecord(a: ActualLrp, b: ActualLrp): boolean {
  const sorted = (lrp: ActualLrp) => JSON.stringify(Object.entries(lrp).sort(([x], [y]) => (x < y ? -1 : 1)));
  return sorted(a) === sorted(b);
}

/**
 * The claimed instance ended by itself, or never came up. Crashes 1 and 2 go straight to UNCLAIMED, later
 * ones wait in CRASHED.
 */
export function crash(lrp: ActualLrp, key: InstanceKey, reason: string, now: Millis): ActualMove {
  const alive = lrp.state === 'CLAIMED' || lrp.state === 'RUNNING';
  if (!alive || !ownedBy(lrp, key)) return refused('ActualLRPCannotBeCrashed');
  const crashCount = nextCrashCount(lrp.crashCount, lrp.state === 'RUNNING', lrp.since, now);
  const state = restartsAtOnce(crashCount) ? 'UNCLAIMED' : 'CRASHED';
  const crashes = withCrash(lrp.crashes, key.cellId, now);
  return moved(
    withoutContainer(lrp),
    { state, crashCount, crashReason: clipReason(reason), crashes, since: now },
    now,
  );
}

/** CLAIMED, RUNNING or CRASHED → UNCLAIMED: it is to be placed anew. */
export function unclaim(lrp: ActualLrp, now: Millis): ActualMove {
  if (lrp.state === 'UNCLAIMED') return refused('ActualLRPCannotBeUnclaimed');
  return moved(withoutContainer(lrp), { state: 'UNCLAIMED', since: now }, now);
}

/** What is left of a sticky index once it was told to stop and has: a fresh record that knows its home. */
export function awaitingHome(lrp: ActualLrp, now: Millis): ActualLrp {
  const { guid, index, domain, home, epoch } = lrp;
  const fresh = newActualLrp({ guid, index, domain }, now, epoch);
  return { ...fresh, ...(home && { home }), modificationIndex: lrp.modificationIndex + 1 };
}

/** Records why an UNCLAIMED instance could not be placed; the same reason again changes nothing. */
export function failPlacement(lrp: ActualLrp, refusal: Refusal, now: Millis): ActualMove {
  if (lrp.state !== 'UNCLAIMED') return refused('ActualLRPCannotBeFailed');
  if (JSON.stringify(lrp.placementError) === JSON.stringify(refusal))
    return { ok: true, changed: false, next: lrp };
  return moved(lrp, { placementError: { ...refusal, message: clipReason(refusal.message) } }, now);
}

/** Asks the cell to stop the instance; asking twice changes nothing. */
export function retire(lrp: ActualLrp, reason: string, now: Millis): ActualMove {
  if (lrp.retire !== undefined) return { ok: true, changed: false, next: lrp };
  return moved(lrp, { retire: { reason, since: now } }, now);
}

/** Notes that the cell has not stopped a retired instance in time, which also tells the cell again. */
export function markOverdue(lrp: ActualLrp, now: Millis): ActualMove {
  if (lrp.retire === undefined || lrp.retire.overdueAt !== undefined) {
    return { ok: true, changed: false, next: lrp };
  }
  return moved(lrp, { retire: { ...lrp.retire, overdueAt: now } }, now);
}

/** The same instance under the other presence: its cell was lost, or came back. */
export function withPresence(lrp: ActualLrp, presence: Presence, now: Millis): ActualLrp {
  return { ...lrp, presence, updatedAt: now, modificationIndex: lrp.modificationIndex + 1 };
}
