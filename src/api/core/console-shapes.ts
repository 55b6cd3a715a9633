/**
 * Console sessions: a shell in an instance that outlives the client for a grace time. The cell keeps the process and
 * its last screen; whoever dials again gets that screen painted, then what follows. Travels as a `console` stream
 * (stream-frames.ts): after `opened` with the session's id, stdout frames are bytes for a terminal; closing the
 * socket detaches, the control frame `close` ends the session.
 */
import { z } from 'zod';

/** How long a session without a client is kept. */
export const consoleGraceMs = 10 * 60_000;
/** Sessions that one cell keeps at once, looked at or not. */
export const consoleSessionsMax = 64;

/**
 * A session's name: its cell, a dot, and what chance gave it, so that whoever knows it can be brought to it. Cell ids
 * may hold dots themselves; the last one counts.
 */
export const consoleSessionSchema = z
  .string()
  .max(160)
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]*\.[a-z0-9]+$/, 'is not the name of a console session: CELL.LETTERS');

/** The cell that keeps a session. */
export function cellOfConsole(session: string): string {
  return session.slice(0, session.lastIndexOf('.'));
}

export const consoleInfoSchema = z.object({
  session: z.string(),
  /** `web/0`, a task's guid, or the cell of a shell on its host. */
  target: z.string(),
  /** '' for a shell on the host. */
  instanceGuid: z.string(),
  /** A shell on the cell's host: `target` is the cell. Absent from older cells, which have none. */
  host: z.boolean().optional(),
  args: z.array(z.string()),
  /** Who began it: as in the journal. */
  by: z.string(),
  openedAt: z.number(),
  /** Clients that look at it now; 0 is detached. */
  clients: z.number().int(),
  /** When the last client left; absent while there is one. */
  detachedAt: z.number().optional(),
  columns: z.number().int(),
  rows: z.number().int(),
  /** As the program set it, without control characters and at most 200 characters. Data of the workload's. */
  title: z.string(),
});
export type ConsoleInfo = Readonly<z.infer<typeof consoleInfoSchema>>;

/** What runs in it, for lists. */
export function consoleRuns({ host, args }: ConsoleInfo): string {
  if (host === true) return 'shell on the host';
  return args.length === 0 ? 'login shell' : args.join(' ');
}

/** One frame of a `consoles` stream, JSON in a stdout frame; then the stream ends. */
export const consoleListSchema = z.object({ cellId: z.string(), consoles: z.array(consoleInfoSchema) });
export type ConsoleList = Readonly<z.infer<typeof consoleListSchema>>;
