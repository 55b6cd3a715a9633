/**
 * Views: what a terminal subscribes to instead of loading the cluster. A client says kind, scope, filter, sort and
 * window; the server answers with the rows of that window, the totals, and again whenever one of them changed.
 * 250,000 instances cost a terminal as much as 50. Served on `/v1/view`; DESIGN.md section 6.
 */
import { z } from 'zod';

export const viewKinds = ['cells', 'lrps', 'instances', 'tasks', 'routes', 'events'] as const;
export type ViewKind = (typeof viewKinds)[number];

/** Rows that one window may hold: several screens of the largest terminal. */
export const windowRowsMax = 500;

export const viewQuerySchema = z.strictObject({
  kind: z.enum(viewKinds),
  /** Narrows what is counted as there at all: the instances of an LRP, what runs on a cell, one subject's events. */
  scope: z
    .strictObject({
      guid: z.string().optional(),
      cell: z.string().optional(),
      domain: z.string().optional(),
      subject: z.string().optional(),
    })
    .default({}),
  /** As typed after `/`: core/view-filter.ts has the grammar. '' matches everything. */
  filter: z.string().max(1_000).default(''),
  /** Only rows that are not as they should be. */
  faults: z.boolean().default(false),
  sort: z.strictObject({ column: z.string(), descending: z.boolean() }).optional(),
  window: z.strictObject({
    start: z.number().int().min(0),
    count: z.number().int().min(1).max(windowRowsMax),
  }),
  /**
   * A row's key to follow: the answer says where it is now, wherever that is. With `centre` the window is placed
   * around it, and `start` counts only when it is not there.
   */
  anchor: z.strictObject({ key: z.string(), centre: z.boolean().default(false) }).optional(),
});
export type ViewQuery = z.input<typeof viewQuerySchema>;

export type Scalar = string | number | boolean | null;

/** One row: values by column id (core/view-columns.ts). Text in it is as operators and workloads wrote it: not safe to print. */
export interface ViewRow {
  readonly key: string;
  readonly values: Readonly<Record<string, Scalar>>;
}

const scalarSchema = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/** The one answer of `GET /v1/view`: a message with rows, all of them whole. */
export const viewRowsSchema = z.object({
  type: z.literal('rows'),
  seq: z.number().int(),
  revision: z.number(),
  stale: z.string(),
  total: z.number().int(),
  matched: z.number().int(),
  counts: z.record(z.string(), z.number().int()).readonly(),
  start: z.number().int(),
  anchorAt: z.number().int().optional(),
  rows: z
    .array(z.object({ key: z.string(), values: z.record(z.string(), scalarSchema).readonly() }).readonly())
    .readonly(),
});

/** What a client sends, as often as it likes; only the newest counts. `seq` rises with each. */
export const viewRequestSchema = z.strictObject({
  type: z.literal('query'),
  seq: z.number().int().min(0),
  query: viewQuerySchema,
});
export type ViewRequest = z.input<typeof viewRequestSchema>;

export type ViewMessage =
  | {
      readonly type: 'rows';
      /** Of the query that this answers. */
      readonly seq: number;
      readonly revision: number;
      /** Why it may be old; '' when it is current. */
      readonly stale: string;
      /** Rows in scope, and those of them that the filter lets through. */
      readonly total: number;
      readonly matched: number;
      /** Rows in scope by state, whatever the filter: for the totals in the frame. */
      readonly counts: Readonly<Record<string, number>>;
      /** Place of the first row of the window in the order. */
      readonly start: number;
      /** Place of the anchor in the order; -1 when it is not there, absent when none was asked for. */
      readonly anchorAt?: number;
      /**
       * In order; on the wire a key alone for a row that was in the message before, of the same `seq`, and has
       * not changed since. `ViewFeed` of the client fills those in.
       */
      readonly rows: readonly (ViewRow | string)[];
    }
  /**
   * The list is being put in order, which took longer than a moment: what was shown before stays. Comes again as
   * the work goes on, until the first `rows`; and when the server's copy was replaced, in between.
   */
  | { readonly type: 'building'; readonly seq: number; readonly done: number; readonly of: number }
  /** The query makes no sense (a regular expression that is none): what was shown before stays. */
  | { readonly type: 'refused'; readonly seq: number; readonly message: string; readonly hint?: string };
