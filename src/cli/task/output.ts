/**
 * What a task writes, passed on while `skep task run` waits for its end: its standard output to ours, its standard
 * error to ours. Control sequences are escaped. Used by run.ts.
 */
import { type LogListener, readLog } from '../../api/client/log-source.ts';
import { withDeadline } from '../../base/clock.ts';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import { escapeText } from '../core/escape.ts';
import { logReader } from '../log-reader.ts';
import type { Session } from '../session.ts';

/** A log whose task is over ends soon; a cell that is gone never says so. */
const drainMs = 5_000;

export class TaskOutput {
  readonly #session: Session;
  readonly #guid: string;
  readonly #stop = new AbortController();
  #following: Promise<void> | undefined;
  #isOpen = false;
  #isOver = false;

  constructor(session: Session, guid: string) {
    this.#session = session;
    this.#guid = guid;
  }

  /** From the moment that the task runs; more calls are fine. */
  follow(): void {
    this.#following ??= this.#read(true);
    // Its failure is told by `finish`.
    this.#following.catch(() => undefined);
  }

  /** The task is over: resolves when all was printed, or with a note of why not. */
  async finish(): Promise<void> {
    this.#isOver = true;
    const { io, signal } = this.#session;
    const late = (): Error => new SkepError('Timeout', `its log did not end within ${drainMs / 1_000} s`);
    try {
      await withDeadline(io.clock, drainMs, signal, late, async () => {
        if (this.#isOpen) return await this.#following;
        // It was over before its log could be opened.
        this.#stop.abort();
        await this.#read(false);
      });
    } catch (error) {
      if (signal.aborted) return;
      const reason = escapeText(messageOf(error));
      this.#session.warn(
        `What ${this.#guid} wrote is not all here: ${reason}; try skep task logs ${this.#guid}`,
      );
    } finally {
      this.#stop.abort();
    }
  }

  async #read(follow: boolean): Promise<void> {
    const { signal } = this.#session;
    const ends = follow ? AbortSignal.any([signal, this.#stop.signal]) : signal;
    const listener: LogListener = {
      opened: () => {
        this.#isOpen = true;
      },
      line: async ({ text }, channel) => {
        if (channel === 'stdout') this.#session.print(escapeText(text));
        else this.#session.warn(escapeText(text));
      },
    };
    const query = {
      target: this.#guid,
      task: true,
      follow,
      previous: false,
      tail: undefined,
      since: undefined,
    };
    await readLog({ ...logReader(this.#session), signal: ends }, query, listener, () => !this.#isOver);
  }
}
