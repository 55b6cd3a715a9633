/**
 * The terminal emulator of one pane as a port: consoles.ts feeds it, the workspace draws it. The real one is
 * terminal/emulator.ts, with xterm.
 */
import type { Size } from './core/key.ts';
import type { PaneView } from './core/workspace.ts';

export interface PaneEmulator extends PaneView {
  /**
   * Takes output of the program, whatever it is; resolves when more may be given, which is at once until 256 KiB wait.
   */
  write(data: Uint8Array): Promise<void>;
  /** From here on it has so many cells, at least one. */
  resize(size: Size): void;
  /** An empty screen without scrollback: a screen that is painted follows. */
  reset(): void;
  /** As the program set it, at most 512 bytes of it, without control characters; '' when it did not. */
  readonly title: string;
  /** The program asked for pastes to be told from typing. */
  readonly bracketedPaste: boolean;
  /** The program asked for the other sequences of the arrow keys. */
  readonly applicationCursor: boolean;
  /** Scrollback and screen as lines, oldest first. */
  text(): readonly string[];
  /** Frees it; nothing may be asked of it afterwards. */
  close(): void;
}

export interface PaneEmulatorOptions {
  readonly size: Size;
  /** `\n` alone also returns: what has no terminal of its own writes so. */
  readonly convertsNewlines: boolean;
  /** What the terminal answers to the program's questions, such as where the cursor is. */
  onAnswer(answer: string): void;
  onBell(): void;
  /** Something may look different. */
  onChange(): void;
}

export type CreatePaneEmulator = (options: PaneEmulatorOptions) => PaneEmulator;
