/** The real log: JSON lines on standard error, by pino. */
import { type Logger, pino } from 'pino';
import type { Log, LogFields } from '../log.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export function pinoLog(level: LogLevel): Log {
  return wrap(pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination(2)));
}

function wrap(logger: Logger): Log {
  return {
    debug: (event, fields) => logger.debug(fields ?? {}, event),
    info: (event, fields) => logger.info(fields ?? {}, event),
    warn: (event, fields) => logger.warn(fields ?? {}, event),
    error: (event, fields) => logger.error(fields ?? {}, event),
    with: (fields: LogFields) => wrap(logger.child(fields)),
  };
}
