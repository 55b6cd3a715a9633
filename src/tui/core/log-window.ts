/**
 * The part of a log that is on the screen: which line, and which row of it, is at the top. Moves by rows without laying
 * out more lines than it passes. Used by logs-page.ts and logs-draw.ts.
 */
import { firstLine, type LogBuffer, lineAt } from './log-buffer.ts';
import { heightOf, type LineLayout } from './log-layout.ts';
import type { LogSelection } from './log-selection.ts';

/** A row of a line; the first is 0. */
export interface LogPlace {
  readonly line: number;
  readonly row: number;
}

export interface LogWindow {
  readonly buffer: LogBuffer;
  readonly selection: LogSelection;
  readonly layout: LineLayout;
  readonly rows: number;
}

const heightAt = ({ buffer, layout }: LogWindow, line: number): number =>
  heightOf(lineAt(buffer, line)?.text ?? '', layout);

/** Where the screen begins when the end of the log is at its foot; undefined when there is nothing to show. */
export function placeOfEnd(window: LogWindow): LogPlace | undefined {
  const { buffer, selection, rows } = window;
  const last = selection.from(buffer, buffer.next - 1, -1);
  if (last === undefined) return undefined;
  return movedUp(window, { line: last, row: heightAt(window, last) - 1 }, rows - 1);
}

export function placeOfStart({ buffer, selection }: LogWindow): LogPlace | undefined {
  const line = selection.from(buffer, firstLine(buffer), 1);
  return line === undefined ? undefined : { line, row: 0 };
}

export function movedUp(window: LogWindow, from: LogPlace, rows: number): LogPlace {
  const { buffer, selection } = window;
  let place = from;
  let left = rows;
  while (left > place.row) {
    const before = selection.from(buffer, place.line - 1, -1);
    if (before === undefined) return { line: place.line, row: 0 };
    left -= place.row + 1;
    place = { line: before, row: heightAt(window, before) - 1 };
  }
  return { line: place.line, row: place.row - left };
}

/** Undefined when the end is reached: from there on the log is followed. */
export function movedDown(window: LogWindow, from: LogPlace, rows: number): LogPlace | undefined {
  const { buffer, selection } = window;
  let place = from;
  let left = rows;
  for (;;) {
    const below = heightAt(window, place.line) - 1 - place.row;
    if (left <= below) {
      place = { line: place.line, row: place.row + left };
      break;
    }
    const next = selection.from(buffer, place.line + 1, 1);
    if (next === undefined) return undefined;
    left -= below + 1;
    place = { line: next, row: 0 };
  }
  const end = placeOfEnd(window);
  return end === undefined || !isBefore(place, end) ? undefined : place;
}

const isBefore = (a: LogPlace, b: LogPlace): boolean =>
  a.line < b.line || (a.line === b.line && a.row < b.row);

/** The same place where it still is: its line may have made room for newer ones, or be hidden now. */
export function keptPlace({ buffer, selection, layout }: LogWindow, place: LogPlace): LogPlace | undefined {
  const line = selection.from(buffer, Math.max(place.line, firstLine(buffer)), 1);
  if (line === undefined) return undefined;
  if (line !== place.line) return { line, row: 0 };
  const height = heightOf(lineAt(buffer, line)?.text ?? '', layout);
  return { line, row: Math.min(place.row, height - 1) };
}
