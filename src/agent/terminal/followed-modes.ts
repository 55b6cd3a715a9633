/**
 * Modes of a terminal that xterm knows and does not tell: followed by listening to the sequences that set them. Used
 * by xterm-emulator.ts.
 */
import type { Terminal } from '@xterm/headless';

export interface ScrollRegion {
  /** First and last row, from 1. */
  readonly top: number;
  readonly bottom: number;
}

export interface FollowedModes {
  /** Undefined: the whole screen. */
  readonly regions: { normal: ScrollRegion | undefined; alternate: ScrollRegion | undefined };
  /** How the mouse is reported: 1005, 1006, 1015, 1016. */
  readonly mouseEncodings: ReadonlySet<number>;
  /** Of DECSCUSR; 0 is the terminal's own. */
  cursorStyle: number;
  showsCursor: boolean;
}

export interface ModeFollower {
  readonly current: FollowedModes;
  /** A new size frees the scroll region, as in every terminal. */
  resized(): void;
}

const mouseEncodings: ReadonlySet<number> = new Set([1005, 1006, 1015, 1016]);
const cursorVisible = 25;

export function followModes(terminal: Terminal): ModeFollower {
  const encodings = new Set<number>();
  const current: FollowedModes = {
    regions: { normal: undefined, alternate: undefined },
    mouseEncodings: encodings,
    cursorStyle: 0,
    showsCursor: true,
  };
  const freeRegions = (): void => {
    current.regions.normal = undefined;
    current.regions.alternate = undefined;
  };
  const reset = (): boolean => {
    freeRegions();
    encodings.clear();
    current.cursorStyle = 0;
    current.showsCursor = true;
    return false;
  };
  const setModes = (params: readonly (number | number[])[], isOn: boolean): boolean => {
    for (const mode of params) {
      if (mode === cursorVisible) current.showsCursor = isOn;
      if (typeof mode !== 'number' || !mouseEncodings.has(mode)) continue;
      if (isOn) encodings.add(mode);
      else encodings.delete(mode);
    }
    return false;
  };
  // Every handler answers false: xterm's own work follows.
  const { parser } = terminal;
  parser.registerCsiHandler({ prefix: '?', final: 'h' }, (params) => setModes(params, true));
  parser.registerCsiHandler({ prefix: '?', final: 'l' }, (params) => setModes(params, false));
  parser.registerCsiHandler({ intermediates: ' ', final: 'q' }, ([style]) => {
    current.cursorStyle = typeof style === 'number' && style <= 6 ? style : 0;
    return false;
  });
  parser.registerCsiHandler({ final: 'r' }, ([top, bottom]) => {
    current.regions[terminal.buffer.active.type] = regionOf(top, bottom, terminal.rows);
    return false;
  });
  parser.registerCsiHandler({ intermediates: '!', final: 'p' }, reset);
  parser.registerEscHandler({ final: 'c' }, reset);
  return { current, resized: freeRegions };
}

/** DECSTBM: what is left out or too large means the edge of the screen; one that is too small is no region. */
function regionOf(top: unknown, bottom: unknown, rows: number): ScrollRegion | undefined {
  const first = typeof top === 'number' && top > 0 ? top : 1;
  const last = typeof bottom === 'number' && bottom > 0 && bottom < rows ? bottom : rows;
  if (first >= last || (first === 1 && last === rows)) return undefined;
  return { top: first, bottom: last };
}
