/** Finding text in an emulator's buffer: as typed, small letters find capitals too. Used by emulator.ts and screen.ts. */
import type { IBuffer, IBufferLine } from '@xterm/headless';

/** The next line from there, in that direction, that holds the text; undefined when none does. */
export function findLine(buffer: IBuffer, search: string, from: number, step: 1 | -1): number | undefined {
  if (search === '') return undefined;
  for (let y = from; y >= 0 && y < buffer.length; y += step) {
    const line = buffer.getLine(y);
    if (line !== undefined && folded(line.translateToString(true), search).includes(search)) return y;
  }
  return undefined;
}

/** Where on the line the text is. */
export function* matchesIn(line: IBufferLine, search: string): Generator<{ x: number; columns: number }> {
  const text = folded(line.translateToString(true), search);
  let at = text.indexOf(search);
  if (at < 0) return;
  const columns = columnsOf(line);
  while (at >= 0) {
    const x = columns[at] ?? 0;
    const end = columns[at + search.length] ?? line.length;
    yield { x, columns: end - x };
    at = text.indexOf(search, at + search.length);
  }
}

const folded = (text: string, search: string): string =>
  search === search.toLowerCase() && text.toLowerCase().length === text.length ? text.toLowerCase() : text;

/** The column that each UTF-16 unit of the line's text is drawn in. */
function columnsOf(line: IBufferLine): number[] {
  const columns: number[] = [];
  for (let x = 0; x < line.length; x += 1) {
    const cell = line.getCell(x);
    if (cell === undefined || cell.getWidth() === 0) continue;
    for (let unit = 0; unit < Math.max(1, cell.getChars().length); unit += 1) columns.push(x);
  }
  return columns;
}
