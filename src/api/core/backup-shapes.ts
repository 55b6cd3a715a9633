/** What the API tells of the backups that a server keeps. */
import { z } from 'zod';

export const backupViewSchema = z.object({
  name: z.string(),
  /** On that server's disk. */
  path: z.string(),
  bytes: z.number(),
  /** When it was made, by that server's clock. */
  at: z.number().optional(),
  revision: z.number().optional(),
  records: z.number().optional(),
  /** Of the program that wrote it. */
  version: z.string().optional(),
  /** Why it cannot be restored; '' when its two ends are right. */
  problem: z.string(),
});
export type BackupView = z.infer<typeof backupViewSchema>;
