import { chownSync, linkSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { virtualClock } from '../../../test/kit/virtual-clock.ts';
import { seededRng } from '../../base/core/rng.ts';
import { silentLog } from '../../base/log.ts';
import type { Tickets } from '../tickets-port.ts';
import { localTickets } from './local-tickets.ts';

const clock = virtualClock();
const isRoot = process.getuid?.() === 0;
const me = process.getuid?.();
let base: string;
let folder: string;
let tickets: Tickets;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'skep-tickets-'));
  folder = join(base, 'proof');
  tickets = localTickets({ folder, groupId: undefined, clock, rng: seededRng(1), log: silentLog });
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

test('who makes the file has proved its user, for every call from then on', () => {
  const { file, ticket } = tickets.challenge();
  writeFileSync(file, ticket);
  expect(tickets.userOf(ticket)).toBe(me);
  expect(tickets.userOf(ticket)).toBe(me);
  expect(readdirSync(folder)).toEqual([]);
});

test.skipIf(!isRoot)("it is the file's owner that counts", () => {
  const { file, ticket } = tickets.challenge();
  writeFileSync(file, ticket);
  chownSync(file, 4_242, 4_242);
  expect(tickets.userOf(ticket)).toBe(4_242);
});

test('a file that was not made, or says something else, proves nothing', () => {
  const first = tickets.challenge();
  expect(tickets.userOf(first.ticket)).toBeUndefined();
  // A ticket that failed once stays useless.
  writeFileSync(first.file, first.ticket);
  expect(tickets.userOf(first.ticket)).toBeUndefined();
  const second = tickets.challenge();
  writeFileSync(second.file, second.ticket.replace(/./g, 'x'));
  expect(tickets.userOf(second.ticket)).toBeUndefined();
  expect(tickets.userOf('made-up')).toBeUndefined();
});

test('a link to a file of somebody else proves nothing, even with the right text in it', () => {
  const elsewhere = join(base, 'of-another');
  const soft = tickets.challenge();
  writeFileSync(elsewhere, soft.ticket);
  symlinkSync(elsewhere, soft.file);
  expect(tickets.userOf(soft.ticket)).toBeUndefined();
  const hard = tickets.challenge();
  writeFileSync(elsewhere, hard.ticket);
  linkSync(elsewhere, hard.file);
  expect(tickets.userOf(hard.ticket)).toBeUndefined();
});

test('challenges and tickets run out, and leave no file', async () => {
  const late = tickets.challenge();
  writeFileSync(late.file, late.ticket);
  await clock.advance(10_000);
  expect(tickets.userOf(late.ticket)).toBeUndefined();
  expect(readdirSync(folder)).toEqual([]);
  const { file, ticket } = tickets.challenge();
  writeFileSync(file, ticket);
  expect(tickets.userOf(ticket)).toBe(me);
  await clock.advance(12 * 3_600_000);
  expect(tickets.userOf(ticket)).toBeUndefined();
});

test('so many wait at most', () => {
  for (let i = 0; i < 256; i++) tickets.challenge();
  expect(() => tickets.challenge()).toThrow(/too many commands/);
});
