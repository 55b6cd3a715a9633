/**
 * Whether the container engine answers. While it does not, nothing is known of any container: no step is
 * taken, nothing is reported as crashed, and the cell's presence says why. Asked every 15 s, every 5 s while
 * it is away, and at once when a call fails in a way that may be the engine's fault.
 */
import { type Clock, pause, withDeadline } from '../base/clock.ts';
import { messageOf, SkepError } from '../base/core/errors.ts';
import type { Log } from '../base/log.ts';
import type { Runtime } from './runtime.ts';

const probeMs = 15_000;
const probeAwayMs = 5_000;
/** Long, because a host on which many containers start at once is slow, and that is no failure. */
const probeDeadlineMs = 10_000;

export interface EngineStatus {
  readonly ok: boolean;
  readonly name: string;
  readonly reason?: string;
  readonly volumeDrivers?: readonly string[];
  readonly runtimes?: readonly string[];
}

export interface Engine {
  readonly status: EngineStatus;
  /** False until the first question has had its answer, or none. */
  readonly isKnown: boolean;
  /** Asks now; resolves with whether it answers. Callers at the same time share one question. */
  check(): Promise<boolean>;
  /** True when the error came about because the engine is away: to be taken for no news at all. */
  isAwayAfter(error: unknown): Promise<boolean>;
  /** Resolves when the signal has aborted. */
  readonly done: Promise<void>;
}

/** The engine gave no answer: what was asked of it may have been done or not. Only a look at it tells. */
export function isNoAnswer(error: unknown): boolean {
  return error instanceof SkepError && (error.code === 'Unavailable' || error.code === 'Timeout');
}

export interface EngineOptions {
  readonly runtime: Pick<Runtime, 'info'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Called when it went or returned. */
  onChange(status: EngineStatus): void;
}

export function watchEngine(options: EngineOptions): Engine {
  const { runtime, clock, log, signal } = options;
  let status: EngineStatus = { ok: false, name: 'unknown', reason: 'not asked yet' };
  let isKnown = false;
  let asking: Promise<boolean> | undefined;

  async function ask(): Promise<boolean> {
    try {
      const { name, runtimes, volumeDrivers } = await withDeadline(
        clock,
        probeDeadlineMs,
        signal,
        tooLate,
        (inner) => runtime.info({ signal: inner }),
      );
      change({ ok: true, name, ...(runtimes && { runtimes }), ...(volumeDrivers && { volumeDrivers }) });
    } catch (error) {
      if (!signal.aborted) change({ ...status, ok: false, reason: messageOf(error) });
    } finally {
      asking = undefined;
    }
    return status.ok;
  }

  function change(next: EngineStatus): void {
    const changed = JSON.stringify(next) !== JSON.stringify(status);
    const turned = next.ok !== status.ok;
    status = next;
    isKnown = true;
    if (!changed) return;
    if (next.ok) log.info('engine.answers', { engine: next.name });
    else if (turned || next.reason !== undefined) log.error('engine.away', { reason: next.reason });
    options.onChange(next);
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      await check();
      await pause(clock, status.ok ? probeMs : probeAwayMs, signal);
    }
  }

  const check = (): Promise<boolean> => (asking ??= ask());

  return {
    get status() {
      return status;
    },
    get isKnown() {
      return isKnown;
    },
    check,
    async isAwayAfter(error) {
      const maybe = error instanceof SkepError && ['Unavailable', 'Timeout', 'Internal'].includes(error.code);
      return maybe && !(await check());
    },
    done: run(),
  };
}

const tooLate = (): SkepError =>
  new SkepError('Unavailable', `the container engine does not answer within ${probeDeadlineMs / 1000}s`, {
    hint: 'look at it with "docker info", restart it with "systemctl restart docker"',
  });
