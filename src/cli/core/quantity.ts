/**
 * Strict readers for what people type: durations, sizes, ports, checks. Each throws `InvalidRequest` that says
 * what was wrong, the value, and what would be right; nothing is guessed.
 */
import { SkepError } from '../../base/core/errors.ts';
import type { EnvVar } from '../../model/workload.ts';

const valueMaxChars = 60;

/** The refusal of a value. */
export function wrongValue(what: string, text: string, expected: string): SkepError {
  const shown = text.length > valueMaxChars ? `${text.slice(0, valueMaxChars)}…` : text;
  return new SkepError('InvalidRequest', `${what}: ${JSON.stringify(shown)} is not ${expected}`, {
    field: what,
  });
}

/** One of a few words. */
export function parseOneOf<T extends string>(what: string, text: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === text);
  if (found === undefined) throw wrongValue(what, text, `one of ${choices.join(', ')}`);
  return found;
}

/** A whole number in [low, high], in plain digits. */
export function parseWhole(what: string, text: string, low: number, high: number): number {
  const value = Number(text);
  if (!/^-?\d{1,15}$/.test(text) || value < low || value > high) {
    throw wrongValue(what, text, `a whole number from ${low} to ${high}`);
  }
  return value;
}

/** `8080:80`: the container's port, then the one of the host that it insists on. */
export function parseFixedPort(text: string): { containerPort: number; hostPort: number } {
  const [container, host, ...rest] = text.split(':');
  if (container === undefined || host === undefined || rest.length > 0) {
    throw wrongValue('--host-port', text, 'CONTAINER:HOST, such as 8080:80');
  }
  return {
    containerPort: parseWhole('--host-port', container, 1, 65_535),
    hostPort: parseWhole('--host-port', host, 1, 65_535),
  };
}

const durationUnitsMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const durationPart = /(\d+(?:\.\d{1,3})?)(ms|s|m|h|d)/g;

/** `500ms`, `90s`, `1m30s`, `2h`, `1d`, as milliseconds; a bare `0` is none. */
export function parseDurationMs(what: string, text: string): number {
  if (text === '0') return 0;
  let ms = 0;
  let used = 0;
  for (const [all, amount, unit] of text.matchAll(durationPart)) {
    ms += Number(amount) * (durationUnitsMs[unit ?? ''] ?? Number.NaN);
    used += all.length;
  }
  const whole = Math.round(ms);
  if (used !== text.length || used === 0 || !Number.isSafeInteger(whole)) {
    throw wrongValue(what, text, 'a duration such as 90s, 1m30s or 500ms');
  }
  return whole;
}

const sizeUnitsMb: Readonly<Record<string, number>> = { '': 1, m: 1, g: 1024, t: 1024 * 1024 };

/** Mebibytes: `256`, `256M`, `1.5G`, `1GiB`. */
export function parseMebibytes(what: string, text: string): number {
  const match = /^(\d+(?:\.\d{1,3})?)([mgt]?)(?:i?b)?$/i.exec(text);
  const mb =
    match === null ? Number.NaN : Number(match[1]) * (sizeUnitsMb[(match[2] ?? '').toLowerCase()] ?? 0);
  if (!Number.isSafeInteger(mb)) throw wrongValue(what, text, 'a size in MiB such as 256, 256M or 1.5G');
  return mb;
}

/** Cores as thousandths: `0.5` is 500. */
export function parseCpuMilli(what: string, text: string): number {
  const milli = Number(text) * 1_000;
  if (!/^\d{1,4}(\.\d{1,3})?$/.test(text) || milli > 1_024_000) {
    throw wrongValue(what, text, 'a number of cores from 0 to 1024 such as 0.5');
  }
  return Math.round(milli);
}

/** `KEY=VALUE`; `KEY` alone takes the value from `environment`. */
export function parseEnvVar(text: string, environment: Readonly<Record<string, string | undefined>>): EnvVar {
  const at = text.indexOf('=');
  const name = at < 0 ? text : text.slice(0, at);
  if (name === '' || /[\s\0]/.test(name)) throw wrongValue('-e', text, 'NAME=VALUE');
  if (at >= 0) return { name, value: text.slice(at + 1) };
  const value = environment[name];
  if (value === undefined) {
    throw wrongValue('-e', text, `NAME=VALUE, and there is no variable ${name} here to take the value from`);
  }
  return { name, value };
}

/** A file of `NAME=VALUE` lines; empty lines and those that begin with `#` do not count. */
export function parseEnvFile(path: string, text: string): EnvVar[] {
  return text.split(/\r?\n/).flatMap((line, index) => {
    if (line.trim() === '' || line.trimStart().startsWith('#')) return [];
    const at = line.indexOf('=');
    const name = line.slice(0, at).trim();
    if (at < 1 || /\s/.test(name)) throw wrongValue(`${path}:${index + 1}`, line, 'NAME=VALUE');
    return [{ name, value: line.slice(at + 1) }];
  });
}

/** `NAME=VALUE` of a label. */
export function parseLabel(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw wrongValue('--label', text, 'NAME=VALUE');
  return [text.slice(0, at), text.slice(at + 1)];
}

/** `15m` ago, an ISO time or seconds since the epoch, as milliseconds since the epoch. */
export function parseSince(what: string, text: string, now: number): number {
  if (/^\d{9,11}(\.\d+)?$/.test(text)) return Math.round(Number(text) * 1_000);
  if (/^\d{4}-\d\d-\d\d/.test(text)) {
    const at = Date.parse(text);
    if (!Number.isNaN(at)) return at;
  }
  try {
    return now - parseDurationMs(what, text);
  } catch (cause) {
    const message = wrongValue(what, text, 'a time such as 15m, 2026-11-21T18:00:00Z or 1795300000').message;
    throw new SkepError('InvalidRequest', message, { field: what, cause });
  }
}
