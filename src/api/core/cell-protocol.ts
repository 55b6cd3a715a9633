/**
 * What a cell and a server say to each other over the cell's WebSocket. The cell always dials; one session
 * to every server. Messages are JSON objects with a `type`. Requests of the cell carry an `id` that the
 * server's `response` repeats. Every request may be sent again, to any server: each is idempotent.
 */
import { z } from 'zod';
import { type ErrorBody } from '../../base/core/errors.ts';
import { actualLrpSchema, netInfoSchema } from '../../model/actual-lrp.ts';
import { cellPresenceSchema } from '../../model/cell.ts';
import { defaults } from '../../model/defaults.ts';
import { desiredLrpSchema } from '../../model/desired-lrp.ts';
import { cellIdSchema, instanceGuidSchema, processGuidSchema, taskGuidSchema } from '../../model/ids.ts';
import { taskSchema } from '../../model/task.ts';
import { consoleSessionSchema } from './console-shapes.ts';
import { upgradeActionSchema } from './upgrade-shapes.ts';

export const cellProtocolVersion = 1;

/** Where cells dial: `GET /v1/cell/session?cell=ID&protocol=1`, upgraded to a WebSocket. */
export const cellSessionPath = '/v1/cell/session';

/** With what either side ends a session. Who goes away on purpose says so: nobody need find out by waiting. */
export const sessionCodes = { replaced: 4001, malformed: 4400, unready: 4503, goingAway: 1001 } as const;
/** Where a cell dials for one stream it was asked to open: `…/ID`. */
export const cellStreamPath = '/v1/cell/streams/';

const instanceRef = {
  guid: processGuidSchema,
  index: z.number().int().min(0),
  instanceGuid: instanceGuidSchema,
};

/** When the container was started, by the cell's clock; cells before backups did not say. */
const startedAt = z.number().optional();
/** `definitionOf` its LRP when the container was made. */
const definition = z.string().max(256).optional();

/** Parameters and result of each request of a cell. */
export const cellRequests = {
  /**
   * Writes the presence under a fresh lease (or the one given, if it lives). `ttlMs` asks for a longer one than usual,
   * because the agent is about to restart; a server of an older release does not know it.
   */
  register: {
    params: z.object({
      presence: cellPresenceSchema,
      leaseId: z.string().optional(),
      ttlMs: z.number().int().min(defaults.presenceTtlMs).max(defaults.upgradePresenceTtlMs).optional(),
    }),
    result: z.object({ leaseId: z.string(), ttlMs: z.number(), revision: z.number() }),
  },
  /**
   * Extends the lease. ResourceNotFound when it is gone, or when the presence is not the one that was written
   * at `revision` (an earlier `register` came late and put it under a lease that nobody extends): register
   * again.
   */
  heartbeat: { params: z.object({ leaseId: z.string(), revision: z.number() }), result: z.object({}) },
  /** The instance runs, or something about a running one changed. ActualLRPCannotBeStarted: stop it. */
  started: {
    params: z.object({
      ...instanceRef,
      netInfo: netInfoSchema,
      containerId: z.string(),
      routable: z.boolean(),
      checkOutput: z.string().optional(),
      crashCount: z.number().int().optional(),
      crashReason: z.string().optional(),
    }),
    result: z.object({}),
  },
  /** It ended by itself or never came up. ActualLRPCannotBeCrashed / ResourceNotFound: just clean up. */
  crashed: { params: z.object({ ...instanceRef, reason: z.string() }), result: z.object({}) },
  /** Its container has gone because it was told to: the record may go. */
  stopped: { params: z.object({ ...instanceRef }), result: z.object({}) },
  /** PENDING → RUNNING. Only after this has answered may the container be created. */
  startTask: { params: z.object({ guid: taskGuidSchema, attempt: z.string() }), result: z.object({}) },
  completeTask: {
    params: z.object({
      guid: taskGuidSchema,
      failed: z.boolean(),
      failureReason: z.string().optional(),
      exitCode: z.number().int().optional(),
      result: z.string().optional(),
    }),
    result: z.object({}),
  },
  /** It failed before its action started: another cell may try. */
  rejectTask: {
    params: z.object({ guid: taskGuidSchema, attempt: z.string().optional(), reason: z.string() }),
    result: z.object({}),
  },
  /**
   * Of these containers of mine, which does the store still assign to me? Answered from a quorum-backed
   * read. What is not listed may be stopped and removed. What a restored state may be too old to know is listed.
   */
  confirm: {
    params: z.object({
      instances: z.array(z.object({ ...instanceRef, startedAt, definition })).max(1_000),
      tasks: z.array(z.object({ guid: taskGuidSchema, attempt: z.string(), startedAt })).max(1_000),
    }),
    result: z.object({ instances: z.array(z.string()), tasks: z.array(z.string()) }),
  },
  /** A console began, was joined again or ended: a line of the journal, the same one however often it is sent. */
  consoleEvent: {
    params: z.object({
      type: z.enum(['console.opened', 'console.resumed', 'console.closed']),
      session: consoleSessionSchema,
      at: z.number(),
      /** `web/0`, or a task's guid. */
      subject: z.string().min(1).max(300),
      message: z.string().max(1_024),
      by: z.string().max(200),
    }),
    result: z.object({}),
  },
} as const;

export type CellRequestName = keyof typeof cellRequests;
export type CellRequestParams<N extends CellRequestName> = z.infer<(typeof cellRequests)[N]['params']>;
export type CellRequestResult<N extends CellRequestName> = z.infer<(typeof cellRequests)[N]['result']>;

export const cellMessageSchema = z.object({
  type: z.literal('request'),
  id: z.number().int(),
  method: z.enum(Object.keys(cellRequests) as [CellRequestName, ...CellRequestName[]]),
  params: z.unknown(),
});
/** What a cell sends. */
export type CellMessage = z.infer<typeof cellMessageSchema>;

