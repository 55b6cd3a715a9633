/**
 * One cell's session on this server: tells the cell what it is assigned, answers what it asks. Made by
 * dispatcher.ts. Messages to the cell go one at a time: while the socket is busy changes only mark the session,
 * and the next message says the difference to what was sent last, so no queue grows behind a slow cell.
 */
import { withDeadline } from '../base/clock.ts';
import { messageOf, SkepError } from '../base/core/errors.ts';
import type { Socket } from '../base/socket.ts';
import { assignmentsOf } from './cell-assignments.ts';
import type { CellContext } from './cell-report.ts';
import { answerCellRequest } from './cell-requests.ts';
import { diffAssignments, type SentAssignments } from './core/assignments.ts';
import { cellMessageSchema, type ServerMessage } from './core/cell-protocol.ts';

/** After a message to the cell, changes gather this long before the next. */
const coalesceMs = 10;
/** A cell that takes nothing for so long is as good as gone; it dials again. */
const sendDeadlineMs = 30_000;
/** Requests being answered at once; reading stops above, which holds the cell back. */
const maxOpenRequests = 1_000;

export const sessionCodes = { replaced: 4001, malformed: 4400, unready: 4503, goingAway: 1001 } as const;

export interface CellSession {
  /** Something of this cell's assignments changed. */
  assignmentsChanged(): void;
  /** The list of servers changed. */
  serversChanged(): void;
  send(message: ServerMessage): Promise<void>;
  close(code: number, reason: string): void;
  /** Answers requests until the socket ends. */
  run(): Promise<void>;
}

export interface SessionOptions {
  readonly context: CellContext;
  readonly socket: Socket;
  readonly clusterId: string;
  readonly server: string;
}

/** The replica must hold its first snapshot already: a cell is never told an empty state that is not one. */
export function cellSession({ context, socket, clusterId, server }: SessionOptions): CellSession {
  const { clock, log, replica } = context;
  let sent: SentAssignments | undefined;
  let sentServers = '';
  let isDirty = true;
  let isPumping = false;

  function close(code: number, reason: string): void {
    socket.close(code, reason);
  }

  async function send(message: ServerMessage): Promise<void> {
    const late = (): Error => new SkepError('Unavailable', `cell ${context.cellId} takes no messages`);
    await withDeadline(clock, sendDeadlineMs, context.signal, late, () =>
      socket.send(JSON.stringify(message)),
    );
  }

  async function sendWelcome(): Promise<void> {
    const servers = [...replica.state.servers.values()].map((record) => record.value.apiAddress).sort();
    const text = servers.join(' ');
    if (text === sentServers && sent !== undefined) return;
    sentServers = text;
    await send({ type: 'welcome', clusterId, server, servers });
  }

  async function sendAssignments(): Promise<void> {
    const before = sent ?? new Map();
    const { state } = replica;
    const wanted = assignmentsOf(state, context.cellId, before);
    const { changed, ...difference } = diffAssignments(before, wanted);
    const full = sent === undefined;
    sent = wanted;
    if (changed || full) await send({ type: 'assignments', revision: state.revision, full, ...difference });
  }

  async function pump(): Promise<void> {
    if (isPumping) return;
    isPumping = true;
    try {
      while (isDirty && !context.signal.aborted) {
        isDirty = false;
        await sendWelcome();
        await sendAssignments();
        await clock.sleep(coalesceMs, context.signal);
      }
    } catch (error) {
      if (!context.signal.aborted) log.warn('cell.send_failed', { reason: messageOf(error) });
      close(sessionCodes.unready, 'the cell takes no messages');
    } finally {
      isPumping = false;
    }
  }

  function wake(): void {
    isDirty = true;
    void pump();
  }

  async function answer(
    id: number,
    method: Parameters<typeof answerCellRequest>[1],
    params: unknown,
  ): Promise<void> {
    const outcome = await answerCellRequest(context, method, params);
    try {
      await send({ type: 'response', id, ...outcome });
    } catch (error) {
      log.debug('cell.response_lost', { method, reason: messageOf(error) });
    }
  }

  async function run(): Promise<void> {
    void pump();
    const open = new Set<Promise<void>>();
    for await (const data of socket.messages) {
      const message = parseMessage(data);
      if (typeof message === 'string') {
        log.warn('cell.malformed_message', { reason: message });
        close(sessionCodes.malformed, message);
        break;
      }
      const request: Promise<void> = answer(message.id, message.method, message.params).finally(() =>
        open.delete(request),
      );
      open.add(request);
      if (open.size >= maxOpenRequests) await Promise.race(open);
    }
    await socket.closed;
  }

  return { assignmentsChanged: wake, serversChanged: wake, send, close, run };
}

/** The request, or why it is none. */
function parseMessage(data: string | Uint8Array) {
  if (typeof data !== 'string') return 'a cell speaks text messages';
  let json: unknown;
  try {
    json = JSON.parse(data);
  } catch {
    return 'a message is not JSON';
  }
  const parsed = cellMessageSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  return `a message is malformed: ${issue?.path.join('.')}: ${issue?.message}`.slice(0, 120);
}
