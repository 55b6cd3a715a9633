/**
 * One console session: a program on a terminal in a container or on the host, the emulator that keeps its screen, and the clients
 * that look at it. Kept by consoles.ts. It goes on without a client for a grace time; its program is never held back
 * because nobody looks.
 */
import { type ConsoleInfo, consoleGraceMs } from '../../api/core/console-shapes.ts';
import type { Control } from '../../api/core/stream-frames.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import type { Log } from '../../base/log.ts';
import { isTerminalReport } from '../core/terminal-report.ts';
import { TerminalTail } from '../core/terminal-tail.ts';
import { plainTitle } from '../core/terminal-title.ts';
import type { CreateEmulator, Emulator } from '../emulator.ts';
import type { TerminalSize } from '../runtime.ts';
import { ConsoleClient } from './client.ts';
import { endProgram } from './end.ts';
import { ConsoleInput } from './input.ts';
import { pace } from './pace.ts';
import type { ConsolePlace } from './place.ts';
import type { Program } from './program.ts';

const scrollbackLines = 2_000;
/** A terminal larger than any screen only costs memory. */
const maxSize: TerminalSize = { columns: 500, rows: 200 };
/** Work on output that is followed by as long a rest: anything shorter is somebody typing. */
const restFromMs = 10;
const restMaxMs = 500;
const defaultSize: TerminalSize = { columns: 80, rows: 24 };

export interface ConsoleSessionOptions {
  readonly id: string;
  readonly place: ConsolePlace;
  readonly size: TerminalSize | undefined;
  /** Who began it. */
  readonly by: string;
  readonly createEmulator: CreateEmulator;
  readonly clock: Clock;
  readonly log: Log;
}

/** How a session ended. */
export interface ConsoleEnd {
  readonly code: number | undefined;
  /** Undefined: the program ended by itself. */
  readonly reason: string | undefined;
  /** Who closed it, when a client did. */
  readonly by: string | undefined;
  /** It could not be run at all. */
  readonly error: SkepError | undefined;
}

export class ConsoleSession {
  readonly #options: ConsoleSessionOptions;
  readonly #openedAt: number;
  readonly #life = new AbortController();
  readonly #clients = new Set<ConsoleClient>();
  readonly #tail = new TerminalTail();
  readonly #input: ConsoleInput;
  readonly #emulator: Emulator;
  #program: Program | undefined;
  #size: TerminalSize;
  /** The client that typed last: its terminal decides the size and answers the program's questions. */
  #lead: ConsoleClient | undefined;
  #detachedAt: number | undefined;
  #grace: Timer | undefined;
  #hasEnded = false;
  /** Work on emulator and clients, one after the other: who joins misses nothing and sees nothing twice. */
  #turn: Promise<unknown> = Promise.resolve();
  #closing: { readonly reason: string; readonly by: string | undefined } | undefined;
  #closed: Promise<void> | undefined;
  readonly #ended = Promise.withResolvers<ConsoleEnd>();

  private constructor(options: ConsoleSessionOptions, size: TerminalSize, emulator: Emulator) {
    this.#options = options;
    this.#openedAt = options.clock.now();
    this.#size = size;
    this.#emulator = emulator;
    this.#input = new ConsoleInput(async (data) => this.#program?.process.write(data));
  }

  /** Throws what its place says when the program cannot be started at all. */
  static async start(options: ConsoleSessionOptions): Promise<ConsoleSession> {
    const size = clamp(options.size ?? defaultSize);
    const onAnswer = (answer: string): void => session.#answer(answer);
    const emulator = await options.createEmulator({ size, scrollbackLines, onAnswer });
    const session = new ConsoleSession(options, size, emulator);
    await session.#start();
    return session;
  }

