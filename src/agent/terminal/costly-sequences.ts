/**
 * Sequences that make the emulator work in proportion to a number which the program chooses: "scroll by two thousand
 * million lines" would stand still the whole agent. Used by xterm-emulator.ts.
 */
import type { Terminal } from '@xterm/headless';

/** By lines: insert and delete lines, scroll up and down. */
const byRows = ['L', 'M', 'S', 'T'] as const;
/** By cells: insert and repeat characters, tabs forth and back. */
const byCells = ['@', 'b', 'I', 'Z'] as const;

/**
 * Numbers beyond the screen are passed over. A terminal would treat most of them as the screen's size; no program
 * is known to ask for it.
 */
export function refuseCostlySequences(terminal: Terminal): void {
  const isBeyond = (params: readonly (number | number[])[], limit: number): boolean =>
    typeof params[0] === 'number' && params[0] > limit;
  for (const final of byRows) {
    terminal.parser.registerCsiHandler({ final }, (params) => isBeyond(params, terminal.rows));
  }
  for (const final of byCells) {
    terminal.parser.registerCsiHandler({ final }, (params) => isBeyond(params, terminal.cols));
  }
}
