/** What is done about the servers, in sentences. Used by `skep server ls`, `skep status` and the page of the brain. */
import { spanOf } from './age.ts';
import type { QuorumView } from './server-shapes.ts';

/** `h4 replaces h2 in 6 min`; at most one line, none when nothing is under way or to come. */
export function quorumLine({ change, next }: QuorumView, now: number): string | undefined {
  if (change !== undefined) {
    const { kind, server, by, reason, at } = change;
    const what = kind === 'add' ? `${server} is being made a server` : `${server} is being removed`;
    return `${what} (${reason}; ${by}, for ${spanOf(now - at)})`;
  }
  if (next === undefined) return undefined;
  if (next.at === undefined) return next.text;
  return next.at <= now ? `${next.text} now` : `${next.text} in ${spanOf(next.at - now)}`;
}

/** How the last change ended. */
export function lastChangeLine({ last }: QuorumView, now: number): string | undefined {
  if (last === undefined) return undefined;
  const { kind, server, endedAt, isDone, outcome, reason } = last;
  const ago = `${spanOf(now - endedAt)} ago`;
  if (!isDone) return `${server} was not ${kind === 'add' ? 'added' : 'removed'} ${ago}: ${outcome}`;
  return `${server} was ${kind === 'add' ? 'added' : 'removed'} ${ago}: ${reason}`;
}
