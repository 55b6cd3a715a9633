/**
 * When frames are drawn: at once after a pause, never more often than the line bears, not at all when nothing has
 * changed. A frame that the line did not take is drawn again, as it is by then, when the line takes output again.
 */
import type { Clock, Timer } from '../base/clock.ts';

export interface FramesOptions {
  readonly clock: Clock;
  /** At least this long from one frame to the next. */
  readonly everyMs: number;
  /** Draws what is true now; false when the line is full. */
  draw(): boolean;
}

export interface Frames {
  /** Something may look different. Cheap; any number of times. */
  dirty(): void;
  /** The line takes output again. */
  drained(): void;
  stop(): void;
}

export function createFrames({ clock, everyMs, draw }: FramesOptions): Frames {
  let lastAt = Number.NEGATIVE_INFINITY;
  let isDirty = false;
  let blocked = false;
  let timer: Timer | undefined;

  function frame(): void {
    timer = undefined;
    if (!isDirty) return;
    lastAt = clock.now();
    isDirty = false;
    blocked = !draw();
    if (blocked) isDirty = true;
  }

  function plan(): void {
    if (timer !== undefined || blocked || !isDirty) return;
    timer = clock.after(Math.max(0, lastAt + everyMs - clock.now()), frame);
  }

  return {
    dirty() {
      isDirty = true;
      plan();
    },
    drained() {
      blocked = false;
      plan();
    },
    stop() {
      timer?.cancel();
      isDirty = false;
      blocked = true;
    },
  };
}
