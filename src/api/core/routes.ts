/**
 * The API as a table that server, client and documentation share: method, path, and zod schemas of what
 * goes in and comes out. Errors are `{error: ErrorBody}` with the status of the catalogue.
 */
import { z } from 'zod';
import { actualLrpSchema } from '../../model/actual-lrp.ts';
import { cellPresenceSchema, domainSchema, serverSchema } from '../../model/cell.ts';
import { brainSettingsSchema, cellSpecSchema } from '../../model/cell-spec.ts';
import { desiredLrpSchema, desiredLrpSpecSchema, desiredLrpUpdateSchema } from '../../model/desired-lrp.ts';
import { journalEventSchema } from '../../model/event.ts';
import { cellIdSchema, domainNameSchema, processGuidSchema, taskGuidSchema } from '../../model/ids.ts';
import { rebalanceMovesMax } from '../../model/rebalance.ts';
import { resourcesSchema } from '../../model/resources.ts';
import { taskSchema, taskSpecSchema } from '../../model/task.ts';
import { authRoutes } from './auth-routes.ts';
import { backupViewSchema } from './backup-shapes.ts';
import {
  cellReasonSchema,
  drainRequestSchema,
  drainViewSchema,
  lostCellSchema,
  settingsChangeSchema,
} from './cell-shapes.ts';
import { consoleSessionSchema } from './console-shapes.ts';
import { doctorSchema } from './doctor-shapes.ts';
import { instanceDoingSchema } from './instance-doing.ts';
import { paths } from './paths.ts';
import { planRequestSchema, planSchema, survivesSchema } from './plan-shapes.ts';
import { serverRoutes } from './server-routes.ts';
import { quorumViewSchema } from './server-shapes.ts';
import { standingSchema } from './standing-shapes.ts';
import { storeFiguresSchema } from './store-shapes.ts';
import { viewRowsSchema } from './view-shapes.ts';

/** Rows are bounded: the next page begins after `after`, the `next` of the page before. */
const page = {
  limit: z.coerce.number().int().min(1).max(1_000).default(1_000),
  after: z.string().optional(),
};
const paged = <T extends z.ZodType>(row: T) =>
  z.object({ rows: z.array(row), next: z.string().optional(), revision: z.number() });

const indexParam = z.coerce.number().int('must be a whole number').min(0, 'must be 0 or more');

/** An LRP with the counts that `ps` shows. */
export const lrpViewSchema = z.object({
  desired: desiredLrpSchema,
  counts: z.object({
    running: z.number().int(),
    ready: z.number().int(),
    claimed: z.number().int(),
    unclaimed: z.number().int(),
    crashed: z.number().int(),
    suspect: z.number().int(),
    /** Still running on a cell that is drained. */
    evacuating: z.number().int(),
    stopping: z.number().int(),
  }),
});
export type LrpView = z.infer<typeof lrpViewSchema>;

export const cellViewSchema = z.object({
  presence: cellPresenceSchema,
  used: resourcesSchema,
  /** All that it holds, `evacuating` among them. */
  instances: z.number().int(),
  /** Those that stay until their replacement runs, because the cell is drained. */
  evacuating: z.number().int(),
  tasks: z.number().int(),
  /** What operators set of it, if anything. */
  spec: cellSpecSchema.optional(),
});
export type CellView = z.infer<typeof cellViewSchema>;

