/** The consoles of the terminal UI, each against a cell that a test plays, on a virtual clock. */
import type { Client } from '../../src/api/client.ts';
import { pause } from '../../src/base/clock.ts';
import type { SkepError } from '../../src/base/core/errors.ts';
import { seededRng } from '../../src/base/core/rng.ts';
import type { ClusterConnection } from '../../src/tui/connection.ts';
import { type Consoles, createConsoles } from '../../src/tui/consoles.ts';
import type { AppMessage } from '../../src/tui/core/app-model.ts';
import { canvasOf, createFrame, frameText } from '../../src/tui/core/frame.ts';
import type { Size } from '../../src/tui/core/key.ts';
import type { ConsoleRequest } from '../../src/tui/core/page.ts';
import { paletteOf } from '../../src/tui/core/palettes.ts';
import { themeOf, unicodeGlyphs } from '../../src/tui/core/theme.ts';
import {
  closePane,
  emptyWorkspace,
  openPane,
  paneSizes,
  type Workspace,
} from '../../src/tui/core/workspace.ts';
import { paneEmulator } from '../../src/tui/terminal/emulator.ts';
import { CellEnd } from './console-cell.ts';
import { socketPair } from './socket-pair.ts';
import { type VirtualClock, virtualClock } from './virtual-clock.ts';

const theme = themeOf('dark', paletteOf('dark', 256), unicodeGlyphs);

export class PaneWorld {
  readonly clock: VirtualClock = virtualClock();
  readonly cells: CellEnd[] = [];
  readonly messages: AppMessage[] = [];
  readonly saved: string[] = [];
  /** What the next opening is refused with. */
  refusal: SkepError | undefined;
  dirty = 0;
  bells = 0;
  workspace: Workspace = emptyWorkspace;
  size: Size = { columns: 80, rows: 24 };
  readonly consoles: Consoles;

  constructor() {
    const client: Partial<Client> = {
      openStream: async (query) => {
        if (this.refusal !== undefined) throw this.refusal;
        const pair = socketPair({ maxQueued: 4 });
        this.cells.push(new CellEnd(query, pair.right, pair.cut));
        return pair.left;
      },
    };
    const connection: ClusterConnection = {
      client: client as Client,
      suspect: () => undefined,
      change: async (ms, signal) => void (await pause(this.clock, ms, signal)),
    };
    this.consoles = createConsoles({
      connection,
      clock: this.clock,
      rng: seededRng(1),
      createEmulator: paneEmulator(256),
      saveText: async (_name, text) => `/tmp/${this.saved.push(text)}`,
      onDirty: () => {
        this.dirty += 1;
      },
      bell: () => {
        this.bells += 1;
      },
      send: (message) => {
        this.messages.push(message);
        if (message.kind !== 'paneGone') return;
        this.workspace = closePane(this.workspace, message.pane);
        this.sync();
      },
    });
  }
  sync(): void {
    this.consoles.sync(this.workspace, paneSizes(this.workspace, this.size));
  }
  async open(request: Partial<ConsoleRequest> = {}): Promise<CellEnd> {
    this.workspace = openPane(this.workspace, { target: 'web/0', kind: 'shell', ...request });
    this.sync();
    await this.settle();
    return this.last;
  }
  get last(): CellEnd {
    const cell = this.cells.at(-1);
    if (cell === undefined) throw new Error('no stream was opened');
    return cell;
  }
  /** The emulator parses in timers of no length: those that are set later fire later. */
  async settle(): Promise<void> {
    for (let i = 0; i < 10; i += 1) {
      await this.clock.settle();
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }
  type(bytes: string, pane = '1'): void {
    this.consoles.run({ do: 'input', panes: [pane], bytes });
  }
  screen(pane = '1') {
    const screen = this.consoles.screens(pane);
    if (screen === undefined) throw new Error(`pane ${pane} has no screen`);
    return screen;
  }
  text(pane = '1'): string {
    const screen = this.screen(pane);
    const frame = createFrame(screen.size.columns, screen.size.rows);
    screen.draw(canvasOf(frame), { theme, focused: true, top: undefined, search: '' });
    return frameText(frame).trimEnd();
  }
  flashes(): string[] {
    return this.messages.flatMap((message) => (message.kind === 'flash' ? [message.text] : []));
  }
}