  async #start(): Promise<void> {
    const { place, id } = this.#options;
    const size = (): TerminalSize => this.#size;
    const { signal } = this.#life;
    try {
      this.#program = await place.start({ session: id, size, signal });
    } catch (error) {
      this.#emulator.close();
      throw error;
    }
    void this.#run(this.#program);
  }

  /** What the emulator answers the program, when no client's own terminal does. */
  #answer(answer: string): void {
    if (this.#writers().length === 0) void this.#input.push(new TextEncoder().encode(answer));
  }

  /** Resolves once it has ended and nothing of it is left. */
  get ended(): Promise<ConsoleEnd> {
    return this.#ended.promise;
  }

  get info(): ConsoleInfo {
    const { id, place, by } = this.#options;
    const { target, instanceGuid, args, isHost } = place;
    return {
      session: id,
      target,
      instanceGuid,
      ...(isHost ? { host: true } : {}),
      args: [...args],
      by,
      openedAt: this.#openedAt,
      clients: this.#clients.size,
      ...(this.#detachedAt === undefined ? {} : { detachedAt: this.#detachedAt }),
      ...this.#size,
      title: plainTitle(this.#emulator.title),
    };
  }

  /** Adds a client; it sees `opened`, the screen when there may be something on it, then what follows. */
  join(client: ConsoleClient, resumed: boolean): Promise<void> {
    return this.#inTurn(async () => {
      this.#clients.add(client);
      this.#detachedAt = undefined;
      this.#grace?.cancel();
      if (!client.isWatching) {
        this.#lead = client;
        if (resumed) await this.#applySize(client);
      }
      client.control({ kind: 'opened', session: this.#options.id, resumed, size: this.#size });
      if (resumed) this.#paint(client, scrollbackLines);
    });
  }

  /** The client has gone; the last one leaves the session to its grace time. */
  leave(client: ConsoleClient): void {
    if (!this.#clients.delete(client)) return;
    if (this.#lead === client) {
      this.#lead = this.#writers().at(-1);
      this.#sizeBy(this.#lead);
    }
    if (this.#clients.size > 0 || this.#hasEnded) return;
    const { clock } = this.#options;
    this.#detachedAt = clock.now();
    this.#grace = clock.after(consoleGraceMs, () => {
      void this.close(`nobody came back to it within ${consoleGraceMs / 60_000} minutes`, undefined);
    });
  }

  /** Takes what a client typed; resolves when it may send more. */
  async type(client: ConsoleClient, data: Uint8Array): Promise<void> {
    if (client.isWatching) return this.#refuseWatcher(client);
    if (this.#lead !== client) {
      // Each terminal answers what the program asks; the program asked once.
      if (isTerminalReport(data)) return;
      this.#lead = client;
      this.#sizeBy(client);
    }
    await this.#input.push(data);
  }

  /** A control frame of a client. */
  async control(client: ConsoleClient, message: Control): Promise<void> {
    if (message.kind === 'resize') {
      client.size = message.size;
      if (!client.isWatching && (this.#lead ?? client) === client) this.#sizeBy(client);
    } else if (client.isWatching) {
      this.#refuseWatcher(client);
    } else if (message.kind === 'close') {
      await this.close(`closed by ${client.by}`, client.by);
    } else if (message.kind === 'signal') {
      await this.#program?.process.kill(message.name);
    }
  }

  /** Ends the program and everything it began on its terminal: SIGHUP, then SIGKILL. Resolves when it has ended. */
  close(reason: string, by: string | undefined): Promise<void> {
    this.#closing ??= { reason, by };
    this.#closed ??= this.#end();
    return this.#closed;
  }

  async #end(): Promise<void> {
    const { clock, log, id } = this.#options;
    if (this.#program !== undefined) await endProgram({ program: this.#program, clock, log, session: id });
    this.#life.abort();
    await this.#ended.promise;
  }

  async #run(program: Program): Promise<void> {
    let end: ConsoleEnd;
    try {
      for await (const data of program.output) {
        const beganAt = this.#options.clock.now();
        await this.#inTurn(() => this.#show(data));
        await this.#rest(this.#options.clock.now() - beganAt);
        await pace([...this.#clients], this.#options.clock, (client) => this.#catchUp(client));
      }
      const code = await program.exitCode();
      const reason = this.#closing?.reason ?? (await this.#options.place.whyEnded(code));
      end = { code, reason, by: this.#closing?.by, error: undefined };
    } catch (error) {
      end = {
        code: undefined,
        reason: messageOf(error),
        by: this.#closing?.by,
        error: this.#explained(error),
      };
    }
    this.#hasEnded = true;
    this.#life.abort();
    this.#grace?.cancel();
    await this.#inTurn(async () => this.#tellEnd(end));
    await Promise.all([...this.#clients].map((client) => this.#lastWords(client)));
    this.#emulator.close();
    this.#ended.resolve(end);
  }

  /** A program that writes without end gets half of the agent's time at most. */
  async #rest(workedMs: number): Promise<void> {
    const { clock } = this.#options;
    if (workedMs >= restFromMs) await clock.sleep(Math.min(workedMs, restMaxMs), this.#life.signal);
  }

  #explained(error: unknown): SkepError {
    const known = error instanceof SkepError ? error : new SkepError('Internal', messageOf(error));
    return this.#options.place.explain(known);
  }

  #tellEnd({ code, reason, error }: ConsoleEnd): void {
    for (const client of this.#clients) {
      if (error === undefined || this.#closing !== undefined) {
        client.control({
          kind: 'exit',
          ...(code === undefined ? {} : { code }),
          ...(reason === undefined ? {} : { reason }),
        });
      } else {
        const { message, hint } = error;
        client.control({ kind: 'error', code: error.code, message, ...(hint === undefined ? {} : { hint }) });
      }
    }
  }

  /** What waits for a client is still sent, within a time: one that takes nothing must not keep the session. */
  async #lastWords(client: ConsoleClient): Promise<void> {
    const { clock } = this.#options;
    const late = Promise.withResolvers<void>();
    const timer = clock.after(2_000, () => late.resolve());
    await Promise.race([client.drained(), late.promise]);
    timer.cancel();
  }

  async #show(data: Uint8Array): Promise<void> {
    await this.#emulator.write(data);
    this.#tail.push(data);
    for (const client of this.#clients) client.output(data);
  }

  #catchUp(client: ConsoleClient): void {
    const caughtUp = this.#inTurn(async () => {
      if (!this.#clients.has(client)) return;
      client.control({
        kind: 'notice',
        code: 'Busy',
        message: 'this connection is slower than the program: some of its output was skipped',
      });
      this.#paint(client, 0);
    });
    caughtUp.catch((error: unknown) =>
      this.#options.log.warn('console.paint_failed', { session: this.#options.id, reason: messageOf(error) }),
    );
  }

  #paint(client: ConsoleClient, lines: number): void {
    const screen = new TextEncoder().encode(this.#emulator.paint(lines));
    const tail = this.#tail.bytes;
    const whole = new Uint8Array(screen.length + tail.length);
    whole.set(screen);
    whole.set(tail, screen.length);
    client.paint(whole);
  }

  #refuseWatcher(client: ConsoleClient): void {
    if (client.isToldToWatch) return;
    client.isToldToWatch = true;
    client.control({
      kind: 'notice',
      code: 'Unauthorized',
      message: 'this client only watches: what it types is not passed on',
      hint: `to type, join it without --watch: skep console --session ${this.#options.id}`,
    });
  }

  #writers(): ConsoleClient[] {
    return [...this.#clients].filter((client) => !client.isWatching);
  }

  #sizeBy(client: ConsoleClient | undefined): void {
    if (client?.size === undefined) return;
    const sized = this.#inTurn(() => this.#applySize(client));
    sized.catch((error: unknown) =>
      this.#options.log.debug('console.resize_failed', {
        session: this.#options.id,
        reason: messageOf(error),
      }),
    );
  }

  async #applySize(client: ConsoleClient): Promise<void> {
    const size = clamp(client.size ?? this.#size);
    if (size.columns === this.#size.columns && size.rows === this.#size.rows) return;
    this.#size = size;
    this.#emulator.resize(size);
    for (const other of this.#clients) if (other !== client) other.control({ kind: 'resize', size });
    await this.#program?.process.resize(size);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }
}

function clamp({ columns, rows }: TerminalSize): TerminalSize {
  return { columns: Math.min(columns, maxSize.columns), rows: Math.min(rows, maxSize.rows) };
}
