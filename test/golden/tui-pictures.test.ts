/**
 * The pictures of the documentation, drawn from the same screens as the golden ones. After a change:
 * `npm run pictures`, then look at them.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createFrame, type Frame } from '../../src/tui/core/frame.ts';
import type { Target } from '../../src/tui/core/subject.ts';
import type { PaneScreen } from '../../src/tui/core/workspace.ts';
import { paneEmulator } from '../../src/tui/terminal/emulator.ts';
import { pictureOf } from '../kit/picture.ts';
import { driveTui } from '../kit/tui-app.ts';
import { clusterStatus, now, viewData } from '../kit/tui-data.ts';
import { driveDetails } from '../kit/tui-details-app.ts';
import { planThatDoesNot } from '../kit/tui-details-data.ts';
import { root } from '../repo/sources.ts';

const folder = join(root, 'docs/pictures');
const size = { columns: 100, rows: 30 };
const host: Target = { subject: { kind: 'cell', id: 'host-08' }, values: { state: 'draining' } };
const crashed = { kind: 'instance', guid: 'payments-worker', index: 18 } as const;

/** A list, filtered and marked. */
function list(): Frame {
  const rows = (kind: keyof typeof viewData) => viewData[kind];
  const app = driveTui({ size, now, rows, home: (pages) => pages.list({ kind: 'instances' }) });
  app.send({ kind: 'status', status: clusterStatus, skewMs: 0 });
  app.press('down', 'space', 'space', 'down', 'down');
  return app.draw();
}

function drainDialog(): Frame {
  const app = driveDetails((pages) => pages.list({ kind: 'cells' }), size);
  app.dialog((pages) => pages.drainDialog([host]));
  app.answer('plan', planThatDoesNot);
  return app.draw();
}

/** What the programs in the panes have written, through the emulator that panes have. */
const outputs: readonly string[] = [
  '\x1b[1;32m/ #\x1b[0m wget -qO- 127.0.0.1:8080/health\r\n{"ok":true,"queue":0}\r\n\x1b[1;32m/ #\x1b[0m ',
  '\x1b[7m  PID USER       VSZ STAT COMMAND            \x1b[0m\r\n    1 app       512m S    ./worker\r\n   17 root     1.6m S    sh\r\n   23 root     1.6m R    top\r\n',
];

async function panes(): Promise<Frame> {
  const screens = new Map<string, PaneScreen>();
  for (const [at, output] of outputs.entries()) {
    const emulator = paneEmulator(256)({
      size: { columns: 48, rows: 26 },
      convertsNewlines: false,
      onAnswer: () => undefined,
      onBell: () => undefined,
      onChange: () => undefined,
    });
    await emulator.write(new TextEncoder().encode(output));
    // Written when it is drawn for the first time after that.
    await new Promise<void>((resolve) => setTimeout(resolve));
    const state = { state: 'open', cell: `host-0${at + 3}`, message: '', rang: false } as const;
    screens.set(String(at + 1), Object.assign(emulator, state));
  }
  const app = driveTui({
    size,
    now,
    rows: (kind) => viewData[kind],
    home: (pages) => pages.list({ kind: 'instances' }),
    screens: (id) => screens.get(id),
  });
  app.send({ kind: 'status', status: clusterStatus, skewMs: 0 });
  app.press('s', 'ctrl-]', '|');
  return app.draw();
}

const pictures: Readonly<Record<string, () => Frame | Promise<Frame>>> = {
  pulses: () => driveDetails((pages) => pages.pulses(), { columns: 120, rows: 40 }).draw(),
  instances: list,
  cell: () => driveDetails((pages) => pages.cell('host-05'), size).draw(),
  instance: () => driveDetails((pages) => pages.instance(crashed), size).draw(),
  drain: drainDialog,
  panes,
};

describe('pictures', () => {
  test.each(Object.keys(pictures))('%s', async (name) => {
    const frame = await pictures[name]?.();
    await expect(pictureOf(frame ?? createFrame(1, 1))).toMatchFileSnapshot(join(folder, `${name}.svg`));
  });

  test('each is shown somewhere, and nothing else lies there', () => {
    const texts = ['README.md', 'docs/tui.md'].map((path) => readFileSync(join(root, path), 'utf8')).join('');
    const files = Object.keys(pictures).map((name) => `${name}.svg`);
    expect(readdirSync(folder).sort()).toEqual([...files].sort());
    for (const file of files) expect(texts).toContain(`pictures/${basename(file)}`);
  });
});

test('what is drawn cannot leave the picture', () => {
  const frame = createFrame(4, 1);
  frame.characters.splice(0, 4, '<', '&', '>', 'x');
  expect(pictureOf(frame)).toContain('&lt;&amp;>x');
});
