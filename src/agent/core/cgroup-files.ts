/**
 * What the files of a control group say, of versions 1 and 2: the kernel's documents cgroup-v1/ and cgroup-v2.rst.
 * Used by host/container-meter.ts.
 */

/** So much memory is no limit: version 1 writes the largest number of pages there is. */
const noLimitBytes = 2 ** 60;
/**
 * Devices that lie on others, whose bytes would count twice: loop, md, device-mapper (its usual number).
 * Linux's Documentation/admin-guide/devices.txt.
 */
const stackedMajors: ReadonlySet<string> = new Set(['7', '9', '253']);

/** A number alone in a file; undefined for anything else, such as `max`. */
export function parseNumber(text: string): number | undefined {
  const trimmed = text.trim();
  return /^\d+$/.test(trimmed) ? Number(trimmed) : undefined;
}

/** Undefined when there is no limit. */
export function parseLimit(text: string): number | undefined {
  const limit = parseNumber(text);
  return limit === undefined || limit >= noLimitBytes ? undefined : limit;
}

/** The value behind a name in files of `name value` lines: memory.stat, cpu.stat. */
export function parseStat(text: string, name: string): number | undefined {
  const at = text.startsWith(`${name} `) ? 0 : text.indexOf(`\n${name} `) + 1;
  if (at === 0 && !text.startsWith(`${name} `)) return undefined;
  const end = text.indexOf('\n', at);
  return parseNumber(text.slice(at + name.length + 1, end < 0 ? undefined : end));
}

export interface IoBytes {
  readonly readBytes: number;
  readonly writtenBytes: number;
}

/** io.stat of version 2: `8:0 rbytes=1 wbytes=2 rios=3 …`. */
export function parseIoStat(text: string): IoBytes {
  let readBytes = 0;
  let writtenBytes = 0;
  for (const line of text.split('\n')) {
    if (isStacked(line)) continue;
    readBytes += Number(/ rbytes=(\d+)/.exec(line)?.[1] ?? 0);
    writtenBytes += Number(/ wbytes=(\d+)/.exec(line)?.[1] ?? 0);
  }
  return { readBytes, writtenBytes };
}

/** blkio.throttle.io_service_bytes of version 1: `8:0 Read 1`. */
export function parseServiceBytes(text: string): IoBytes {
  let readBytes = 0;
  let writtenBytes = 0;
  for (const line of text.split('\n')) {
    if (isStacked(line)) continue;
    const [, operation, bytes] = line.split(' ');
    if (operation === 'Read') readBytes += Number(bytes);
    if (operation === 'Write') writtenBytes += Number(bytes);
  }
  return { readBytes, writtenBytes };
}

const isStacked = (line: string): boolean => stackedMajors.has(line.slice(0, line.indexOf(':')));
