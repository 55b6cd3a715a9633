/**
 * The console sessions of this cell: opens, lists, hands clients to them, and tells the journal. Called by
 * session/streams.ts for every stream of these kinds. Sessions end with the agent; what an agent that was killed left
 * running is ended by `sweep` when the next one starts.
 */
import { type ConsoleInfo, consoleSessionsMax } from '../../api/core/console-shapes.ts';
import { hostShellIsOff, mayNotEnterHost } from '../../api/core/host-shell.ts';
import { controlSchema, unpackFrame } from '../../api/core/stream-frames.ts';
import type { Clock } from '../../base/clock.ts';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import { type Rng, randomName } from '../../base/core/rng.ts';
import type { Log } from '../../base/log.ts';
import type { Socket } from '../../base/socket.ts';
import type { Container } from '../core/container.ts';
import type { CreateEmulator } from '../emulator.ts';
import type { OpenHostShell } from '../host-shell.ts';
import type { Runtime } from '../runtime.ts';
import { drain, sendControl, sendData } from '../session/send.ts';
import type { ConsoleRequest, StreamService } from '../session/streams.ts';
import { ConsoleClient } from './client.ts';
import type { ConsoleJournal } from './journal.ts';
import { type ConsolePlace, containerPlace, hostPlace } from './place.ts';
import { consoleVariable } from './program.ts';
import { ConsoleSession } from './session.ts';

const nameLength = 6;
const messageMaxChars = 1_000;
/** How many of the oldest detached sessions a refusal names. */
const oldestNamed = 3;

export interface ConsolesOptions {
  readonly cellId: string;
  readonly runtime: Runtime;
  readonly createEmulator: CreateEmulator;
  /** Absent unless this cell's own settings allow shells on its host. */
  readonly hostShell?: OpenHostShell | undefined;
  readonly journal: ConsoleJournal;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  /** Ends every session. */
  readonly signal: AbortSignal;
  find(instanceGuid: string): Container | undefined;
}

type OpenRequest = Extract<ConsoleRequest, { kind: 'console' }>;

export class Consoles implements StreamService<ConsoleRequest> {
  readonly #options: ConsolesOptions;
  readonly #sessions = new Map<string, ConsoleSession>();
  /** Resolves once the signal has aborted and every session has ended. */
  readonly done: Promise<void>;
  #opening = 0;

  constructor(options: ConsolesOptions) {
    this.#options = options;
    const { signal } = options;
    this.done = new Promise<void>((resolve) => {
      const end = (): void => void this.#endAll().then(resolve);
      if (signal.aborted) end();
      else signal.addEventListener('abort', end, { once: true });
    });
  }

  async serve(socket: Socket, request: ConsoleRequest, signal: AbortSignal): Promise<void> {
    if (request.kind === 'consoles') {
      await this.#list(socket, request.instanceGuid);
      return;
    }
    const { session: id, by, via, watch, size } = request;
    const session = id === undefined ? await this.#open(request, signal) : this.#find(id, request);
    const client = new ConsoleClient({ socket, isWatching: watch, by, size });
    if (id !== undefined) {
      const how = watch ? 'is watched' : 'is joined again';
      this.#tell('console.resumed', session.info, `${how} through server ${via}`, by);
    }
    await this.#attach(session, client, id !== undefined);
  }

