/**
 * When a server backs up, and which of its backups it keeps. Pure: store/backup-keeper.ts acts on it. Each server
 * has a moment of its own in every period, drawn from its name, so that they do not all read the store at once.
 */

export interface BackupPolicy {
  /** A backup in every period of this length; 0: none by itself. */
  readonly everyMs: number;
  /** So many of the newest are kept … */
  readonly newest: number;
  /** … and the last of each of so many days that have one (UTC). */
  readonly days: number;
}

export interface KeptBackup {
  readonly name: string;
  /** When it was made. */
  readonly at: number;
}

const dayMs = 24 * 60 * 60_000;
/** Days without a backup leave older ones counted: this is where they end. The newest never goes. */
const maxAgeDays = 4;

/** The names to remove: neither among the newest nor the last of a day that counts, or much too old. */
export function outdatedBackups(
  backups: readonly KeptBackup[],
  { newest, days }: BackupPolicy,
  now: number,
): string[] {
  const sorted = [...backups].sort((a, b) => b.at - a.at);
  const kept = new Set<string>();
  const seenDays = new Set<number>();
  const oldestAt = now - days * maxAgeDays * dayMs;
  for (const [place, { name, at }] of sorted.entries()) {
    const day = Math.floor(at / dayMs);
    const lastOfDay = !seenDays.has(day) && seenDays.size < days;
    if (lastOfDay) seenDays.add(day);
    if (place === 0 || ((place < newest || lastOfDay) && at >= oldestAt)) kept.add(name);
  }
  return sorted.filter(({ name }) => !kept.has(name)).map(({ name }) => name);
}

/**
 * When the next one is due: in the first period of this server that has none yet. In the past when one was missed.
 * @param lastAt when the newest was made; undefined: there is none
 */
export function nextBackupAt(
  lastAt: number | undefined,
  { everyMs }: Pick<BackupPolicy, 'everyMs'>,
  server: string,
): number {
  if (lastAt === undefined) return 0;
  const offset = shareOf(server) * everyMs;
  return (Math.floor((lastAt - offset) / everyMs) + 1) * everyMs + offset;
}

/** A number in [0, 1) that only the name decides: FNV-1a, and murmur's last step, since names differ at their end. */
function shareOf(name: string): number {
  let hash = 0x811c9dc5;
  for (const character of name) {
    hash ^= character.codePointAt(0) ?? 0;
    hash = Math.imul(hash, 0x01000193) >>> 0;
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

const nameShape = /^(\d{4})-(\d\d)-(\d\d)T(\d\d)(\d\d)(\d\d)Z-r(\d+)\.skep-backup$/;

/** `2026-11-21T224000Z-r1234.skep-backup`. */
export function backupName(at: number, revision: number): string {
  const text = new Date(at).toISOString().slice(0, 19).replaceAll(':', '');
  return `${text}Z-r${revision}.skep-backup`;
}

/** Whether a file name is one of ours; nothing else is listed, opened or removed. */
export function isBackupName(name: string): boolean {
  return nameShape.test(name);
}
