/**
 * The servers' end of a cell's sessions, in memory: records that follow the real state machines of the model,
 * shared by any number of servers, without a store, a brain or an API. Tests say what is claimed, and break
 * servers, quorum and connections.
 */
import {
  type CellRequestName,
  type CellRequestParams,
  cellMessageSchema,
  cellRequests,
  cellSessionPath,
  cellStreamPath,
  type ServerMessage,
  type StreamRequest,
} from '../../src/api/core/cell-protocol.ts';
import type { Clock } from '../../src/base/clock.ts';
import { SkepError } from '../../src/base/core/errors.ts';
import type { Dial, Socket, SocketEnd } from '../../src/base/socket.ts';
import {
  type ActualLrp,
  type ActualMove,
  claim,
  crash,
  newActualLrp,
  retire,
  start,
} from '../../src/model/actual-lrp.ts';
import type { CellPresence } from '../../src/model/cell.ts';
import {
  type DesiredLrp,
  type DesiredLrpInput,
  desiredLrpSpecSchema,
  desireLrp,
} from '../../src/model/desired-lrp.ts';
import {
  type CellId,
  cellIdSchema,
  type InstanceGuid,
  instanceGuidSchema,
  instanceName,
} from '../../src/model/ids.ts';
import {
  assignTask,
  completeTask,
  desireTask,
  failTask,
  rejectTask,
  startTask,
  type Task,
  type TaskInput,
  type TaskMove,
  taskSpecSchema,
} from '../../src/model/task.ts';
import { type SocketPair, socketPair } from './socket-pair.ts';

export interface Received {
  readonly server: string;
  readonly method: CellRequestName;
  readonly params: unknown;
}

interface FakeSession {
  readonly server: string;
  readonly pair: SocketPair;
  readonly socket: Socket;
  /** Ids of what was sent as assigned. */
  sent: Set<string>;
}

type Mode = 'up' | 'down' | 'silent' | 'busy' | 'no-quorum';

export class FakeServers {
  readonly addresses: readonly string[];
  readonly cellId: CellId;
  readonly received: Received[] = [];
  readonly actuals = new Map<string, ActualLrp>();
  readonly tasks = new Map<string, Task>();
  readonly #desired = new Map<string, DesiredLrp>();
  readonly #modes = new Map<string, Mode>();
  readonly #sessions = new Set<FakeSession>();
  /** How the cell's sessions ended. */
  readonly ends: SocketEnd[] = [];
  readonly #streams = new Map<string, (socket: Socket) => void>();
  readonly #clock: Clock;
  clusterId = 'cluster-1';
  /** What a welcome lists. */
  listed: readonly string[];
  /** How a server calls itself, by address. */
  readonly names = new Map<string, string>();
  presence: CellPresence | undefined;
  leaseId: string | undefined;
  #revision = 1;
  #names = 0;

  constructor(options: {
    readonly clock: Clock;
    readonly cellId: string;
    readonly addresses?: readonly string[];
  }) {
    this.#clock = options.clock;
    this.cellId = cellIdSchema.parse(options.cellId);
    this.addresses = options.addresses ?? ['10.0.0.1:7400'];
    this.listed = this.addresses;
    for (const address of this.addresses) this.#modes.set(address, 'up');
  }