/** An instance that this cell is to run (or, with `actual.retire`, to stop), with what runs in it. */
export const assignedLrpSchema = z.object({ actual: actualLrpSchema, desired: desiredLrpSchema });
export type AssignedLrp = z.infer<typeof assignedLrpSchema>;

const sizeSchema = z.object({
  columns: z.number().int().min(1).max(10_000),
  rows: z.number().int().min(1).max(10_000),
});

/** What to open, as a client asked for it. The target is a container of this cell by instance guid or attempt. */
export const streamRequestSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('logs'),
    instanceGuid: z.string(),
    follow: z.boolean(),
    tail: z.number().int().min(0).optional(),
    since: z.number().optional(),
    /** The container that crashed before this one, if it is still kept. */
    previous: z.boolean().default(false),
    /**
     * Which index it is about. With `instanceGuid` '' no container is claimed there now: what is wanted is
     * the crashed one that this cell still keeps for the index.
     */
    instance: z.object({ guid: z.string(), index: z.number().int().min(0) }).optional(),
  }),
  z.object({
    kind: z.literal('exec'),
    instanceGuid: z.string(),
    args: z.array(z.string()).min(1),
    tty: z.boolean(),
    stdin: z.boolean(),
    user: z.string().optional(),
    size: sizeSchema.optional(),
  }),
  z.object({ kind: z.literal('attach'), instanceGuid: z.string(), stdin: z.boolean() }),
  /** StatsSample frames until the client goes; without `instanceGuid` of the host and all its containers. */
  z.object({ kind: z.literal('stats'), instanceGuid: z.string().optional() }),
  /** Begins a console, or with `session` joins one; then the rest of what a console begins with is not looked at. */
  z.object({
    kind: z.literal('console'),
    instanceGuid: z.string(),
    session: consoleSessionSchema.optional(),
    watch: z.boolean(),
    /** None: a login shell. */
    args: z.array(z.string()),
    user: z.string().optional(),
    size: sizeSchema.optional(),
    /** A login shell on the cell's host and not in a container. The cell's own settings say whether there is one. */
    host: z.boolean().optional(),
    /** Whoever asks may have such a shell (access.ts): without it none is begun, joined or looked at. */
    mayEnterHost: z.boolean().optional(),
    /** Who asks, and through which server: for the journal. */
    by: z.string(),
    via: z.string(),
  }),
  /**
   * One ConsoleList frame; without `instanceGuid` of the whole cell. With `doing` instead one InstanceDoing frame of
   * instance-doing.ts: what the cell is doing with that instance. No kind of its own, because a cell of a release before
   * `unknown` ends its session at a kind that it does not know; of this one it answers its consoles, and is told by that.
   */
  z.object({
    kind: z.literal('consoles'),
    instanceGuid: z.string().optional(),
    doing: z.boolean().optional(),
  }),
  /** An upgrade of this host: upgrade-shapes.ts. What the journal said that it is, and who asks. */
  z.object({ kind: z.literal('upgrade'), action: upgradeActionSchema, by: z.string() }),
  /**
   * Become a server: get the certificates of one with `token` (absent without TLS), and join the quorum through
   * `servers`. Answered when the host has begun. Asked only of hosts whose presence says that they can.
   */
  z.object({
    kind: z.literal('serve'),
    token: z.string().max(200).optional(),
    servers: z.array(z.string()).max(64),
    by: z.string(),
  }),
  /** One CellDoctor frame of doctor-shapes.ts: what the cell finds of its host. */
  z.object({ kind: z.literal('doctor') }),
  /** What a cell makes of a request that it cannot read, because the server is newer: that stream alone is refused. */
  z.object({ kind: z.literal('unknown') }),
]);
export type StreamRequest = z.infer<typeof streamRequestSchema>;

export const serverMessageSchema = z.discriminatedUnion('type', [
  /** First on every session. `servers` are the API addresses to hold sessions with; sent again on change. */
  z.object({
    type: z.literal('welcome'),
    clusterId: z.string(),
    server: z.string(),
    servers: z.array(z.string()),
    /** The epoch of model/trust.ts: a cell whose certificate is of an older one renews it. Absent: 0. */
    trust: z.number().int().optional(),
  }),
  z.object({
    type: z.literal('response'),
    id: z.number().int(),
    result: z.unknown().optional(),
    error: z.custom<ErrorBody>((value) => typeof value === 'object' && value !== null).optional(),
  }),
  /**
   * What this cell is assigned at a revision of the store. `full` replaces everything known; otherwise
   * `lrps`/`tasks` are new or changed and `gone` (instance guids, task guids) are no longer assigned.
   * A message whose revision is lower than one already seen, from any server, is to be ignored, unless its
   * `epoch` is higher: then the store was made anew from an older state (model/restored.ts). Absent: 0.
   */
  z.object({
    type: z.literal('assignments'),
    revision: z.number(),
    epoch: z.number().optional(),
    full: z.boolean(),
    lrps: z.array(assignedLrpSchema),
    tasks: z.array(taskSchema),
    gone: z.array(z.string()),
  }),
  /** Dial `cellStreamPath + streamId` on this server and serve the request there. */
  z.object({
    type: z.literal('open'),
    streamId: z.string(),
    request: streamRequestSchema.catch({ kind: 'unknown' }),
  }),
]);
export type ServerMessage = z.infer<typeof serverMessageSchema>;
export type Assignments = Extract<ServerMessage, { type: 'assignments' }>;

/** Which cell id a session speaks for. */
export const cellSessionQuerySchema = z.object({ cell: cellIdSchema, protocol: z.coerce.number().int() });
