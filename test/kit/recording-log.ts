/** A log that a test looks into. */
import type { Log, LogFields } from '../../src/base/log.ts';

export interface LogLine {
  readonly event: string;
  readonly fields: LogFields;
}

export function recordingLog(): { readonly log: Log; readonly lines: readonly LogLine[] } {
  const lines: LogLine[] = [];
  const note = (event: string, fields: LogFields = {}): void => void lines.push({ event, fields });
  const log: Log = { debug: note, info: note, warn: note, error: note, with: () => log };
  return { log, lines };
}
