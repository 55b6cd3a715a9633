/**
 * When frames are drawn: at once after a pause, never more often than the line bears, not at all when nothing has
 * changed. What a key does is seen at once even when something else was drawn just before; the frame after it waits the
 * longer. A frame that the line did not take is drawn again, as it is by then, when the line takes output again.
 */
import type { Clock, Timer } from '../base/clock.ts';

export interface FramesOptions {
  readonly clock: Clock;
  /** So long from one frame to the next on average; one that a key asks for may come earlier by as much. */
  readonly everyMs: number;
  /** Draws what is true now; false when the line is full. */
  draw(): boolean;
}

export interface Frames {
  /** Something may look different. Cheap; any number of times. `urgent`: somebody waits for it. */
  dirty(urgent?: boolean): void;
  /** The line takes output again. */
  drained(): void;
  stop(): void;
}

export function createFrames({ clock, everyMs, draw }: FramesOptions): Frames {
  /** When the next frame is due that nobody waits for. */
  let nextAt = Number.NEGATIVE_INFINITY;
  let isDirty = false;
  let blocked = false;
  let timer: Timer | undefined;
  let timerAt = 0;

  function frame(): void {
    timer = undefined;
    if (!isDirty) return;
    nextAt = Math.max(clock.now(), nextAt) + everyMs;
    isDirty = false;
    blocked = !draw();
    if (blocked) isDirty = true;
  }

  function plan(urgent: boolean): void {
    if (blocked || !isDirty) return;
    const at = Math.max(clock.now(), urgent ? nextAt - everyMs : nextAt);
    if (timer !== undefined && timerAt <= at) return;
    timer?.cancel();
    timerAt = at;
    timer = clock.after(at - clock.now(), frame);
  }

  return {
    dirty(urgent = false) {
      isDirty = true;
      plan(urgent);
    },
    drained() {
      blocked = false;
      plan(false);
    },
    stop() {
      timer?.cancel();
      isDirty = false;
      blocked = true;
    },
  };
}