export const statusSchema = z.object({
  clusterId: z.string(),
  /** The server that answered. */
  server: z.string(),
  version: z.string(),
  /** By this server's clock, milliseconds since the epoch. */
  now: z.number(),
  revision: z.number(),
  /** Why what this server shows may be old; '' when it is current. */
  stale: z.string(),
  leader: z.object({ server: z.string(), since: z.number(), raftTerm: z.number() }).optional(),
  servers: z.array(
    serverSchema.extend({
      health: z.enum(['leader', 'follower', 'learner', 'unknown']),
      /** Why its agent does not answer although its etcd may; absent when it answers, or nobody asked. */
      agentProblem: z.string().optional(),
    }),
  ),
  cells: z.object({
    present: z.number().int(),
    engineDown: z.number().int(),
    /** Away, and neither drained before nor forgotten since; absent: the server is older. */
    lost: z.number().int().optional(),
  }),
  lrps: z.object({
    desired: z.number().int(),
    instancesDesired: z.number().int(),
    instancesRunning: z.number().int(),
    unplaced: z.number().int(),
    crashed: z.number().int(),
    suspect: z.number().int(),
  }),
  tasks: z.object({ pending: z.number().int(), running: z.number().int(), completed: z.number().int() }),
  /** Keys of records that cannot be read, with the reason. */
  corrupt: z.array(z.object({ key: z.string(), reason: z.string() })),
  /** Moves to even the cells that are under way, if there are. */
  rebalance: z
    .object({ by: z.string(), at: z.number(), asked: z.number().int(), left: z.number().int() })
    .optional(),
  /** What is done about the servers, and what comes next by itself; absent with an outside etcd. */
  quorum: quorumViewSchema.optional(),
  /** Absent until it has been worked out, some seconds after the server started. */
  survives: survivesSchema.optional(),
  /** What an operator should know now, most pressing first. */
  problems: z.array(z.string()),
});
export type Status = z.infer<typeof statusSchema>;

/** The answer to "why is it not running" (or why it is where it is), newest facts first. */
export const whySchema = z.object({
  subject: z.string(),
  /** One sentence that answers the question. */
  summary: z.string(),
  instances: z.array(
    z.object({
      actual: actualLrpSchema,
      summary: z.string(),
      hint: z.string().optional(),
      /** What its cell said when it was asked for this answer; only of the few that are asked about. */
      doing: instanceDoingSchema.optional(),
      /** Why the cell said nothing. */
      silence: z.string().optional(),
    }),
  ),
  task: z.object({ task: taskSchema, summary: z.string(), hint: z.string().optional() }).optional(),
  /** Asked about one instance that has a cell: why it is there. */
  standing: standingSchema.optional(),
  events: z.array(journalEventSchema),
});
export type Why = z.infer<typeof whySchema>;

const written = z.object({ revision: z.number() });
const cellParams = z.object({ id: cellIdSchema });

