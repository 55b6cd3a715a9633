/** Where a list stands: which place the cursor has in it and which is the first that is seen. Pure arithmetic. */
import type { ActionId } from './actions.ts';

export interface Viewport {
  /** Place of the cursor, from 0. */
  readonly at: number;
  /** Place of the first row that is seen. */
  readonly top: number;
}

/** Rows that stay in sight above and below the cursor, where there are any. */
const marginRows = 2;

/** The nearest to it that exists: the cursor on a row and in sight, no blank below the last row. */
export function settled({ at, top }: Viewport, count: number, visible: number): Viewport {
  const place = Math.max(0, Math.min(at, count - 1));
  const margin = Math.max(0, Math.min(marginRows, Math.floor((visible - 1) / 2)));
  const inSight = Math.min(Math.max(top, place - visible + 1 + margin), place - margin);
  return { at: place, top: Math.max(0, Math.min(inSight, count - visible)) };
}

/** After a moving action; undefined when the action is none. */
export function moved(
  action: ActionId,
  { at, top }: Viewport,
  count: number,
  visible: number,
): Viewport | undefined {
  const screen = Math.max(1, visible - 1);
  switch (action) {
    case 'up':
      return settled({ at: at - 1, top }, count, visible);
    case 'down':
      return settled({ at: at + 1, top }, count, visible);
    case 'pageUp':
      return settled({ at: at - screen, top: top - screen }, count, visible);
    case 'pageDown':
      return settled({ at: at + screen, top: top + screen }, count, visible);
    case 'top':
      return settled({ at: 0, top: 0 }, count, visible);
    case 'bottom':
      return settled({ at: count - 1, top: count - visible }, count, visible);
    default:
      return undefined;
  }
}
