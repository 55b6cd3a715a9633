/** One log line as it is printed. Used by commands/logs.ts. */
import { describeEnd } from '../../api/core/log-end.ts';
import type { MergedLine } from '../../api/core/log-merge.ts';
import { paintByKey } from './colour.ts';
import { escapeLogLine, escapeText } from './escape.ts';
import { formatTime } from './format.ts';
import { padEnd } from './width.ts';

export interface LogLineOptions {
  readonly prefix: boolean;
  readonly colour: boolean;
  /** Control characters pass as they are. */
  readonly raw: boolean;
  /** Times before the line: in UTC, in local time by `Date`'s offset, or none. */
  readonly time: 'none' | 'utc' | { readonly offsetMinutes: number };
}

/**
 * `web/2 cell-1 | text`. The prefix is padded to the longest; its colour is the instance's own in every run.
 * @param source `name/index cell` of the stream
 */
export function formatLogLine(
  line: MergedLine,
  source: string,
  width: number,
  options: LogLineOptions,
): string {
  const text = options.raw ? line.text : escapeLogLine(line.text, options.colour);
  const at = formatLineTime(line.at, options.time);
  if (!options.prefix) return at + text;
  const [key = ''] = source.split(' ');
  const prefix = paintByKey(options.colour, key, `${padEnd(escapeText(source), width)} |`);
  return `${prefix} ${at}${text}`;
}

function formatLineTime(at: number, time: LogLineOptions['time']): string {
  if (time === 'none') return '';
  return `${formatTime(at, time === 'utc' ? undefined : time.offsetMinutes)} `;
}

/** How an instance's end is told: `-- web/2 exited 137 on cell-4 --`. */
export function formatEnd(
  name: string,
  cellId: string,
  code: number | undefined,
  reason: string | undefined,
): string {
  return escapeText(describeEnd(name, cellId, code, reason));
}