export const routes = {
  version: {
    ...paths.version,
    response: z.object({ version: z.string(), api: z.literal(1), server: z.string() }),
  },
  status: { ...paths.status, response: statusSchema },
  listLrps: {
    ...paths.listLrps,
    query: z.object({ domain: z.string().optional(), ...page }),
    response: paged(lrpViewSchema),
  },
  desireLrp: {
    ...paths.desireLrp,
    body: desiredLrpSpecSchema,
    response: z.object({ revision: z.number(), desired: desiredLrpSchema }),
  },
  getLrp: {
    ...paths.getLrp,
    params: z.object({ guid: processGuidSchema }),
    response: lrpViewSchema,
  },
  updateLrp: {
    ...paths.updateLrp,
    params: z.object({ guid: processGuidSchema }),
    body: desiredLrpUpdateSchema,
    response: z.object({ revision: z.number(), desired: desiredLrpSchema }),
  },
  /** Marks it removed; the record goes once its instances have stopped. */
  removeLrp: {
    ...paths.removeLrp,
    params: z.object({ guid: processGuidSchema }),
    response: written,
  },
  listInstances: {
    ...paths.listInstances,
    query: z.object({
      guid: z.string().optional(),
      cell: z.string().optional(),
      domain: z.string().optional(),
      index: z.coerce.number().int().optional(),
      ...page,
    }),
    response: paged(actualLrpSchema),
  },
  /** Stops one instance; the brain makes a new one. */
  retireInstance: {
    ...paths.retireInstance,
    params: z.object({ guid: processGuidSchema, index: indexParam }),
    response: written,
  },
  why: {
    ...paths.why,
    params: z.object({ guid: z.string() }),
    query: z.object({ index: indexParam.optional() }),
    response: whySchema,
  },
  /** What would happen; changes nothing. */
  plan: { ...paths.plan, body: planRequestSchema, response: planSchema },
  /** Plans the moves that even the cells and asks the brain to do them. `ResourceConflict` while it does others. */
  rebalance: {
    ...paths.rebalance,
    body: z.strictObject({ maxMoves: z.number().int().min(1).max(rebalanceMovesMax).default(100) }),
    response: z.object({ revision: z.number(), plan: planSchema }),
  },
  /** Ends a rebalance: what has not moved stays where it is. `left` of `asked` moves were not over; 0 of 0: there was none. */
  stopRebalance: {
    ...paths.stopRebalance,
    response: z.object({ revision: z.number(), left: z.number().int(), asked: z.number().int() }),
  },
  listTasks: {
    ...paths.listTasks,
    query: z.object({ domain: z.string().optional(), cell: z.string().optional(), ...page }),
    response: paged(taskSchema),
  },
  desireTask: {
    ...paths.desireTask,
    body: taskSpecSchema,
    response: z.object({ revision: z.number(), task: taskSchema }),
  },
  getTask: {
    ...paths.getTask,
    params: z.object({ guid: taskGuidSchema }),
    response: taskSchema,
  },
  cancelTask: {
    ...paths.cancelTask,
    params: z.object({ guid: taskGuidSchema }),
    response: written,
  },
  /** A COMPLETED task is resolved and deleted. */
  deleteTask: {
    ...paths.deleteTask,
    params: z.object({ guid: taskGuidSchema }),
    response: written,
  },
  listCells: {
    ...paths.listCells,
    query: z.object({ ...page }),
    response: paged(cellViewSchema).extend({ lost: z.array(lostCellSchema).optional() }),
  },
  getCell: {
    ...paths.getCell,
    params: z.object({ id: z.string() }),
    response: cellViewSchema,
  },
  /** A lost cell is shown no more; `InvalidStateTransition` while it is there or something waits for it. */
  forgetCell: { ...paths.forgetCell, params: cellParams, response: written },
  /** Nothing new is placed there; what runs stays. */
  cordonCell: { ...paths.cordonCell, params: cellParams, body: cellReasonSchema, response: written },
  uncordonCell: { ...paths.uncordonCell, params: cellParams, response: written },
  /** `InsufficientResources` when something would find no place elsewhere. */
  drainCell: { ...paths.drainCell, params: cellParams, body: drainRequestSchema, response: written },
  /** What has not left stays; what has left does not come back by itself. */
  undrainCell: { ...paths.undrainCell, params: cellParams, response: written },
  getDrain: { ...paths.getDrain, params: cellParams, response: drainViewSchema },
  getSettings: { ...paths.getSettings, response: brainSettingsSchema },
  updateSettings: {
    ...paths.updateSettings,
    body: settingsChangeSchema,
    response: z.object({ revision: z.number(), settings: brainSettingsSchema }),
  },
  upsertDomain: {
    ...paths.upsertDomain,
    params: z.object({ name: domainNameSchema }),
    body: z.strictObject({ ttlSeconds: z.number().int().min(0).max(31_536_000).default(0) }),
    response: written,
  },
  listDomains: {
    ...paths.listDomains,
    response: z.object({ rows: z.array(domainSchema), revision: z.number() }),
  },
  listEvents: {
    ...paths.listEvents,
    query: z.object({
      subject: z.string().optional(),
      limit: z.coerce.number().int().min(1).max(10_000).default(200),
    }),
    response: z.object({
      rows: z.array(journalEventSchema.extend({ id: z.string() })),
      revision: z.number(),
    }),
  },
  /** One answer of a view and no more, for scripts: `q` is a ViewQuery as JSON. */
  view: {
    ...paths.view,
    query: z.object({ q: z.string().max(16_384) }),
    response: viewRowsSchema,
  },
  /** This server's copy of the state, in order of the key: test/kit/load-dump.ts makes a store of it. */
  debugState: {
    ...paths.debugState,
    query: z.object({
      limit: z.coerce.number().int().min(1).max(100_000).default(10_000),
      after: z.string().optional(),
    }),
    response: z.object({
      v: z.literal(1),
      clusterId: z.string(),
      server: z.string(),
      at: z.number(),
      revision: z.number(),
      rows: z.array(z.object({ key: z.string(), value: z.unknown() })),
      next: z.string().optional(),
    }),
  },
  /** What that server finds of its own host, store and ways to the others. Takes seconds. */
  doctor: { ...paths.doctor, response: doctorSchema },
  /** Sizes and latencies of the store, as this server finds them. */
  storeFigures: { ...paths.storeFigures, response: storeFiguresSchema },
  /** Those that the server which answers keeps on its own disk, newest first. */
  listBackups: {
    ...paths.listBackups,
    response: z.object({ server: z.string(), rows: z.array(backupViewSchema) }),
  },
  /** Makes one now, reads it back and keeps it there. `Busy` while it makes another. */
  saveBackup: { ...paths.saveBackup, response: backupViewSchema },
  removeBackup: { ...paths.removeBackup, params: z.object({ name: z.string() }), response: z.object({}) },
  ...serverRoutes,
  ...authRoutes,
} as const;