  readonly dial: Dial = async (url) => {
    const { host, pathname } = new URL(url);
    if ((this.#modes.get(host) ?? 'down') === 'down') {
      throw new SkepError('Unavailable', `connection to ${host} refused`);
    }
    const pair = socketPair();
    if (pathname.startsWith(cellStreamPath)) {
      const id = pathname.slice(cellStreamPath.length);
      this.#streams.get(id)?.(pair.right);
      return pair.left;
    }
    if (pathname !== cellSessionPath) throw new SkepError('InvalidRequest', `unexpected dial of ${url}`);
    const session = { server: host, pair, socket: pair.right, sent: new Set<string>() };
    this.#sessions.add(session);
    void pair.right.closed.then((end) => {
      this.#sessions.delete(session);
      this.ends.push(end);
    });
    void this.#serve(session);
    return pair.left;
  };

  /**
   * `down` ends its sessions; `silent` has lost its power; `busy` answers pings and heartbeats only; `no-quorum` answers
   * Unavailable.
   */
  mode(mode: Mode, address?: string): void {
    for (const server of address === undefined ? this.addresses : [address]) this.#modes.set(server, mode);
    for (const { server, pair } of this.#sessions) {
      if (address !== undefined && server !== address) continue;
      if (mode === 'down') pair.cut();
      if (mode === 'silent') pair.silence();
    }
  }

  get sessions(): string[] {
    return [...this.#sessions].map(({ server }) => server).sort();
  }

  desire(input: DesiredLrpInput): DesiredLrp {
    const lrp = desireLrp(desiredLrpSpecSchema.parse(input), this.#clock.now(), 'epoch-1');
    this.#desired.set(lrp.guid, lrp);
    return lrp;
  }

  /** Claims an index for this cell, making its record if need be; returns the new instance guid. */
  claim(guid: string, index = 0): InstanceGuid {
    const desired = this.#desired.get(guid);
    if (desired === undefined) throw new Error(`${guid} is not desired`);
    const instanceGuid = instanceGuidSchema.parse(`${guid}-${index}-${++this.#names}`);
    const now = this.#clock.now();
    const before =
      this.actuals.get(instanceName(guid, index)) ??
      newActualLrp({ guid: desired.guid, index, domain: desired.domain }, now, 'epoch-1');
    this.#move(claim(before, { instanceGuid, cellId: this.cellId }, now));
    return instanceGuid;
  }

  retire(guid: string, index = 0): void {
    this.#put(retire(this.actual(guid, index), 'scaled down', this.#clock.now()));
  }

  /** The record goes without a word: another cell has it, or the LRP is gone. */
  forget(guid: string, index = 0): void {
    this.actuals.delete(instanceName(guid, index));
    this.#changed();
  }

  actual(guid: string, index = 0): ActualLrp {
    const actual = this.actuals.get(instanceName(guid, index));
    if (actual === undefined) throw new Error(`no record of ${guid}/${index}`);
    return actual;
  }

  /** A PENDING task that is assigned to this cell. */
  task(input: TaskInput): Task {
    const task = desireTask(taskSpecSchema.parse(input), this.#clock.now());
    this.#moveTask(assignTask(task, this.cellId, this.#clock.now()));
    return task;
  }

  reassign(guid: string): void {
    this.#moveTask(assignTask(this.taskOf(guid), this.cellId, this.#clock.now()));
  }

  /** Assigns a PENDING task to this cell and grants an attempt, as a request that was on its way would. */
  grant(guid: string, attempt: string): void {
    const now = this.#clock.now();
    const assigned = assignTask(this.taskOf(guid), this.cellId, now);
    if (!assigned.ok) throw new Error(assigned.message);
    this.#moveTask(startTask(assigned.next, this.cellId, attempt, now));
  }

  cancel(guid: string): void {
    this.#moveTask(failTask(this.taskOf(guid), 'task was cancelled', this.#clock.now()));
  }

  taskOf(guid: string): Task {
    const task = this.tasks.get(guid);
    if (task === undefined) throw new Error(`no task ${guid}`);
    return task;
  }

  /** What the cell has asked for, by method. */
  count(method: CellRequestName): number {
    return this.received.filter((one) => one.method === method).length;
  }

  /** Asks the cell for a stream and resolves with the end of the client. */
  open(request: StreamRequest): Promise<Socket> {
    const session = [...this.#sessions][0];
    if (session === undefined) throw new Error('the cell has no session');
    const streamId = `s${++this.#names}`;
    const dialled = new Promise<Socket>((resolve) => this.#streams.set(streamId, resolve));
    void this.#send(session, { type: 'open', streamId, request });
    return dialled;
  }

  /** Says welcome again, with the servers that are listed now. */
  relist(listed: readonly string[]): void {
    this.listed = listed;
    for (const session of this.#sessions) void this.#send(session, this.#welcome(session.server));
  }

  /** Sends something to the cell on every session. */
  say(message: ServerMessage): void {
    for (const session of this.#sessions) void this.#send(session, message);
  }

  #welcome(address: string): ServerMessage {
    const server = this.names.get(address) ?? address;
    return { type: 'welcome', clusterId: this.clusterId, server, servers: [...this.listed] };
  }

  async #serve(session: FakeSession): Promise<void> {
    await this.#send(session, this.#welcome(session.server));
    await this.#tell(session, true);
    for await (const data of session.socket.messages) void this.#answer(session, String(data));
  }

  async #answer(session: FakeSession, text: string): Promise<void> {
    const { id, method, params } = cellMessageSchema.parse(JSON.parse(text));
    this.received.push({ server: session.server, method, params });
    const mode = this.#modes.get(session.server);
    if (mode === 'silent' || (mode === 'busy' && method !== 'heartbeat')) return;
    try {
      if (mode === 'no-quorum') throw new SkepError('Unavailable', 'the store has no quorum');
      const result = this.#handle(method, cellRequests[method].params.parse(params));
      await this.#send(session, { type: 'response', id, result });
    } catch (error) {
      if (!(error instanceof SkepError)) throw error;
      await this.#send(session, { type: 'response', id, error: error.toBody() });
    }
  }

  #handle(method: CellRequestName, params: unknown): unknown {
    const handlers: { readonly [N in CellRequestName]: (params: CellRequestParams<N>) => unknown } = {
      register: ({ presence }) => {
        this.presence = presence;
        this.leaseId ??= `lease-${++this.#names}`;
        return { leaseId: this.leaseId, ttlMs: 6_000, revision: this.#revision };
      },
      heartbeat: ({ leaseId }) => {
        if (leaseId !== this.leaseId) throw new SkepError('ResourceNotFound', 'the lease is gone');
        return {};
      },
      started: (p) => this.#report(p, (lrp) => start(lrp, { ...p, cellId: this.cellId }, this.#clock.now())),
      crashed: (p) =>
        this.#report(p, (lrp) => crash(lrp, { ...p, cellId: this.cellId }, p.reason, this.#clock.now())),
      stopped: (p) => {
        this.#owned(p);
        this.actuals.delete(instanceName(p.guid, p.index));
        this.#changed();
        return {};
      },
      startTask: (p) =>
        this.#reportTask(p, (task) => startTask(task, this.cellId, p.attempt, this.#clock.now())),
      completeTask: (p) =>
        this.#reportTask(p, (task) => completeTask(task, this.cellId, p, this.#clock.now())),
      rejectTask: (p) => this.#reportTask(p, (task) => rejectTask(task, p.reason, this.#clock.now())),
      confirm: ({ instances, tasks }) => ({
        instances: instances.filter((ref) => this.#holds(ref)).map(({ instanceGuid }) => instanceGuid),
        tasks: tasks.filter(({ guid, attempt }) => this.#runs(guid, attempt)).map(({ guid }) => guid),
      }),
      consoleEvent: () => ({}),
    };
    return (handlers[method] as (params: unknown) => unknown)(params);
  }

  #holds(ref: { readonly guid: string; readonly index: number; readonly instanceGuid: string }): boolean {
    return this.actuals.get(instanceName(ref.guid, ref.index))?.instanceGuid === ref.instanceGuid;
  }

  #runs(guid: string, attempt: string): boolean {
    const task = this.tasks.get(guid);
    return task?.state === 'RUNNING' && task.attempt === attempt;
  }

  #owned(ref: { readonly guid: string; readonly index: number }): ActualLrp {
    const lrp = this.actuals.get(instanceName(ref.guid, ref.index));
    if (lrp === undefined) throw new SkepError('ResourceNotFound', `no record of ${ref.guid}/${ref.index}`);
    return lrp;
  }

  #report(
    ref: { readonly guid: string; readonly index: number },
    verb: (lrp: ActualLrp) => ActualMove,
  ): unknown {
    this.#move(verb(this.#owned(ref)));
    return {};
  }

  #reportTask({ guid }: { readonly guid: string }, verb: (task: Task) => TaskMove): unknown {
    const task = this.tasks.get(guid);
    if (task === undefined) throw new SkepError('ResourceNotFound', `no task ${guid}`);
    this.#moveTask(verb(task));
    return {};
  }

  #move(move: ActualMove): void {
    if (!move.ok) throw new SkepError(move.refusal, `refused: ${move.refusal}`);
    if (move.changed) this.#put(move);
  }

  #put(move: ActualMove): void {
    if (!move.ok) throw new SkepError(move.refusal, `refused: ${move.refusal}`);
    this.actuals.set(instanceName(move.next.guid, move.next.index), move.next);
    this.#changed();
  }

