/** What `skep status` puts first: one line a problem, and none for a cluster that is well. */
import { expect, test } from 'vitest';
import { problemsOf } from './problems.ts';

const well = {
  stale: '',
  hasLeader: true,
  servers: ['a', 'b', 'c'].map((server) => ({ server, health: 'follower' })),
  cellsPresent: 3,
  engineDown: [],
  untold: '',
  suspect: 0,
  lostCells: [],
  away: [],
  now: 0,
  storms: [],
  draining: [],
  stuck: [],
  crashed: 0,
  unplaced: { instances: 0, tasks: 0, example: '' },
  corruptKeys: [],
};
const silent = (...names: string[]) =>
  well.servers.map((one) => (names.includes(one.server) ? { ...one, health: 'unknown' } : one));

test('a cluster that is well has none', () => {
  expect(problemsOf(well)).toEqual([]);
});

test.each<[string, object, string]>([
  ['a stale copy', { stale: 'no quorum' }, 'may be old: no quorum'],
  ['no leader', { hasLeader: false }, 'no server leads'],
  ['one server of three lost', { servers: silent('b') }, 'if one more is lost, nothing can be changed'],
  ['two servers of three lost', { servers: silent('b', 'c') }, 'no quorum: b, c of 3 servers do not answer'],
  ['no cells', { cellsPresent: 0 }, 'no cell is present'],
  ['an engine that is down', { engineDown: [{ cellId: 'a', reason: 'refused' }] }, 'a (refused)'],
  [
    'what fits nowhere',
    { unplaced: { instances: 2, tasks: 1, example: 'web/0 (memory)' } },
    '2 instances and 1 task cannot be placed, such as web/0 (memory)',
  ],
  [
    'only a task',
    { unplaced: { instances: 0, tasks: 1, example: 'task t (memory)' } },
    '1 task cannot be placed',
  ],
  ['a lost cell', { suspect: 2, lostCells: ['b'] }, '2 instances on lost cell b'],
  [
    'members that cannot be asked',
    { untold: 'no answer' },
    'nobody can tell which servers answer: no answer',
  ],
  [
    'a zone of which too much vanished at once',
    { storms: [{ zone: 'z1', lost: ['a', 'b', 'c'], ofCells: 4 }] },
    '3 of 4 cells of zone z1 vanished at once (a, b, c): their instances are not replaced',
  ],
  ['a drain that goes on', { draining: [{ cellId: 'a', left: 3 }] }, 'being drained: a (3 left)'],
  ['what its cell does not stop', { stuck: ['web/1'] }, 'not stopped in time by their cell: web/1'],
  [
    'cells that are away',
    {
      away: [
        { cellId: 'a', lostAt: 0 },
        { cellId: 'b', lostAt: 60_000 },
      ],
      now: 180_000,
    },
    '2 cells are away: a for 3 min, b for 2 min; gone for good? skep cell forget a',
  ],
  ['corrupt records', { corruptKeys: ['/skep/v1/x'] }, '1 record cannot be read'],
])('tells of %s', (_name, change, said) => {
  const problems = problemsOf({ ...well, ...change });
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(said);
});
