/** Ages, amounts and times as people read them. */

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** A length of time in its two largest units: `45s`, `3m20s`, `2h5m`, `4d3h`. */
export function formatDuration(ms: number): string {
  const whole = Math.max(0, ms);
  if (whole < minute) return `${Math.floor(whole / second)}s`;
  if (whole < hour) return pair(whole, minute, 'm', second, 's');
  if (whole < day) return pair(whole, hour, 'h', minute, 'm');
  return pair(whole, day, 'd', hour, 'h');
}

function pair(ms: number, large: number, largeUnit: string, small: number, smallUnit: string): string {
  const rest = Math.floor((ms % large) / small);
  return `${Math.floor(ms / large)}${largeUnit}${rest === 0 ? '' : `${rest}${smallUnit}`}`;
}

/** How long ago, for columns. */
export function formatAge(at: number, now: number): string {
  return formatDuration(now - at);
}

/** Mebibytes: `256M`, `1.5G`. */
export function formatMebibytes(mb: number): string {
  if (mb < 1024) return `${mb}M`;
  const gibibytes = mb / 1024;
  return `${gibibytes >= 100 ? Math.round(gibibytes) : Math.round(gibibytes * 10) / 10}G`;
}

/** `2026-11-21T18:45:06.123Z`, or without the zone in local time shifted by `offsetMinutes` (as Date's). */
export function formatTime(at: number, offsetMinutes: number | undefined): string {
  if (offsetMinutes === undefined) return new Date(at).toISOString();
  return new Date(at - offsetMinutes * minute).toISOString().slice(0, -1);
}

/** `1 instance`, `2 instances`. */
export function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