  /** The sessions of one instance, or all, the oldest first. */
  list(instanceGuid?: string): ConsoleInfo[] {
    const all = [...this.#sessions.values()].map((session) => session.info);
    return all
      .filter((info) => instanceGuid === undefined || info.instanceGuid === instanceGuid)
      .sort((a, b) => a.openedAt - b.openedAt);
  }

  /**
   * Ends consoles that an earlier agent left in these containers: their screens are lost, and nobody could ever join
   * them. Throws what the engine does.
   */
  async sweep(containers: readonly Container[]): Promise<void> {
    const { runtime, log, signal } = this.#options;
    for (const { id, state } of containers) {
      if (state !== 'running') continue;
      const isLeft = (name: string): boolean => !this.#sessions.has(name);
      const ended = await runtime.endExecs(id, { variable: consoleVariable, matches: isLeft, signal });
      if (ended > 0) log.info('console.left_ended', { container: id, ended });
    }
  }

  async #list(socket: Socket, instanceGuid: string | undefined): Promise<void> {
    await sendControl(socket, { kind: 'opened' });
    void drain(socket);
    await sendData(socket, { cellId: this.#options.cellId, consoles: this.list(instanceGuid) });
    await sendControl(socket, { kind: 'exit' });
  }

  #find(id: string, { mayEnterHost }: OpenRequest): ConsoleSession {
    const session = this.#sessions.get(id);
    // Also to look at it: what root types on a host is nobody else's.
    if (session?.info.host === true && mayEnterHost !== true) throw mayNotEnterHost(this.#options.cellId);
    if (session !== undefined) return session;
    throw new SkepError('ResourceNotFound', `console ${id} does not exist, or has ended`, {
      field: 'session',
      hint: 'consoles that run: skep console ls; why one ended: skep events',
    });
  }

  async #open(request: OpenRequest, signal: AbortSignal): Promise<ConsoleSession> {
    const place = this.#placeOf(request);
    this.#mustHaveRoom();
    const { cellId, rng, createEmulator, clock, log } = this.#options;
    const id = `${cellId}.${randomName(rng, nameLength)}`;
    const { size, by, via } = request;
    this.#opening += 1;
    const opened = ConsoleSession.start({ id, place, size, by, createEmulator, clock, log });
    const session = await opened.finally(() => {
      this.#opening -= 1;
    });
    this.#keep(session, request);
    if (signal.aborted) void session.close('its client went away before it was open', undefined);
    const shell = place.isHost ? 'a login shell on the host itself' : 'a login shell';
    const what = place.args.length === 0 ? shell : place.args.join(' ').slice(0, 200);
    this.#tell('console.opened', session.info, `opened through server ${via}: ${what}`, by);
    return session;
  }

  /** Throws why there is none to open a console in. */
  #placeOf({ host, mayEnterHost, instanceGuid, args, user }: OpenRequest): ConsolePlace {
    const { find, cellId, runtime, clock, hostShell } = this.#options;
    if (host === true) {
      if (hostShell === undefined) throw hostShellIsOff(cellId);
      if (mayEnterHost !== true) throw mayNotEnterHost(cellId);
      return hostPlace(cellId, hostShell);
    }
    const container = find(instanceGuid);
    if (container?.state === 'running') return containerPlace({ runtime, clock, container, args, user });
    throw new SkepError('NotRunning', 'its container does not run', {
      hint: 'see "skep why" for the reason',
    });
  }

  #keep(session: ConsoleSession, request: OpenRequest): void {
    const { session: id } = session.info;
    this.#sessions.set(id, session);
    void session.ended.then((end) => {
      const info = session.info;
      this.#sessions.delete(id);
      const status = end.code === undefined ? '' : `, status ${end.code}`;
      this.#tell('console.closed', info, `${end.reason ?? 'ended by itself'}${status}`, end.by ?? request.by);
    });
  }

  #mustHaveRoom(): void {
    if (this.#sessions.size + this.#opening < consoleSessionsMax) return;
    const detached = this.list().filter(({ detachedAt }) => detachedAt !== undefined);
    const oldest = detached
      .sort((a, b) => (a.detachedAt ?? 0) - (b.detachedAt ?? 0))
      .slice(0, oldestNamed)
      .map(({ session, by }) => `${session} (of ${by})`);
    throw new SkepError('Busy', `cell ${this.#options.cellId} keeps ${consoleSessionsMax} consoles already`, {
      hint:
        oldest.length === 0
          ? 'somebody looks at each of them: skep console ls tells who'
          : `close one that nobody looks at: skep console close ID; the oldest are ${oldest.join(', ')}`,
    });
  }

  async #attach(session: ConsoleSession, client: ConsoleClient, resumed: boolean): Promise<void> {
    await session.join(client, resumed);
    const { log } = this.#options;
    this.#pumpInput(session, client).catch((error: unknown) =>
      log.debug('console.input_ended', { reason: messageOf(error) }),
    );
    await Promise.race([client.socket.closed, session.ended]);
    session.leave(client);
  }

  async #pumpInput(session: ConsoleSession, client: ConsoleClient): Promise<void> {
    for await (const data of client.socket.messages) {
      const frame = typeof data === 'string' ? undefined : unpackFrame(data);
      if (frame?.channel === 'stdin') await session.type(client, frame.payload);
      if (frame?.channel !== 'control') continue;
      // Closing waits for the program; what the client sends meanwhile is still read.
      session.control(client, controlOf(frame.payload)).catch((error: unknown) => {
        const known = error instanceof SkepError ? error : new SkepError('InvalidRequest', messageOf(error));
        client.control({ kind: 'notice', code: known.code, message: known.message });
      });
    }
  }

  #tell(
    type: 'console.opened' | 'console.resumed' | 'console.closed',
    info: ConsoleInfo,
    message: string,
    by: string,
  ): void {
    const { session, target } = info;
    const at = this.#options.clock.now();
    this.#options.log.info(type, { session, target, message, by });
    this.#options.journal.add({
      type,
      session,
      at,
      subject: target,
      message: `console ${session} ${message}`.slice(0, messageMaxChars),
      by,
    });
  }

  async #endAll(): Promise<void> {
    const { cellId } = this.#options;
    const reason = `the agent of cell ${cellId} stops, and consoles end with it`;
    await Promise.all([...this.#sessions.values()].map((session) => session.close(reason, undefined)));
  }
}

/** Throws for what is no control message. */
function controlOf(payload: Uint8Array) {
  return controlSchema.parse(JSON.parse(new TextDecoder().decode(payload)));
}
