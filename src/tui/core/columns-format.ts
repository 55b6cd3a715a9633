/**
 * How the values of a table are written, by the format of their column. Used by every table of the terminal UI; what
 * comes out is text that is not escaped yet: the canvas does that.
 */
import type { ViewColumn } from '../../api/core/view-columns.ts';
import type { Scalar } from '../../api/core/view-shapes.ts';
import type { Settings } from './page.ts';

export type ColumnFormat = ViewColumn['format'];

export interface TimeWriting {
  /** Epoch milliseconds by the cluster's clock. */
  readonly now: number;
  readonly times: Settings['times'];
}

/** Numbers stand at the right edge of their column, so that their digits are below each other. */
export const isNumeric = (format: ColumnFormat): boolean =>
  format === 'count' || format === 'mb' || format === 'percent' || format === 'age';

/** The text of a value. Nothing known is a dash, so that it is not taken for zero or for empty. */
export function formatValue(value: Scalar | undefined, format: ColumnFormat, time: TimeWriting): string {
  if (value === null || value === undefined) return '-';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string') return value;
  switch (format) {
    case 'age':
      return time.times === 'age' ? formatAge(time.now - value) : formatTime(value, time.times);
    case 'mb':
      return formatMb(value);
    case 'percent':
      return `${Math.round(value)}`;
    default:
      return formatCount(value);
  }
}

/** `1,204`; from a million on `1.2M`. Never cut: a number without its end is another number. */
export function formatCount(count: number): string {
  if (Math.abs(count) >= 1_000_000) return `${(count / 1_000_000).toFixed(1)}M`;
  if (!Number.isInteger(count)) return count.toFixed(1);
  return Math.abs(count) < 10_000 ? String(count) : grouped(count);
}

/** `12,345`, also below ten thousand. */
export const grouped = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ',');

/** Mebibytes as `512M`, `1.5G`, `128G`, `2.1T`. */
export function formatMb(mb: number): string {
  if (mb < 1_024) return `${Math.round(mb)}M`;
  const [amount, unit] = mb < 1_048_576 ? [mb / 1_024, 'G'] : [mb / 1_048_576, 'T'];
  const isShort = amount < 10 && !Number.isInteger(amount);
  return `${isShort ? amount.toFixed(1) : Math.round(amount)}${unit}`;
}

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** At most five characters, as k9s writes them: `42s`, `3m12s`, `47m`, `4h5m`, `23h`, `2d3h`, `12d`, `3y`. */
export function formatAge(spanMs: number): string {
  const span = Math.max(0, spanMs);
  if (span < minute) return `${Math.floor(span / second)}s`;
  if (span < hour) return two(span, minute, 'm', second, 's');
  if (span < day) return two(span, hour, 'h', minute, 'm');
  if (span < 1_000 * day) return two(span, day, 'd', hour, 'h');
  return `${Math.floor(span / (365 * day))}y`;
}

function two(span: number, large: number, largeUnit: string, small: number, smallUnit: string): string {
  const whole = Math.floor(span / large);
  const rest = Math.floor((span % large) / small);
  return whole >= 10 || rest === 0 ? `${whole}${largeUnit}` : `${whole}${largeUnit}${rest}${smallUnit}`;
}

/** `11-21 21:41:25` on this host's clock; in UTC with a Z. */
export function formatTime(at: number, times: 'local' | 'utc'): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return '-';
  if (times === 'utc') return `${date.toISOString().slice(5, 19).replace('T', ' ')}Z`;
  const parts = [date.getMonth() + 1, date.getDate(), date.getHours(), date.getMinutes(), date.getSeconds()];
  const [month, dayOfMonth, hours, minutes, seconds] = parts.map((part) => String(part).padStart(2, '0'));
  return `${month}-${dayOfMonth} ${hours}:${minutes}:${seconds}`;
}

/** Cells that a time takes as it is written now. */
const timeWidth: Readonly<Record<Settings['times'], number>> = { age: 5, local: 14, utc: 15 };

/** The columns with the room that times need. */
export function columnsFor(columns: readonly ViewColumn[], times: Settings['times']): readonly ViewColumn[] {
  if (times === 'age') return columns;
  const width = timeWidth[times];
  return columns.map((column) =>
    column.format === 'age' ? { ...column, title: 'TIME', width: [width, width] as const } : column,
  );
}
