/**
 * One cell's session on this server: tells the cell what it is assigned, answers what it asks. Made by
 * dispatcher.ts. Messages to the cell go one at a time: while the socket is busy changes only mark the session,
 * and the next message says the difference to what was sent last, so no queue grows behind a slow cell.
 */
import { type Timer, within } from '../base/clock.ts';
import { messageOf, SkepError } from '../base/core/errors.ts';
import type { Socket } from '../base/socket.ts';
import type { ClusterState } from '../store/core/state.ts';
import { ToldAssignments } from './cell-assignments.ts';
import type { CellContext } from './cell-report.ts';
import { answerCellRequest } from './cell-requests.ts';
import {
  type CellMessage,
  cellMessageSchema,
  type ServerMessage,
  sessionCodes,
} from './core/cell-protocol.ts';

/** A cell that takes nothing for so long is as good as gone; it dials again. */
const sendDeadlineMs = 30_000;
/** Requests being answered at once; reading stops above, which holds the cell back. */
const maxOpenRequests = 1_000;
/** What a cell's own report changed it knows: that waits for a message with news, and for nothing longer than this. */
const echoMs = 2_000;

export interface SessionOptions {
  readonly context: CellContext;
  readonly socket: Socket;
  readonly clusterId: string;
  readonly server: string;
  /** After a message to the cell, changes gather this long before the next. */
  readonly gatherMs: () => number;
  /** The cell said something. */
  readonly heard: () => void;
}

/** The replica must hold its first snapshot already: a cell is never told an empty state that is not one. */
export class CellSession {
  readonly #options: SessionOptions;
  readonly #context: CellContext;
  readonly #socket: Socket;
  readonly #told: ToldAssignments;
  /** Whether the cell was told everything once. */
  #hasFull = false;
  #sentServers = '';
  #isDirty = true;
  /** Keys of records that changed since the last message; undefined: any may have. */
  #changed: Set<string> | undefined;
  /** Until the cell is told what came of its own reports, if nothing else takes that along. */
  #echo: Timer | undefined;
  #isPumping = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#context = options.context;
    this.#socket = options.socket;
    this.#told = new ToldAssignments(this.#context.cellId);
  }

  /** Anything that this cell is told of may have changed: its assignments, the list of servers. */
  wake(): void {
    this.#changed = undefined;
    this.#tell();
  }

  /** Assignments changed; `keys` are those of their records. */
  wakeFor(keys: ReadonlySet<string>): void {
    for (const key of keys) this.#changed?.add(key);
    if (this.#changed === undefined || this.#told.isNews(this.#context.replica.state, keys)) this.#tell();
    else this.#echo ??= this.#context.clock.after(echoMs, () => this.#tell());
  }

  #tell(): void {
    this.#isDirty = true;
    void this.#pump();
  }

  /** Throws `Unavailable` when the session has ended, or the cell takes nothing for too long. */
  async send(message: ServerMessage): Promise<void> {
    const { clock, cellId } = this.#context;
    const late = (): Error => new SkepError('Unavailable', `cell ${cellId} takes no messages`);
    await within(clock, sendDeadlineMs, late, this.#socket.send(JSON.stringify(message)));
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  /** Answers requests until the socket ends. */
  async run(): Promise<void> {
    void this.#pump();
    const open = new Set<Promise<void>>();
    for await (const data of this.#socket.messages) {
      this.#options.heard();
      const message = parseMessage(data);
      if (typeof message === 'string') {
        this.#context.log.warn('cell.malformed_message', { reason: message });
        this.close(sessionCodes.malformed, message);
        break;
      }
      const request: Promise<void> = this.#answer(message).finally(() => open.delete(request));
      open.add(request);
      if (open.size >= maxOpenRequests) await Promise.race(open);
    }
    await this.#socket.closed;
    this.#echo?.cancel();
  }

  async #answer({ id, method, params }: CellMessage): Promise<void> {
    const outcome = await answerCellRequest(this.#context, method, params);
    try {
      await this.send({ type: 'response', id, ...outcome });
    } catch (error) {
      this.#context.log.debug('cell.response_lost', { method, reason: messageOf(error) });
    }
  }

  /** One message after the other while there is something to tell; at most one pump runs. */
  async #pump(): Promise<void> {
    if (this.#isPumping) return;
    this.#isPumping = true;
    const { clock, log, signal } = this.#context;
    try {
      while (this.#isDirty && !signal.aborted) {
        this.#isDirty = false;
        await this.#sendWelcome();
        await this.#sendAssignments();
        await clock.sleep(this.#options.gatherMs(), signal);
      }
    } catch (error) {
      if (!signal.aborted) log.warn('cell.send_failed', { reason: messageOf(error) });
      this.close(sessionCodes.unready, 'the cell takes no messages');
    } finally {
      this.#isPumping = false;
    }
  }

  async #sendWelcome(): Promise<void> {
    const { clusterId, server } = this.#options;
    const records = [...this.#context.replica.state.servers.values()];
    const servers = records.map((record) => record.value.apiAddress).sort();
    const trust = this.#context.replica.state.trust?.value.epoch;
    const text = `${servers.join(' ')} ${trust ?? 0}`;
    if (text === this.#sentServers && this.#hasFull) return;
    this.#sentServers = text;
    const welcome = { type: 'welcome', clusterId, server, servers } as const;
    await this.send(trust === undefined ? welcome : { ...welcome, trust });
  }

  async #sendAssignments(): Promise<void> {
    const { state } = this.#context.replica;
    const keys = this.#changed;
    this.#changed = new Set();
    this.#echo?.cancel();
    this.#echo = undefined;
    const told = this.#told;
    const { changed, ...difference } =
      keys === undefined ? told.tellAll(state) : told.tellChanged(state, keys);
    const full = !this.#hasFull;
    this.#hasFull = true;
    if (changed || full)
      await this.send({
        type: 'assignments',
        revision: state.revision,
        ...epochOf(state),
        full,
        ...difference,
      });
  }
}

const epochOf = ({ restored }: ClusterState): { readonly epoch?: number } =>
  restored === undefined ? {} : { epoch: restored.value.at };

/** The request, or why it is none. */
function parseMessage(data: string | Uint8Array): CellMessage | string {
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
