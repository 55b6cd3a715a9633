/** What is pasted into a console pane: whole and in order, bracketed where asked, refused or told when it is not sent. */
import { expect, test } from 'vitest';
import { PaneWorld } from '../kit/pane-world.ts';

const lines = Array.from({ length: 10_000 }, (_, i) => `echo line ${i} ${'x'.repeat(40)}`);

test('a paste of 10,000 lines into a program that reads slowly arrives whole and in order', async () => {
  const world = new PaneWorld();
  const cell = await world.open();
  const other = await world.open();
  for (const each of [cell, other]) await each.opens();
  await world.settle();
  cell.reads = false;
  world.consoles.run({ do: 'paste', panes: ['1'], text: lines.join('\n') });
  world.type('after');
  await world.settle();
  expect(world.screen().message).toMatch(/^pasting: \d+ KiB are left$/);
  world.type('k', '2');
  await world.settle();
  expect(other.input).toBe('k');
  cell.readOn();
  for (let i = 0; i < 100 && !cell.input.endsWith('after'); i += 1) await world.settle();
  expect(cell.input).toBe(`${lines.join('\r')}after`);
  expect(world.screen().message).toBe('');
});

test('a paste is bracketed only where the program asked for it, and cannot end itself', async () => {
  const world = new PaneWorld();
  const cell = await world.open();
  await cell.opens();
  await cell.prints('\x1b[?2004h');
  await world.settle();
  world.consoles.run({ do: 'paste', panes: ['1'], text: 'a\x1b[201~rm\n' });
  await world.settle();
  expect(cell.input).toBe('\x1b[200~a\u241b[201~rm\r\x1b[201~');
});

test('a paste that is too large is refused whole; one cut off by a lost line is told', async () => {
  const world = new PaneWorld();
  const cell = await world.open();
  await cell.opens();
  await world.settle();
  cell.reads = false;
  world.consoles.run({ do: 'paste', panes: ['1'], text: 'x'.repeat(17 * 1024 * 1024) });
  expect(world.flashes().at(-1)).toContain('nothing was added');
  world.consoles.run({ do: 'paste', panes: ['1'], text: 'x'.repeat(200_000) });
  await world.settle();
  cell.cut();
  await world.settle();
  expect(world.screen().message).toMatch(/^\d+ bytes of input were not sent/);
});
