/** What the emulator paints, painted on another terminal, is the same screen. */
import xterm from '@xterm/headless';
import { expect, test } from 'vitest';
import { seededRng } from '../../base/core/rng.ts';
import type { Emulator } from '../emulator.ts';
import { xtermEmulator } from './xterm-emulator.ts';

const size = { columns: 40, rows: 10 };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function newEmulator(onAnswer: (answer: string) => void = () => undefined): Promise<Emulator> {
  return xtermEmulator({ size, scrollbackLines: 50, onAnswer });
}

/** Text, colours and attributes of every cell, the cursor, and the modes that programs set. */
async function stateOf(...outputs: readonly string[]): Promise<unknown> {
  const terminal = new xterm.Terminal({
    cols: size.columns,
    rows: size.rows,
    scrollback: 50,
    allowProposedApi: true,
  });
  for (const output of outputs) await new Promise<void>((resolve) => terminal.write(output, resolve));
  const { active } = terminal.buffer;
  const rows = Array.from({ length: terminal.rows }, (_, row) => {
    const line = active.getLine(active.baseY + row);
    return Array.from({ length: terminal.cols }, (_, column) => {
      const cell = line?.getCell(column);
      const look = [cell?.getFgColor(), cell?.getBgColor(), cell?.isBold(), cell?.isInverse()];
      return `${cell?.getChars() || ' '}:${look.join()}`;
    });
  });
  return { rows, at: [active.cursorX, active.cursorY], on: active.type, modes: { ...terminal.modes } };
}

const screens: readonly (readonly [string, string])[] = [
  ['text', 'one\r\ntwo\r\n$ '],
  [
    'colours',
    '\u001b[1;31mred\u001b[0m \u001b[48;5;22mgreen\u001b[7mback\u001b[0m\r\n\u001b[38;2;1;2;3mtrue',
  ],
  ['more lines than rows', Array.from({ length: 30 }, (_, i) => `line ${i}`).join('\r\n')],
  ['wide characters', '漢字 🐝 é\r\n'],
  ['a cursor in the middle', 'aaaa\r\nbbbb\u001b[1;3H'],
  ['the other screen', 'before\u001b[?1049h\u001b[H\u001b[2Jvi\r\n~\r\n~\u001b[5;7H'],
  ['a scroll region', 'top\u001b[3;8r\u001b[5;2Hin'],
  ['origin mode in a region', '\u001b[3;8r\u001b[?6h\u001b[2;2Hin'],
  ['modes', '\u001b[?1h\u001b[?2004h\u001b[?1002h\u001b[?1006h\u001b[?1004h\u001b='],
  ['a line that fills the width', 'x'.repeat(40)],
  ['no wrapping', '\u001b[?7l\u001b[?25l'],
];

test.each(screens)('%s, on an empty terminal and on one that shows something else', async (_name, output) => {
  const emulator = await newEmulator();
  await emulator.write(bytes(output));
  const painted = emulator.paint(50);
  expect(await stateOf(painted)).toEqual(await stateOf(output));
  const elsewhere = '\u001b[?1049h\u001b[?1003hgarbage\u001b[2;4r\u001b[?6h\u001b[41mmore';
  expect(await stateOf(elsewhere, painted)).toEqual(await stateOf(output));
  emulator.close();
});

test.each(screens)('%s: what follows lands where it would have', async (_name, output) => {
  const more = 'and\r\nthen\n\u001b[Asome';
  const emulator = await newEmulator();
  await emulator.write(bytes(output));
  expect(await stateOf(emulator.paint(50), more)).toEqual(await stateOf(output, more));
  emulator.close();
});

test('what serialising leaves out is set again', async () => {
  const emulator = await newEmulator();
  await emulator.write(bytes('\u001b[?1006h\u001b[?25l\u001b[4 q\u001b[2;5r'));
  const painted = emulator.paint(0);
  for (const sequence of ['\u001b[?1006h', '\u001b[?25l', '\u001b[4 q', '\u001b[2;5r']) {
    expect(painted.lastIndexOf(sequence)).toBeGreaterThan(painted.indexOf('\u001b[2J'));
  }
  await emulator.write(bytes('\u001bc'));
  expect(emulator.paint(0).slice(-20)).not.toMatch(/1006h|25l|4 q|2;5r/);
  emulator.close();
});

test('questions are answered and a title is known', async () => {
  const answers: string[] = [];
  const emulator = await newEmulator((answer) => answers.push(answer));
  await emulator.write(bytes('\u001b[c\u001b[6n\u001b]2;notes\u0007'));
  expect(answers.join('')).toContain('\u001b[?1;2c\u001b[1;1R');
  expect(emulator.title).toBe('notes');
  emulator.close();
});

test('nothing that a program may write breaks it', async () => {
  const rng = seededRng(4);
  const emulator = await newEmulator();
  const finals = 'ABCDEFGHJKLMPSTXZ@`abcdefghilmnpqrstu{|}~';
  for (let round = 0; round < 100; round++) {
    const parts = Array.from({ length: 50 }, () => {
      const number = Math.floor(rng.next() * 100_000);
      const final = finals[Math.floor(rng.next() * finals.length)] ?? 'm';
      const forms = [
        `\u001b[${number};${number}${final}`,
        `\u001b[?${number}h`,
        `\u001bP${number}q~~\u001b\\`,
      ];
      const binary = String.fromCharCode(Math.floor(rng.next() * 256));
      return forms[Math.floor(rng.next() * 4)] ?? binary;
    });
    await emulator.write(Buffer.from(parts.join(''), 'latin1'));
    emulator.resize({ columns: 1 + Math.floor(rng.next() * 200), rows: 1 + Math.floor(rng.next() * 60) });
    if (round % 20 === 0) expect(emulator.paint(50).length).toBeGreaterThan(0);
  }
  emulator.close();
});

test('numbers without measure cost nothing', async () => {
  const emulator = await newEmulator();
  await emulator.write(bytes('kept\r\n'));
  const finals = Array.from('@ABCDEFGHIJKLMPSTXZ`abdefghlmnqrstuvwxyz{|}~');
  const beyond = finals.map((final) => `\u001b[2147483647${final}`).join('');
  // Without the guard this takes longer than anybody waits.
  await emulator.write(bytes(beyond.repeat(5)));
  await emulator.write(bytes('\u001b[r\u001b[?6l\u001b[Hstill here'));
  expect(emulator.paint(0)).toContain('still here');
  emulator.close();
});
