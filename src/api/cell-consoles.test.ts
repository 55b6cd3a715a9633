/** Consoles in the journal, as cells tell of them. */
import { expect, test } from 'vitest';
import { virtualClock } from '../../test/kit/virtual-clock.ts';
import type { CellId } from '../model/ids.ts';
import type { Mutation } from '../store/bbs.ts';
import { recordConsole } from './cell-consoles.ts';
import type { CellContext } from './cell-report.ts';
import type { CellRequestParams } from './core/cell-protocol.ts';

function scene() {
  const clock = virtualClock();
  const written: Mutation[] = [];
  const commits = {
    async commit(mutation: Mutation) {
      written.push(mutation);
      return { committed: true, revision: written.length } as const;
    },
  };
  const context = { cellId: 'host.a' as CellId, clock, commits } as unknown as CellContext;
  const event: CellRequestParams<'consoleEvent'> = {
    type: 'console.opened',
    session: 'host.a.x7f3k2',
    at: clock.now() - 5e3,
    subject: 'web/0',
    message: 'console host.a.x7f3k2 opened',
    by: 'uid 0',
  };
  return { clock, written, context, event };
}

test('told twice, it is one line', async () => {
  const { written, context, event } = scene();
  await recordConsole(context, event);
  await recordConsole(context, event);
  const [first, second] = written.map(({ puts }) => puts?.[0]);
  expect(second).toEqual(first);
  expect(JSON.parse(first?.value ?? '')).toMatchObject({
    type: 'console.opened',
    subject: 'web/0',
    cellId: 'host.a',
    actor: 'uid 0',
    at: event.at,
  });
});

test('a cell whose clock is ahead writes no lines of tomorrow', async () => {
  const { clock, written, context, event } = scene();
  await recordConsole(context, { ...event, at: clock.now() + 86_400_000 });
  expect(JSON.parse(written[0]?.puts?.[0]?.value ?? '')).toMatchObject({ at: clock.now() });
});

test('a cell tells of its own consoles only', async () => {
  const { written, context, event } = scene();
  await expect(recordConsole(context, { ...event, session: 'host.b.x7f3k2' })).rejects.toMatchObject({
    code: 'Unauthorized',
  });
  expect(written).toEqual([]);
});
