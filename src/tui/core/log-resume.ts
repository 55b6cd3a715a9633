/**
 * A logs page whose feed is begun again (it was left and come back to, or everything was asked for anew) keeps its
 * lines: what comes once more is left out, and what was written meanwhile is asked for. Used by logs-page.ts.
 */
import { type LogBuffer, linesOf } from './log-buffer.ts';
import type { LogRequest } from './log-request.ts';
import type { LogLine } from './page.ts';

/** Lines of different cells come a little out of order: so much is read once more. */
const overlapMs = 10_000;
/** So many as the page can keep: the time is the bound. */
const resumeLines = 100_000;

/** By source: the moment of its newest line, and what it wrote in it. */
export type LogResume = ReadonlyMap<string, { readonly at: number; readonly texts: ReadonlySet<string> }>;

export function resumeOf(buffer: LogBuffer): LogResume {
  const newest = new Map<string, { at: number; texts: Set<string> }>();
  for (const { source, at, stream, text } of linesOf(buffer)) {
    if (stream === 'note') continue;
    const known = newest.get(source);
    if (known === undefined || at > known.at) newest.set(source, { at, texts: new Set([text]) });
    else if (at === known.at) known.texts.add(text);
  }
  return newest;
}

/** What is asked for so that nothing is missing after the lines that are there; the same request when there are none. */
export function requestAfter(request: LogRequest, buffer: LogBuffer): LogRequest {
  let newest = Number.NEGATIVE_INFINITY;
  for (const { at, stream } of linesOf(buffer)) if (stream !== 'note') newest = Math.max(newest, at);
  if (newest === Number.NEGATIVE_INFINITY || request.previous) return request;
  return { ...request, since: newest - overlapMs, tail: resumeLines };
}

/** The lines that had not come before. A source that is past what was known of it is not looked at any more. */
export function freshLines(
  resume: LogResume,
  lines: readonly LogLine[],
): { readonly lines: readonly LogLine[]; readonly resume: LogResume } {
  if (resume.size === 0) return { lines, resume };
  const left = new Map(resume);
  const fresh = lines.filter(({ source, at, stream, text }) => {
    const known = stream === 'note' ? undefined : left.get(source);
    if (known === undefined) return true;
    if (at > known.at) left.delete(source);
    return at > known.at || (at === known.at && !known.texts.has(text));
  });
  return { lines: fresh, resume: left };
}
