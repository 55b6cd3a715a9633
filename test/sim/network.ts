/**
 * The network between cells and servers: a path for each direction between two hosts, which can be cut or
 * slow, and sockets over them that behave as WebSockets over TCP do. What is sent over a cut path is not lost
 * but late; the ends notice by their own pings, each for itself.
 */
import type { Clock } from '../../src/base/clock.ts';
import { SkepError } from '../../src/base/core/errors.ts';
import { intBetween, type Rng } from '../../src/base/core/rng.ts';
import type { Socket } from '../../src/base/socket.ts';
import type { CellId } from '../../src/model/ids.ts';
import { awaited, type SimProcess } from './process.ts';
import { SimSocket } from './socket.ts';
import { type Frame, Wire } from './wire.ts';

/** One direction between two hosts. */
export interface Path {
  /** How many faults cut it now. */
  cuts: number;
  /** Added to every message; a random share of it is. */
  delayMs: number;
}

/** What answers at a server's address. */
export interface Listener {
  readonly process: SimProcess;
  accept(cellId: CellId, socket: Socket): void;
}

const retryConnectMs = 500;

export interface NetworkOptions {
  readonly clock: Clock;
  readonly rng: Rng;
  /** How likely a cell's request is sent a second time, some seconds later. */
  readonly duplicates: number;
}

export class Network {
  readonly #options: NetworkOptions;
  readonly #paths = new Map<string, Path>();
  readonly #wires = new Map<Path, Set<Wire>>();
  readonly #sockets = new Set<SimSocket>();
  /** By host; none while nothing listens there. */
  readonly #listeners = new Map<string, Listener>();
  /** Hosts without power: they do not even refuse. */
  readonly dark = new Set<string>();

  constructor(options: NetworkOptions) {
    this.#options = options;
  }

  path(from: string, to: string): Path {
    const name = `${from}>${to}`;
    const path = this.#paths.get(name) ?? { cuts: 0, delayMs: 0 };
    this.#paths.set(name, path);
    return path;
  }

  cut(path: Path): void {
    path.cuts += 1;
  }

  heal(path: Path): void {
    path.cuts -= 1;
    for (const wire of this.#wires.get(path) ?? []) wire.kick();
  }

  listen(host: string, listener: Listener): void {
    this.#listeners.set(host, listener);
  }

  /** The process is dead. Its host tells its peers, unless the host is dead too. */
  dropSockets(process: SimProcess, hostIsDead: boolean): void {
    for (const socket of this.#sockets) {
      if (socket.process !== process) continue;
      if (!hostIsDead) socket.reset();
      this.#sockets.delete(socket);
    }
  }

  /** A cell's `Dial`. Nobody listening is refused at once; a cut path or a dark host is never answered. */
  dial(process: SimProcess, from: string, url: string, signal: AbortSignal): Promise<Socket> {
    const { hostname: to, searchParams } = new URL(url);
    const cellId = searchParams.get('cell') as CellId;
    return awaited<Socket>(process, signal, (done, failed) => {
      const refuse = (): void => failed(new SkepError('Unavailable', `nothing listens at ${to}`));
      const isOver = (): boolean => signal.aborted || !process.isAlive;
      this.#whenOpen(this.path(from, to), isOver, () => {
        if (this.dark.has(to)) return;
        const listener = this.#listeners.get(to);
        if (listener === undefined || !listener.process.isAlive) {
          return this.#whenOpen(this.path(to, from), isOver, refuse);
        }
        listener.process.deliver(() => {
          const [near, far] = this.#connect(process, from, listener.process, to);
          listener.accept(cellId, far);
          this.#whenOpen(
            this.path(to, from),
            () => false,
            () => {
              if (isOver()) near.close(1006, 'given up');
              else done(near);
            },
          );
        });
      });
    });
  }

  /** Calls back after the path's delay, once it is open; never when it is over before. */
  #whenOpen(path: Path, isOver: () => boolean, run: () => void): void {
    const attempt = (): void => {
      if (isOver()) return;
      if (path.cuts === 0) run();
      else this.#options.clock.after(retryConnectMs, attempt);
    };
    this.#options.clock.after(this.#latency(path), attempt);
  }

  #latency(path: Path): number {
    return intBetween(this.#options.rng, 1, 3) + Math.floor(this.#options.rng.next() * path.delayMs);
  }

  #connect(left: SimProcess, from: string, right: SimProcess, to: string): [SimSocket, SimSocket] {
    const { clock, rng, duplicates } = this.#options;
    const wire = (path: Path, receive: (frame: Frame) => void): Wire => {
      const made = new Wire({ clock, path, latency: () => this.#latency(path), receive });
      const all = this.#wires.get(path) ?? new Set<Wire>();
      this.#wires.set(path, all.add(made));
      return made;
    };
    const forget = (socket: SimSocket): void => void this.#sockets.delete(socket);
    const there: Wire = wire(this.path(from, to), (frame) => right.deliver(() => far.receive(frame)));
    const back: Wire = wire(this.path(to, from), (frame) => left.deliver(() => near.receive(frame)));
    const resend = (data: string): void => {
      if (rng.next() < duplicates) clock.after(intBetween(rng, 1, 4_000), () => near.sendAgain(data));
    };
    const seen = (data: string | Uint8Array): void => {
      const revision = /^\{"type":"assignments","revision":(\d+)/.exec(String(data))?.[1];
      left.seenRevision = Math.max(left.seenRevision, Number(revision ?? -1));
    };
    const near: SimSocket = new SimSocket({
      process: left,
      out: there,
      onEnd: forget,
      onSend: resend,
      onRead: seen,
    });
    const far: SimSocket = new SimSocket({ process: right, out: back, onEnd: forget });
    this.#sockets.add(near).add(far);
    return [near, far];
  }
}
