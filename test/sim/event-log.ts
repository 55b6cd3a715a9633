/**
 * What happened in a simulation, one line an event, readable by a human. The digest over all lines is what two
 * runs of one seed are compared by.
 */
import { createHash } from 'node:crypto';
import type { Log, LogFields } from '../../src/base/log.ts';

export class EventLog {
  readonly lines: string[] = [];
  readonly #digest = createHash('sha256');
  readonly #startMs: number;
  readonly #now: () => number;
  readonly #print: ((line: string) => void) | undefined;

  /** @param print gets every line at once, for a run that is watched */
  constructor(now: () => number, print?: (line: string) => void) {
    this.#now = now;
    this.#startMs = now();
    this.#print = print;
  }

  /** @param who `s1` a server, `c2` a cell, `store`, `fault`, `client`, … */
  add(who: string, what: string): void {
    const seconds = ((this.#now() - this.#startMs) / 1_000).toFixed(3).padStart(8);
    const line = `${seconds} ${who.padEnd(9)} ${what}`;
    this.lines.push(line);
    this.#digest.update(`${line}\n`);
    this.#print?.(line);
  }

  /** Of all lines so far. */
  digest(): string {
    return this.#digest.copy().digest('hex');
  }

  /** The program's own log as lines of this one; what it says for debugging is left out. */
  logOf(who: string): Log {
    const add = (event: string, fields: LogFields = {}): void => {
      const told = Object.entries(fields).filter(([, value]) => value !== undefined);
      this.add(who, [event, ...told.map(([name, value]) => `${name}=${String(value)}`)].join(' '));
    };
    const log: Log = { debug: () => undefined, info: add, warn: add, error: add, with: () => log };
    return log;
  }
}
