/**
 * Tells the log what the API refused: who asked for what, and why not. An attacker must not fill a disk, so that after
 * the first line about an address and a code the next ones within ten seconds are only counted. Called by whatever
 * refuses: errors.ts, upgrade.ts, listen.ts.
 */
import type { Clock } from '../../base/clock.ts';
import type { ErrorCode } from '../../base/core/errors.ts';
import type { Log } from '../../base/log.ts';

export interface Refusal {
  readonly code: ErrorCode;
  /** The peer's address; undefined on the local socket. */
  readonly from: string | undefined;
  /** For the journal as well: `alice (viewer, certificate) from 10.0.0.5`. Absent where nobody was asked. */
  readonly actor?: string | undefined;
  /** `GET /v1/lrps`, or `a connection`. */
  readonly what: string;
  readonly reason: string;
}

export interface RefusalLog {
  note(refusal: Refusal): void;
}

const quietMs = 10_000;
/** Beyond so many pairs of address and code the rest are told together. */
const sourcesMax = 256;
const textMaxChars = 200;

/** Attacks, or what looks like one. */
const grave: ReadonlySet<ErrorCode> = new Set(['Unauthenticated', 'Unauthorized', 'TooLarge', 'Busy']);
/** Mistakes of programs; what is not there or in conflict is an ordinary answer and not told. */
const mistakes: ReadonlySet<ErrorCode> = new Set(['InvalidRequest']);

export function refusalLog(log: Log, clock: Clock): RefusalLog {
  const sources = new Map<string, { toldAt: number; more: number }>();

  function sourceOf(key: string, now: number): { toldAt: number; more: number } {
    const known = sources.get(key);
    if (known !== undefined) return known;
    if (sources.size >= sourcesMax) forget(sources, now);
    const name = sources.size >= sourcesMax ? 'others' : key;
    const source = sources.get(name) ?? { toldAt: -Infinity, more: 0 };
    sources.set(name, source);
    return source;
  }

  return {
    note({ code, from = 'the local socket', actor, what, reason }) {
      if (!grave.has(code) && !mistakes.has(code)) return;
      const now = clock.now();
      const source = sourceOf(`${code} ${from}`, now);
      if (now < source.toldAt + quietMs) {
        source.more += 1;
        return;
      }
      const fields = {
        code,
        from,
        actor,
        what: what.slice(0, textMaxChars),
        reason: reason.slice(0, textMaxChars),
        /** Of this address and code since the line before. */
        moreBefore: source.more === 0 ? undefined : source.more,
      };
      source.toldAt = now;
      source.more = 0;
      if (grave.has(code)) log.warn('api.refused', fields);
      else log.info('api.refused', fields);
    },
  };
}

/** Those that were quiet lately go. */
function forget(sources: Map<string, { toldAt: number }>, now: number): void {
  for (const [key, { toldAt }] of sources) if (now >= toldAt + quietMs) sources.delete(key);
}
