/**
 * What a backup file is, as data: a line that names the format, a line of JSON (the header), the compressed
 * records, and a line of JSON (the trailer) with a checksum over everything before it and over itself. Used by
 * backup-writer.ts, backup-file.ts and whoever lists or restores. docs/operations.md tells operators of it.
 *
 *     SKEP-BACKUP 1
 *     {"clusterId":…,"revision":…}
 *     compressed lines, one a record: ["key","value"] or ["key","value",1] for one that was under a lease
 *     {"records":…,"sha256":…}
 */
import { z } from 'zod';
import { decode } from './codec.ts';
import { parseKey, root } from './keys.ts';
import { misplaced } from './misplaced.ts';

/** The first line of every file; another number is another format. */
export const backupMagic = 'SKEP-BACKUP 1\n';

const count = z.number().int().min(0);

export const backupHeaderSchema = z.object({
  clusterId: z.string().min(1),
  /** The server that wrote it. */
  server: z.string(),
  /** Of the program that wrote it. */
  version: z.string(),
  /** Milliseconds since the epoch, by that server's clock. */
  at: z.number(),
  /** The store's revision at which everything in it was read. */
  revision: count,
  compression: z.literal('zstd'),
});
export type BackupHeader = Readonly<z.infer<typeof backupHeaderSchema>>;

export const backupTrailerSchema = z.object({
  records: count,
  /** Records by kind, such as `desired`, `actual`, `event`. */
  counts: z.record(z.string(), count),
  /** Leased records that are worth nothing later, by kind: who leads, domains that are to run out. */
  leftOut: z.record(z.string(), count),
  /** Bytes between the header's line and the trailer's, the line break before the trailer not counted. */
  bodyBytes: count,
  /** Of every byte before the trailer's line, followed by the trailer itself without this field. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type BackupTrailer = Readonly<z.infer<typeof backupTrailerSchema>>;
export type UnsignedTrailer = Omit<BackupTrailer, 'sha256'>;

/** In place of a trailer: the server could not go on, and why. Such a file is worth nothing. */
export const backupFailureSchema = z.object({ failed: z.string() });

/** The text of a trailer that the checksum is over; fields in one order, whoever writes it. */
export function unsignedText({ records, counts, leftOut, bodyBytes }: UnsignedTrailer): string {
  return JSON.stringify({ records, counts, leftOut, bodyBytes });
}

export interface BackupRecord {
  readonly key: string;
  readonly value: string;
  readonly leased: boolean;
}

/** A line of the body, with its end. */
export function recordLine({ key, value, leased }: BackupRecord): string {
  return `${JSON.stringify(leased ? [key, value, 1] : [key, value])}\n`;
}

const lineSchema = z.union([
  z.tuple([z.string(), z.string()]),
  z.tuple([z.string(), z.string(), z.literal(1)]),
]);

/** The record of a line; undefined when the line is none. */
export function parseRecordLine(line: string): BackupRecord | undefined {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    // Total, like the codec: whoever reads says where and what follows from it.
    return undefined;
  }
  const parsed = lineSchema.safeParse(json);
  if (!parsed.success) return undefined;
  const [key, value, leased] = parsed.data;
  return { key, value, leased: leased === 1 };
}

/** What a record counts as: the kind of its key, or the first word behind the root for one that we have no kind for. */
export function kindOf(key: string): string {
  return parseKey(key)?.kind ?? (key.slice(root.length).split('/')[0] || 'other');
}

/**
 * Whether a record goes into a backup. What is under a lease says that somebody lived at that moment, and is left
 * out: who led, domains that are to be refreshed (a stale one deletes nothing). Presences go in, marked: a restore
 * counts the cells that were there as just heard of, so that none is taken for lost before it could answer.
 */
export function belongsInBackup({ key, leased }: BackupRecord): boolean {
  const kind = kindOf(key);
  return kind !== 'leader' && (!leased || kind === 'presence');
}

/** Why a record cannot be read; undefined when it can, or when its kind is of a newer version than this program. */
export function faultOf({ key, value }: BackupRecord): string | undefined {
  if (!key.startsWith(root)) return 'its key is not one of Skep';
  const parsed = parseKey(key);
  if (parsed === undefined) return undefined;
  const decoded = decode(parsed.kind, value);
  return decoded.ok ? misplaced(parsed, decoded.value) : decoded.reason;
}
