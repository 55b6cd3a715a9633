import { expect, test } from 'vitest';
import { virtualClock } from '../../test/kit/virtual-clock.ts';
import { seededRng } from '../base/core/rng.ts';
import { silentLog } from '../base/log.ts';
import type { JournalEvent } from '../model/event.ts';
import type { CellId } from '../model/ids.ts';
import type { Mutation } from '../store/bbs.ts';
import { createCellJournal } from './cell-journal.ts';

function bench() {
  const clock = virtualClock();
  const written: Mutation[] = [];
  const commits = {
    commit: (mutation: Mutation) => {
      written.push(mutation);
      return Promise.resolve({ committed: true, revision: 1 } as const);
    },
  };
  const journal = createCellJournal({ commits, clock, rng: seededRng(1), log: silentLog, server: 's-1' });
  const runs = (index: number) => {
    const line = { type: 'instance.running', subject: `web/${index}`, message: 'running' } as const;
    return journal.puts(`cell-${index % 3}` as CellId, line);
  };
  const lines = () => written.map(({ puts }) => JSON.parse(puts[0]?.value ?? '') as JournalEvent);
  return { clock, journal, runs, lines };
}

test('few lines are written each by itself, and nothing is summed up', async () => {
  const { clock, runs, lines } = bench();
  expect(runs(0)).toHaveLength(1);
  expect(JSON.parse(runs(1)[0]?.value ?? '')).toMatchObject({ subject: 'web/1', cellId: 'cell-1' });
  await clock.advance(6_000);
  expect(lines()).toEqual([]);
});

test('of a mass start the first 500 have a line, and one tells how many more there were', async () => {
  const { clock, runs, lines } = bench();
  const puts = Array.from({ length: 2_000 }, (_, index) => runs(index)).flat();
  expect(puts).toHaveLength(500);
  await clock.advance(5_000);
  expect(lines()).toHaveLength(1);
  expect(lines()[0]).toMatchObject({ type: 'instance.running', subject: 's-1' });
  expect(lines()[0]?.message).toMatch('1500 more on 3 cells within 5 s');
  expect(runs(0)).toHaveLength(1);
});

test('many of one kind leave another kind its lines', () => {
  const { journal, runs } = bench();
  for (let index = 0; index < 600; index++) runs(index);
  const crash = { type: 'instance.crashed', subject: 'web/1', message: 'exit 1' } as const;
  expect(journal.puts('cell-1' as CellId, crash)).toHaveLength(1);
});
