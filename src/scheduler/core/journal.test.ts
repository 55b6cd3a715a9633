/** How the journal's lines read, and that many happenings of one kind make one line. */
import { expect, test } from 'vitest';
import {
  buildActual,
  buildCell,
  buildLrpWork,
  buildState,
  buildTaskWork,
  builtAt,
} from '../../../test/kit/builders.ts';
import type { Placement } from '../../model/auction.ts';
import type { CellId } from '../../model/ids.ts';
import { cellEvents, knownFromJournal } from './cell-watch.ts';
import type { Decision } from './decision.ts';
import { decisionEvents, placedEvents, unplacedEvents } from './journal.ts';

const record = (index: number) => ({
  key: `k${index}`,
  revision: 1,
  value: buildActual({ index, state: 'RUNNING', cellId: 'a' }),
});

test('one retired instance is the subject itself', () => {
  const decision: Decision = { kind: 'retire', record: record(2), because: 'scaled to 2' };
  expect(decisionEvents([decision], builtAt)).toEqual([
    {
      v: 1,
      type: 'instance.retired',
      at: builtAt,
      subject: 'web/2',
      message: 'is told to stop: scaled to 2',
      cellId: 'a',
    },
  ]);
});

test('a thousand retired instances are one line, their indexes as ranges', () => {
  const indexes = Array.from({ length: 1_000 }, (_, i) => i).filter((index) => index !== 7);
  const decisions = indexes.map(
    (index): Decision => ({ kind: 'retire', record: record(index), because: 'scaled to 0' }),
  );
  expect(decisionEvents(decisions, builtAt).map(({ subject, message }) => [subject, message])).toEqual([
    ['web', '999 instances (0-6, 8-999): is told to stop: scaled to 0'],
  ]);
});

test('ranges beyond eight are counted', () => {
  const decisions = Array.from(
    { length: 10 },
    (_, i): Decision => ({ kind: 'retire', record: record(2 * i), because: 'x' }),
  );
  const [event] = decisionEvents(decisions, builtAt);
  expect(event?.message).toBe('10 instances (0, 2, 4, 6, 8, 10, 12, 14 and 2 more): is told to stop: x');
});

test('a created index makes no line: the desire is in the journal already', () => {
  const decision: Decision = {
    kind: 'create',
    guid: buildActual().guid,
    index: 0,
    domain: 'default',
    because: 'x',
  };
  expect(decisionEvents([decision], builtAt)).toEqual([]);
});

test('one placement names its cell, many are counted per cell; tasks tell of themselves', () => {
  const on = (guid: string, index: number, cellId: string): Placement => ({
    work: buildLrpWork(guid, index, 1),
    cellId: cellId as CellId,
  });
  const task: Placement = { work: buildTaskWork('job', 1), cellId: 'a' as CellId };
  const web = [on('web', 0, 'b'), on('web', 1, 'a'), on('web', 2, 'b')];
  const placements = [...web, on('api', 0, 'a'), on('db', 0, 'a'), on('db', 1, 'b'), task];
  const all = placedEvents(placements, builtAt);
  expect(all.events.map(({ subject, message, cellId }) => [subject, message, cellId])).toEqual([
    ['web', '3 instances (0-2) placed 1 on a, 2 on b', undefined],
    ['api/0', 'placed on a', 'a'],
    ['db', '2 instances (0-1) placed 1 on a, 1 on b', undefined],
  ]);
  expect(all.more).toBe(0);
  expect(placedEvents(placements, builtAt, new Set(), 1)).toEqual({ events: [all.events[0]], more: 2 });
  expect(placedEvents(placements, builtAt, new Set(), 0)).toEqual({ events: [], more: 3 });
});

test('refusals with one message are one line', () => {
  const refusal = { message: 'insufficient resources: memory', cells: 1, counts: { memory: 1 } };
  const unplaced = [0, 1].map((index) => ({ work: buildLrpWork('web', index, 1), refusal }));
  expect(unplacedEvents(unplaced, builtAt).map(({ message }) => message)).toEqual([
    '2 instances (0-1): cannot be placed: insufficient resources: memory',
  ]);
});

test('a cell is told of when it joins, when its agent or engine changes, and when it is lost', () => {
  const known = knownFromJournal(buildState({}));
  const types = (cells: Parameters<typeof buildState>[0]['cells']) =>
    cellEvents(known, buildState({ cells: cells ?? [] }), builtAt).map(({ type, message }) => [
      type,
      message,
    ]);
  expect(types(['a'])).toEqual([
    ['cell.joined', 'at 127.0.0.1 in zone default with 1000 MiB memory, 1000000 MiB disk, 100 containers'],
  ]);
  expect(types(['a'])).toEqual([]);
  const down = { engine: { ok: false, name: 'docker', reason: 'connection refused' } };
  expect(types([buildCell('a', down)])).toEqual([
    ['cell.changed', 'docker does not answer: connection refused'],
  ]);
  expect(types([buildCell('a', { bootId: 'boot-2' })])).toEqual([
    ['cell.changed', 'its agent was started anew; docker answers again'],
  ]);
  expect(types([])).toEqual([['cell.lost', 'its presence ended; it held 0 instances and 0 tasks']]);
});

test('a new leader tells of cells that came or went while nobody led', () => {
  const line = (type: string, subject: string) =>
    JSON.stringify({ v: 1, type, at: builtAt - 1, subject, message: 'x' });
  const raw = {
    '/skep/v1/event/0001-a': line('cell.joined', 'gone'),
    '/skep/v1/event/0002-b': line('cell.joined', 'stays'),
    '/skep/v1/event/0003-c': line('cell.joined', 'back'),
    '/skep/v1/event/0004-d': line('cell.lost', 'back'),
  };
  const cells = ['stays', 'back', 'new', buildCell('older-than-the-journal', { registeredAt: builtAt - 2 })];
  const state = buildState({ cells, raw });
  const told = cellEvents(knownFromJournal(state), state, builtAt).map(
    ({ type, subject }) => `${type} ${subject}`,
  );
  expect(told.toSorted()).toEqual(['cell.joined back', 'cell.joined new', 'cell.lost gone']);
});