export type RouteName = keyof typeof routes;
type Route = {
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  readonly response: z.ZodType;
};
type Part<R extends Route, K extends 'params' | 'query' | 'body'> = R[K] extends z.ZodType
  ? { readonly [P in K]: z.input<R[K]> }
  : unknown;
/** What a caller passes: params, query and body before defaults are filled in. */
export type RouteInput<N extends RouteName> = Part<(typeof routes)[N], 'params'> &
  Part<(typeof routes)[N], 'query'> &
  Part<(typeof routes)[N], 'body'>;
export type RouteOutput<N extends RouteName> = z.infer<(typeof routes)[N]['response']>;

export const watchQuerySchema = z.object({
  kind: z.enum(['instances', 'lrps', 'tasks', 'cells']),
  guid: z.string().optional(),
});
export type WatchQuery = z.infer<typeof watchQuerySchema>;

/** `key` is what identifies the row in this view; a row of `undefined` has gone. */
export type WatchMessage =
  | {
      readonly type: 'snapshot';
      readonly revision: number;
      readonly rows: readonly { key: string; row: unknown }[];
    }
  | {
      readonly type: 'change';
      readonly revision: number;
      readonly rows: readonly { key: string; row?: unknown }[];
    }
  | { readonly type: 'stale'; readonly reason: string };

/**
 * `target` is `NAME/INDEX` of an instance, or with `task=1` a task's guid; the rest as in streamRequestSchema.
 * `stats` and `consoles` take a whole cell as well: `cell` and no target; `doctor` takes nothing else. A console to resume is named by `session`
 * alone.
 */
export const streamQuerySchema = z.object({
  kind: z.enum(['logs', 'exec', 'attach', 'stats', 'console', 'consoles', 'upgrade', 'doctor']),
  target: z.string().default(''),
  task: z.stringbool().default(false),
  /** stats, consoles, upgrade, doctor; console: a shell on its host. */
  cell: cellIdSchema.optional(),
  /** console: resume this one. */
  session: consoleSessionSchema.optional(),
  /** console: look at `session` and touch nothing. */
  watch: z.stringbool().default(false),
  /** exec, console: one `arg` each; a console without any is a login shell. upgrade: the action. */
  arg: z.array(z.string()).default([]),
  tty: z.stringbool().default(false),
  stdin: z.stringbool().default(false),
  user: z.string().optional(),
  columns: z.coerce.number().int().min(1).max(10_000).optional(),
  rows: z.coerce.number().int().min(1).max(10_000).optional(),
  follow: z.stringbool().default(false),
  tail: z.coerce.number().int().min(0).optional(),
  since: z.coerce.number().optional(),
  previous: z.stringbool().default(false),
});
export type StreamQuery = z.infer<typeof streamQuerySchema>;
