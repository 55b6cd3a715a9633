/**
 * A program with nothing but a terminal in it, for the tests in a real pseudo-terminal: shows what it was told, does
 * what some keys say, and ends as the terminal says.
 */
import { spawn } from 'node:child_process';
import { messageOf } from '../../src/base/core/errors.ts';
import { systemClock } from '../../src/base/node/system-clock.ts';
import { openOperatorTerminal } from '../../src/tui/blessed/operator-terminal.ts';
import { attrOf, canvasOf, createFrame } from '../../src/tui/core/frame.ts';
import type { Terminal, TerminalEvent } from '../../src/tui/terminal.ts';

const terminal = open();
const said: string[] = [];

function open(): Terminal {
  try {
    return openOperatorTerminal({ clock: systemClock, env: process.env });
  } catch (error) {
    console.error(messageOf(error));
    process.exit(2);
  }
}

function draw(): void {
  const { columns, rows } = terminal.size;
  const frame = createFrame(columns, rows);
  const canvas = canvasOf(frame);
  const { colours, unicode } = terminal.features;
  canvas.text(
    0,
    0,
    `program ${columns}x${rows} colours=${colours} utf8=${unicode}`,
    attrOf({ fg: 215, bold: true }),
  );
  canvas.text(0, 1, `│é 世界 ✓ pid=${process.pid}`, attrOf({ fg: 114 }));
  for (const [index, line] of said.slice(-(rows - 3)).entries()) canvas.text(0, 2 + index, line, attrOf({}));
  canvas.fill({ x: 0, y: rows - 1, columns, rows: 1 }, ' ', attrOf({ bg: 24 }));
  canvas.cursor(3, rows - 1);
  terminal.draw(frame);
}

function say(line: string): void {
  said.push(line);
  draw();
}

const acts: Readonly<Record<string, () => void>> = {
  q: () => terminal.close(),
  z: () => terminal.suspend(),
  e: () => {
    void terminal
      .lend(
        () =>
          new Promise((resolve) =>
            spawn('sh', ['-c', 'stty -a | grep -o ".echo "; echo lent; read x'], { stdio: 'inherit' }).on(
              'exit',
              resolve,
            ),
          ),
      )
      .then((exit) => say(`lent ${String(exit)}`));
  },
  h: () => {
    void terminal
      .handOver(async (wire) => {
        await wire.write(Buffer.from('handed\r\n\x1b[?1003h'));
        await new Promise<void>((resolve) =>
          wire.onInput((bytes) => {
            const text = Buffer.from(bytes).toString();
            void wire.write(Buffer.from(`<${JSON.stringify(text)}>`));
            if (text.includes('\x1d')) resolve();
          }),
        );
      })
      .then(() => say('back'));
  },
  c: () => say(`copied ${terminal.copy('hello')}`),
  t: () => {
    throw new Error('thrown on purpose');
  },
  p: () => void Promise.reject(new Error('rejected on purpose')),
  x: () => process.exit(5),
};

function on(event: TerminalEvent): void {
  if (event.kind === 'ended') process.exit(event.exit);
  if (event.kind === 'key') {
    say(`key ${event.key.name}`);
    acts[event.key.name]?.();
  } else if (event.kind === 'paste') say(`paste ${JSON.stringify(event.text)}`);
  else if (event.kind === 'resize') say(`resize ${event.size.columns}x${event.size.rows}`);
  else draw();
}

terminal.listen(on);
terminal.title('a program');
draw();
