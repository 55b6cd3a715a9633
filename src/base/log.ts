/** Structured logging as a port: a fixed event name and typed fields, no sentences. */

export interface LogFields {
  readonly [name: string]: string | number | boolean | undefined | readonly string[];
}

export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  /** The same log with fields on every record. */
  with(fields: LogFields): Log;
}

/** Says nothing; for tests whose log does not matter. */
export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  with: () => silentLog,
};
