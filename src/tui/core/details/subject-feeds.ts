/** What is asked about a subject by the pages that show it as text. */
import type { CellId, ProcessGuid, TaskGuid } from '../../../model/ids.ts';
import { poll, type Want } from '../page.ts';
import { type Subject, subjectName } from '../subject.ts';

const recordEveryMs = 2_000;
const whyEveryMs = 5_000;
/** While something starts its cell is asked each time, and tells how far it is. */
const whyStartingEveryMs = 2_000;

/** Its records: `lrp`, `instances`, `cell`, `task`. */
export function recordWants(subject: Subject): readonly Want[] {
  switch (subject.kind) {
    case 'cell':
      return [poll('cell', 'getCell', { params: { id: subject.id as CellId } }, recordEveryMs)];
    case 'lrp':
      return [poll('lrp', 'getLrp', { params: { guid: subject.guid as ProcessGuid } }, recordEveryMs)];
    case 'instance': {
      const { guid, index } = subject;
      return [
        poll('instances', 'listInstances', { query: { guid, index } }, recordEveryMs),
        poll('lrp', 'getLrp', { params: { guid: guid as ProcessGuid } }, recordEveryMs),
      ];
    }
    case 'task':
      return [poll('task', 'getTask', { params: { guid: subject.guid as TaskGuid } }, recordEveryMs)];
  }
}

/** Why it is as it is: `why`. */
export function whyWant(subject: Subject, isStarting = false): Want {
  const query = subject.kind === 'instance' ? { index: subject.index } : {};
  const guid = 'guid' in subject ? subject.guid : subject.id;
  const everyMs = isStarting ? whyStartingEveryMs : whyEveryMs;
  return poll('why', 'why', { params: { guid }, query }, everyMs);
}

export const eventsWant = (subject: Subject): Want => ({
  kind: 'events',
  id: 'events',
  subject: subjectName(subject),
});

/** The LRPs that need most memory for an instance: what may be too large for a cell. */
export const largestWant: Want = {
  kind: 'view',
  id: 'largest',
  query: {
    kind: 'lrps',
    sort: { column: 'memoryMb', descending: true },
    window: { start: 0, count: 20 },
  },
};
