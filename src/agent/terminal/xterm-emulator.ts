/**
 * The emulator of a console session, by xterm without a screen. Built by the composition root. What the serialize
 * addon leaves out (scroll region, cursor's look, how the mouse is reported) is followed here.
 */
import { SerializeAddon } from '@xterm/addon-serialize';
import { Unicode11Addon } from '@xterm/addon-unicode11';
import xterm from '@xterm/headless';
import type { CreateEmulator, EmulatorOptions } from '../emulator.ts';
import { refuseCostlySequences } from './costly-sequences.ts';
import { type FollowedModes, followModes } from './followed-modes.ts';

const esc = '\x1b';
/** The emulator lets others have their turn between two pieces, when it has worked for a while. */
const pieceBytes = 1_024;
const titleMaxChars = 1_000;
/**
 * To the ordinary screen, soft reset, and off with what a soft reset leaves on: mouse, focus, pasting, wrapping.
 * Then an empty screen; what a person's own terminal has above it stays.
 */
const clean = [
  `${esc}[?1049l${esc}[!p${esc}[r${esc}[?6l${esc}[?1l${esc}>${esc}[4l${esc}[?7h${esc}[?25h${esc}[0 q`,
  `${esc}[?9l${esc}[?1000l${esc}[?1002l${esc}[?1003l${esc}[?1004l${esc}[?1005l${esc}[?1006l${esc}[?1015l`,
  `${esc}[?2004l${esc}(B${esc}[0m${esc}[H${esc}[2J`,
].join('');

export const xtermEmulator: CreateEmulator = async (options: EmulatorOptions) => {
  const { size, scrollbackLines, onAnswer } = options;
  const terminal = new xterm.Terminal({
    cols: size.columns,
    rows: size.rows,
    scrollback: scrollbackLines,
    allowProposedApi: true,
    logLevel: 'off',
  });
  const serializer = new SerializeAddon();
  terminal.loadAddon(serializer);
  terminal.loadAddon(new Unicode11Addon());
  terminal.unicode.activeVersion = '11';
  let title = '';
  terminal.onTitleChange((text) => {
    title = text.slice(0, titleMaxChars);
  });
  terminal.onData(onAnswer);
  const modes = followModes(terminal);
  refuseCostlySequences(terminal);

  return {
    write: (data) =>
      new Promise((resolve) => {
        for (let from = pieceBytes; from < data.length; from += pieceBytes) {
          terminal.write(data.subarray(from - pieceBytes, from));
        }
        const last = Math.max(0, Math.ceil(data.length / pieceBytes) - 1) * pieceBytes;
        terminal.write(data.subarray(last), resolve);
      }),
    resize({ columns, rows }) {
      terminal.resize(columns, rows);
      modes.resized();
    },
    paint: (lines) => clean + serializer.serialize({ scrollback: lines }) + rest(terminal, modes.current),
    get title() {
      return title;
    },
    close: () => terminal.dispose(),
  };
};

/** What the serializer does not write. A scroll region and its origin move the cursor: it is put back. */
function rest(terminal: xterm.Terminal, modes: FollowedModes): string {
  const { active } = terminal.buffer;
  const region = modes.regions[active.type];
  const { originMode } = terminal.modes;
  const parts = [region === undefined ? '' : `${esc}[${region.top};${region.bottom}r`];
  if (region !== undefined || originMode) {
    if (originMode) parts.push(`${esc}[?6h`);
    const row = active.cursorY + 1 - (originMode && region !== undefined ? region.top - 1 : 0);
    parts.push(`${esc}[${row};${Math.min(active.cursorX + 1, terminal.cols)}H`);
  }
  for (const mode of modes.mouseEncodings) parts.push(`${esc}[?${mode}h`);
  if (modes.cursorStyle !== 0) parts.push(`${esc}[${modes.cursorStyle} q`);
  if (!modes.showsCursor) parts.push(`${esc}[?25l`);
  return parts.join('');
}
