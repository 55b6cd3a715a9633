/** One line of the cluster's journal: what happened, to what, why, and who asked. */
import { z } from 'zod';

export const eventTypes = [
  'lrp.desired',
  'lrp.changed',
  'lrp.removed',
  'instance.placed',
  'instance.running',
  'instance.crashed',
  'instance.retired',
  'instance.suspect',
  'instance.evacuating',
  'instance.stuck',
  'instance.recovered',
  'instance.unplaced',
  'instance.kept',
  'task.desired',
  'task.started',
  'task.completed',
  'task.cancelled',
  'task.rejected',
  'task.deleted',
  'console.opened',
  'console.resumed',
  'console.closed',
  'console.entered',
  'domain.changed',
  'cell.joined',
  'cell.lost',
  'cell.changed',
  'cell.cordoned',
  'cell.uncordoned',
  'cell.draining',
  'cell.undrained',
  'cell.forgotten',
  'cell.drained',
  'cell.upgrading',
  'brain.storm',
  'brain.settings',
  'brain.rebalance',
  'brain.elected',
  'server.joined',
  'server.adding',
  'server.added',
  'server.removing',
  'server.removed',
  'server.unchanged',
  'server.auto',
  'backup.saved',
  'backup.failed',
  'backup.restored',
  'record.corrupt',
  'auth.join',
  'auth.token',
  'auth.user',
  'auth.certificate',
  'auth.rotation',
] as const;
export type EventType = (typeof eventTypes)[number];

export const journalEventSchema = z.object({
  v: z.literal(1),
  type: z.enum(eventTypes),
  at: z.number(),
  /** What it is about: `web`, `web/2`, a task's guid, a cell's id. */
  subject: z.string(),
  message: z.string(),
  cellId: z.string().optional(),
  /** Who asked for it, when somebody did: `uid 0 on host-a`. */
  actor: z.string().optional(),
});
export type JournalEvent = Readonly<z.infer<typeof journalEventSchema>>;

/** A subject stands for its instances too: `web` for `web/2`; undefined: for everything. */
export function isAbout(event: JournalEvent, subject: string | undefined): boolean {
  return subject === undefined || event.subject === subject || event.subject.startsWith(`${subject}/`);
}
