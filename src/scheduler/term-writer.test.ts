import { expect, test } from 'vitest';
import { virtualClock } from '../../test/kit/virtual-clock.ts';
import { seededRng } from '../base/core/rng.ts';
import type { JournalEvent } from '../model/event.ts';
import { eventPrefix, leaderKey } from '../store/core/keys.ts';
import { memoryBbs } from '../store/memory/memory-bbs.ts';
import { TermWriter } from './term-writer.ts';

test('of a mass of lines the first 500 of a kind are written, and how many more there were', async () => {
  const clock = virtualClock();
  const bbs = memoryBbs({ clock });
  const { signal } = new AbortController();
  await bbs.commit([{ compare: [], puts: [{ key: leaderKey, value: '{}' }] }], { signal });
  const fence = { key: leaderKey, revision: (await bbs.read([leaderKey], { signal })).revision };
  const writer = new TermWriter({ bbs, clock, rng: seededRng(1), fence, expect: () => undefined, signal });
  const line = (type: JournalEvent['type'], index: number): JournalEvent => {
    return { v: 1, type, at: clock.now(), subject: `web/${index}`, message: 'm' };
  };
  writer.note([line('cell.lost', 0)]);
  writer.note(Array.from({ length: 1_200 }, (_, index) => line('instance.suspect', index)));
  await writer.flush();
  await writer.flush();
  const { records } = await bbs.list(eventPrefix, { signal });
  const events = records.map(({ value }) => JSON.parse(value) as JournalEvent);
  const suspects = events.filter(({ type }) => type === 'instance.suspect');
  expect(events).toHaveLength(502);
  expect(events[0]).toMatchObject({ type: 'cell.lost' });
  expect(suspects.at(-1)).toMatchObject({ subject: 'brain', message: expect.stringMatching('^700 more') });
});