  #moveTask(move: TaskMove): void {
    if (!move.ok) throw new SkepError(move.refusal, move.message);
    this.tasks.set(move.next.guid, move.next);
    if (move.changed) this.#changed();
  }

  #changed(): void {
    this.#revision += 1;
    for (const session of this.#sessions) void this.#tell(session, false);
  }

  async #tell(session: FakeSession, full: boolean): Promise<void> {
    const lrps = [...this.actuals.values()].flatMap((actual) => {
      const desired = this.#desired.get(actual.guid);
      return actual.cellId === this.cellId && desired !== undefined ? [{ actual, desired }] : [];
    });
    const isOpen = (task: Task): boolean => task.state === 'PENDING' || task.state === 'RUNNING';
    const tasks = [...this.tasks.values()].filter((task) => task.cellId === this.cellId && isOpen(task));
    const now = new Set<string>([
      ...lrps.map(({ actual }) => actual.instanceGuid ?? ''),
      ...tasks.map(({ guid }) => guid),
    ]);
    const gone = full ? [] : [...session.sent].filter((id) => !now.has(id));
    session.sent = now;
    await this.#send(session, { type: 'assignments', revision: this.#revision, full, lrps, tasks, gone });
  }

  /** A session that has ended meanwhile takes nothing any more, as in life. */
  async #send(session: FakeSession, message: ServerMessage): Promise<void> {
    await session.socket.send(JSON.stringify(message)).catch(() => this.#sessions.delete(session));
  }
}
