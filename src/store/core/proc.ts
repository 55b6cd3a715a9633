/**
 * Linux's /proc as text → facts: who is a process, who listens on a port. Read by etcd/etcd-process.ts and
 * etcd/port-owner.ts.
 */
import { statField } from '../../base/core/proc-stat.ts';

export interface ProcessStat {
  /** Ticks after boot: with the pid it names one process for good. */
  readonly startTime: number;
  /** Ended, but nobody has waited for it. */
  readonly dead: boolean;
}

/** `/proc/PID/stat`; undefined when the text is none. */
export function parseStat(text: string): ProcessStat | undefined {
  const since = statField(text, 'startTime');
  const startTime = Number(since);
  if (since === '' || !Number.isSafeInteger(startTime)) return undefined;
  const state = statField(text, 'state');
  return { startTime, dead: state === 'Z' || state === 'X' };
}

/** `/proc/PID/cmdline`: the words, without their closing zeroes. */
export function parseCmdline(text: string): string[] {
  return text.split('\0').filter((word) => word !== '');
}

const listening = '0A';

/**
 * The inode of the socket that takes connections to an IPv4 address and port: it listens there, on every
 * address, or on every address of IPv6, which takes those of IPv4 too.
 * @param tables the text of `/proc/net/tcp`, and of `/proc/net/tcp6`
 */
export function listenerInode(tables: string, address: string, port: number): string | undefined {
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0');
  const hex = hexAddress(address);
  const any = '00000000';
  const places = [hex, any, any.repeat(4), `0000000000000000FFFF0000${hex}`].map(
    (place) => `${place}:${hexPort}`,
  );
  for (const line of tables.split('\n')) {
    const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
    if (state === listening && local !== undefined && places.includes(local)) return inode;
  }
  return undefined;
}

/** 127.0.0.1 → 0100007F, as a little-endian kernel prints it. */
function hexAddress(address: string): string {
  const bytes = address.split('.').map((byte) => Number(byte).toString(16).toUpperCase().padStart(2, '0'));
  return bytes.toReversed().join('');
}
