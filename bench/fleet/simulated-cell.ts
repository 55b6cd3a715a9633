/**
 * A cell that speaks the cells' protocol over a real WebSocket and whose containers start at once: registers,
 * heartbeats every 2 s, reports each claim as running and each retired instance as stopped. Many of them fit a
 * process, which the real agent's workers and health monitors would not allow on the two cores that the server
 * needs too. Used by cells.ts.
 */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { AssignedLrp, CellRequestName, ServerMessage } from '../../src/api/core/cell-protocol.ts';
import { cellSessionPath } from '../../src/api/core/cell-protocol.ts';
import type { CellPresence } from '../../src/model/cell.ts';
import { defaults } from '../../src/model/defaults.ts';

/** Reports on their way at once: what a real cell's limit on creations comes to. */
const reportsAtOnce = 8;
const retryMs = 500;

type Answer = Extract<ServerMessage, { type: 'response' }>;

export class SimulatedCell {
  /** Instance guids that it was assigned. */
  readonly claimed = new Set<string>();
  /** Those whose `started` was answered well. */
  readonly running = new Set<string>();
  /** Requests that had to be sent again, by the error's code. */
  readonly refusals = new Map<string, number>();
  readonly #presence: CellPresence;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  readonly #reports: (() => Promise<void>)[] = [];
  #reporting = 0;
  #isBeating = false;
  #lastId = 0;
  #lease: { leaseId: string; revision: number } | undefined;
  #beats: NodeJS.Timeout | undefined;

  private constructor(presence: CellPresence, socket: WebSocket) {
    this.#presence = presence;
    this.#socket = socket;
    socket.on('message', (data: Buffer) => this.#receive(JSON.parse(data.toString()) as ServerMessage));
    socket.on('close', () => clearInterval(this.#beats));
  }

  /** Dials the server and registers. Throws when either fails. */
  static async start(presence: CellPresence, server: string): Promise<SimulatedCell> {
    const query = `cell=${presence.cellId}&protocol=1`;
    const socket = new WebSocket(`ws://${server}${cellSessionPath}?${query}`);
    const cell = new SimulatedCell(presence, socket);
    await once(socket, 'open');
    await cell.#register();
    cell.#beats = setInterval(() => void cell.#beatOnce(), defaults.heartbeatMs);
    return cell;
  }

  /** Is gone without a word, as a host is whose power fails. */
  vanish(): void {
    clearInterval(this.#beats);
    this.#socket.terminate();
    this.#reports.length = 0;
    this.claimed.clear();
    this.running.clear();
  }

  async #register(): Promise<void> {
    const answer = await this.#request('register', {
      presence: this.#presence,
      leaseId: this.#lease?.leaseId,
    });
    if (answer.error !== undefined) this.#note(`register ${answer.error.code}`);
    else this.#lease = answer.result as { leaseId: string; revision: number };
  }

  /** As a real cell: no second one while the first is not answered. */
  async #beatOnce(): Promise<void> {
    if (this.#isBeating) return;
    this.#isBeating = true;
    await this.#beat();
    this.#isBeating = false;
  }

  async #beat(): Promise<void> {
    if (this.#lease === undefined) return this.#register();
    const { error } = await this.#request('heartbeat', this.#lease);
    if (error === undefined) return;
    this.#note(`heartbeat ${error.code}`);
    if (error.code === 'ResourceNotFound') await this.#register();
  }

  #request(method: CellRequestName, params: object): Promise<Answer> {
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#socket.send(JSON.stringify({ type: 'request', id, method, params }));
    });
  }

  #receive(message: ServerMessage): void {
    if (message.type === 'response') {
      this.#waiting.get(message.id)?.(message);
      this.#waiting.delete(message.id);
    } else if (message.type === 'assignments') {
      for (const lrp of message.lrps) this.#assign(lrp);
      for (const id of message.gone) {
        this.claimed.delete(id);
        this.running.delete(id);
      }
      this.#pump();
    }
  }

  #assign({ actual }: AssignedLrp): void {
    const { guid, index, instanceGuid } = actual;
    if (instanceGuid === undefined) return;
    this.claimed.add(instanceGuid);
    const ref = { guid, index, instanceGuid };
    if (actual.retire !== undefined) this.#reports.push(() => this.#report('stopped', ref, () => undefined));
    else if (actual.state === 'CLAIMED') this.#reports.push(() => this.#started(ref));
    else this.running.add(instanceGuid);
  }

  #started(ref: {
    readonly guid: string;
    readonly index: number;
    readonly instanceGuid: string;
  }): Promise<void> {
    const netInfo = { address: this.#presence.address, instanceAddress: '172.17.0.2', ports: [] };
    const report = { ...ref, netInfo, containerId: `c-${ref.instanceGuid}`, routable: true };
    return this.#report('started', report, () => this.running.add(ref.instanceGuid));
  }

  /** Sends until it is answered with something definite. */
  async #report(method: 'started' | 'stopped', params: object, done: () => void): Promise<void> {
    for (;;) {
      const { error } = await this.#request(method, params);
      if (error === undefined) return done();
      this.#note(`${method} ${error.code}`);
      if (error.code.startsWith('ActualLRP')) return;
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }

  #pump(): void {
    while (this.#reporting < reportsAtOnce) {
      const report = this.#reports.shift();
      if (report === undefined) return;
      this.#reporting += 1;
      void report().finally(() => {
        this.#reporting -= 1;
        this.#pump();
      });
    }
  }

  #note(what: string): void {
    this.refusals.set(what, (this.refusals.get(what) ?? 0) + 1);
  }
}
